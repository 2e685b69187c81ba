/**
 * What the embedded store keeps in memory: the rows and events that stand in its log, and rows of the table of records
 * that were asked for lately, those that are not there included. Used by log.ts, which knows when it is outdated.
 */
import { createShelves } from "../../../core/lately.ts";
import type { StoredBytes } from "../../../core/records.ts";
import type { EpochMs } from "../../../core/words.ts";
import type { Written } from "./records-log.ts";

/** A row of the log as it is after the last of its writes; `bytes` null: deleted. */
export interface LoggedRow {
  readonly kind: string;
  readonly key: string;
  readonly bytes: Uint8Array | null;
  readonly version: number;
  readonly expiresAt: EpochMs;
  readonly group: string | undefined;
  readonly madeAt: EpochMs;
  /** Of the last write. */
  readonly seq: number;
  /** A row of the table that lived at `madeAt` is another one; else this goes on from it, and keeps when it was made. */
  readonly anew: boolean;
  /** Known not to be in the table. */
  readonly onlyHere: boolean;
}

/** A row of the table; null: there is none. */
export type TableRow = StoredBytes | null;

/** An event of the audit that is in the log, as `toldOf` has it. */
export interface ToldEvent {
  readonly seq: number;
  readonly text: string;
}

export interface Kept {
  /** Rows and events in the log. */
  readonly size: number;
  logged(kind: string, key: string): LoggedRow | undefined;
  /** All of a kind that are in the log. */
  loggedOf(kind: string): ReadonlyMap<string, LoggedRow> | undefined;
  loggedAll(): readonly LoggedRow[];
  log(write: Written, now: EpochMs, seq: number): void;
  /** Takes back what `log` has done: `before` is what `logged` had answered. */
  unlog(kind: string, key: string, before: LoggedRow | undefined): void;
  tell(events: readonly string[], seq: number): void;
  /** In the order they were told. */
  told(): readonly ToldEvent[];
  fromTable(kind: string, key: string): TableRow | undefined;
  keep(kind: string, key: string, row: TableRow): void;
  /** The log has been brought into the table. */
  settle(): void;
  forgetTable(): void;
  forget(): void;
}

/** Rows of the table that are kept at least, and bytes of each: some three megabytes, thirty at most. */
const LEAST = 2_000;
const LONGEST = 8_192;

export function createKept(): Kept {
  let log = new Map<string, Map<string, LoggedRow>>();
  let size = 0;
  let told: ToldEvent[] = [];
  const table = createShelves<string, StoredBytes | false>(LEAST);

  function keep(kind: string, key: string, row: TableRow): void {
    if (row !== null && row.bytes.length > LONGEST) table.shelf(kind).delete(key);
    else table.shelf(kind).set(key, row ?? false);
  }

  function fromTable(kind: string, key: string): TableRow | undefined {
    const found = table.shelf(kind).get(key);
    return found === false ? null : found;
  }

  function put(row: LoggedRow): void {
    const rows = log.get(row.kind) ?? new Map<string, LoggedRow>();
    log.set(row.kind, rows);
    const before = rows.size;
    rows.set(row.key, row);
    size += rows.size - before;
  }

  function forgetLog(): void {
    log = new Map();
    size = 0;
    told = [];
  }

  return {
    get size() {
      return size + told.length;
    },
    logged: (kind, key) => log.get(kind)?.get(key),
    loggedOf: (kind) => log.get(kind),
    loggedAll: () => [...log.values()].flatMap((rows) => [...rows.values()]),
    log({ kind, key, bytes, version, expiresAt, group }, now, seq) {
      const before = log.get(kind)?.get(key);
      const lives = before !== undefined && before.bytes !== null && before.expiresAt > now;
      put({
        kind,
        key,
        bytes,
        version,
        expiresAt,
        group,
        madeAt: lives ? before.madeAt : now,
        seq,
        anew: before === undefined ? false : lives ? before.anew : true,
        onlyHere: before === undefined ? fromTable(kind, key) === null : before.onlyHere,
      });
    },
    unlog(kind, key, before) {
      if (before !== undefined) put(before);
      else if (log.get(kind)?.delete(key) === true) size -= 1;
    },
    tell(events, seq) {
      for (const text of events) told.push({ seq, text });
    },
    told: () => told,
    fromTable,
    keep,
    settle() {
      for (const { kind, key, bytes, version, expiresAt } of this.loggedAll())
        keep(kind, key, bytes === null ? null : { key, bytes, version, expiresAt });
      forgetLog();
    },
    forgetTable: table.clear,
    forget() {
      forgetLog();
      table.clear();
    },
  };
}
