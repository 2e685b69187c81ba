/**
 * SQL for two engines from one text. This folder opens SQLite (node:sqlite) and PostgreSQL (pg), runs statements that
 * are compiled once, runs transactions and applies migrations. Store and directory plug-ins call it. It knows no
 * table of theirs, and nothing outside this folder knows which engine it is talking to.
 *
 * The text of a statement is SQL that both engines speak, with parameters `$1`, `$2`, … . What stands in `{…}` is for
 * PostgreSQL only: `{for update}`.
 */
import type { Kysely } from "kysely";

export type Engine = "sqlite" | "postgres";

/** What a parameter may be. Integers beyond 2^53 and booleans are left out on purpose: the engines disagree on them. */
export type Value = string | number | Uint8Array | null;

/** A statement, made once per module by `statement`. `Row` is what its rows look like. */
export interface Statement<Row> {
  readonly text: string;
  /** Only for the type; never set. */
  readonly row?: Row;
}

/** What a statement answered: its rows, and how many rows it inserted, changed or deleted. */
export interface Result<Row> {
  readonly rows: readonly Row[];
  readonly changes: number;
}

/** One statement with its values, as a transaction hands it to the engine. */
export interface Call {
  readonly statement: Statement<unknown>;
  readonly values: readonly Value[];
}

/** How a transaction ends: everything is kept, or nothing; `answer` goes to the caller either way. */
export type Ending<T> = { readonly keep: T } | { readonly undo: T };

/**
 * The body of a transaction: a generator that yields statements (through `ask`) and gets their results. It cannot
 * `await`, so on SQLite the whole transaction is one synchronous act that no other work can slip into. It may run
 * again after a conflict between processes, so it must not change anything outside.
 */
export type Transaction<T> = Generator<Call, Ending<T>, Result<unknown>>;

export interface Database {
  readonly engine: Engine;
  /**
   * Runs one statement, atomically and by itself. Throws Breakage `store-unavailable` (engine away, busy for seconds)
   * or `store-damaged`; a violated constraint is thrown as the engine's own error, see `isDuplicate`.
   */
  run<Row>(statement: Statement<Row>, ...values: readonly Value[]): Promise<Result<Row>>;
  /** Runs a transaction; a throw inside the body undoes it. */
  transact<T>(body: () => Transaction<T>): Promise<T>;
  /** Kysely's query builder over this database, for cold paths. Its own transactions are refused: use `transact`. */
  kysely<Tables>(): Kysely<Tables>;
  /** Only of an engine that lives in this process: see `Embedded`. */
  readonly embedded?: Embedded | undefined;
  close(): Promise<void>;
}

/** Runs one statement at once. */
export type RunNow = <Row>(statement: Statement<Row>, ...values: readonly Value[]) => Result<Row>;

/** What whoever keeps in memory what stands in an embedded database has to know and to do in one synchronous act. */
export interface Embedded {
  /** Whether another connection, of this process or another, has committed since this was last asked. */
  othersWrote(): boolean;
  /** Reads in one act. It may run again where a lock was in the way. */
  look<T>(act: (run: RunNow) => T): Promise<T>;
  /**
   * A transaction as one act; a throw undoes it. It may run again, see `onUndone`. One of `many` statements shares no
   * commit with others.
   */
  act<T>(body: (run: RunNow) => Ending<T>, size?: "statements" | "many"): Promise<T>;
  /** Calls `listener` at once when what acts have done was undone by something else than their own wish. */
  onUndone(listener: () => void): void;
}

/** Column types by engine. `text` compares by bytes on both; `serial` is a primary key that counts upwards. */
export interface ColumnTypes {
  readonly text: string;
  readonly bytes: string;
  readonly integer: string;
  readonly serial: string;
}

/** One step of the schema. Never changed after a release: the database remembers its checksum. */
export interface Migration {
  /** Sortable and unique over all plug-ins: `0001-records`. */
  readonly id: string;
  /** DDL statements, run in order in one transaction. No parameters. */
  up(type: ColumnTypes, engine: Engine): readonly string[];
}

/** Makes a statement; do it once, at module level: engines cache what they prepared by the object's identity. */
export function statement<Row = never>(text: string): Statement<Row> {
  return Object.freeze({ text: text.replace(/\s+/g, " ").trim() });
}

/** Inside a transaction: `const { rows } = yield* ask(find, subject)`. */
export function* ask<Row>(
  what: Statement<Row>,
  ...values: readonly Value[]
): Generator<Call, Result<Row>, Result<unknown>> {
  return (yield { statement: what, values }) as Result<Row>;
}

/** Whether an error says that a unique value is taken (SQLite extended codes 1555 and 2067, PostgreSQL 23505). */
export function isDuplicate(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === "23505" || errcode === 1555 || errcode === 2067;
}
