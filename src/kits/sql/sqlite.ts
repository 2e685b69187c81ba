/** Opens SQLite through node:sqlite: one connection, prepared statements, every transaction one synchronous act. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { forSqlite } from "./compile.ts";
import type { Call, Database, Ending, Result, RunNow, Statement, Transaction, Value } from "./database.ts";
import { createKysely } from "./dialect.ts";
import { createGroupCommit } from "./group-commit.ts";
import { patiently } from "./patience.ts";
import { checkFile, isBusy, isStatementFault, prepareFile, toBreakage } from "./sqlite-file.ts";

export interface SqliteOptions {
  /** Path of the file, made with mode 0600 if it is not there; `:memory:` for a database that dies with the process. */
  readonly file: string;
  readonly readOnly?: boolean | undefined;
  /** `normal` survives the death of the process, `full` also the loss of power (one fsync per transaction). */
  readonly synchronous?: "normal" | "full" | undefined;
}

interface Prepared {
  readonly sync: StatementSync;
  readonly order: readonly number[] | undefined;
  readonly answers: boolean;
}

/** How long SQLite itself waits for a lock, holding the event loop; after that we wait without holding it. */
const BUSY_TIMEOUT_MS = 10;

/** Opens the file or throws Breakage `store-unavailable` or `store-damaged`, having changed nothing in it. */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const { file, readOnly = false } = options;
  const onDisk = file !== ":memory:";
  if (onDisk && !readOnly) prepareFile(file);
  if (onDisk) await attempt(() => checkFile(file));
  const db = await attempt(() => new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS }));
  const prepared = new WeakMap<Statement<unknown>, Prepared>();
  const queries = new WeakMap<Statement<unknown>, boolean>();

  /** Runs what meets other processes: patient with locks, and with the engine's errors put into our words. */
  async function attempt<T>(act: () => T): Promise<T> {
    try {
      return await patiently(act, (error) => isBusy(error));
    } catch (error) {
      throw toBreakage(error, file);
    }
  }

  /** The same without a detour where nothing is in the way. */
  function atOnce<T>(act: () => T): Promise<T> {
    try {
      return Promise.resolve(act());
    } catch (error) {
      return isBusy(error) ? attempt(act) : Promise.reject(toBreakage(error, file));
    }
  }

  function asks(what: Statement<unknown>): boolean {
    const known = queries.get(what);
    if (known !== undefined) return known;
    const answer = isQuery(what.text);
    queries.set(what, answer);
    return answer;
  }

  function prepare(what: Statement<unknown>): Prepared {
    let entry = prepared.get(what);
    if (entry === undefined) {
      const { text, order } = forSqlite(what.text);
      const sync = db.prepare(text);
      const inOrder = order.every((value, index) => value === index);
      entry = {
        sync,
        order: inOrder ? undefined : order,
        answers: sync.columns().length > 0,
      };
      prepared.set(what, entry);
    }
    return entry;
  }

  function execute({ sync, order, answers }: Prepared, values: readonly Value[]): Result<unknown> {
    const args = order === undefined ? values : order.map((index) => values[index] as Value);
    if (!answers) return { rows: [], changes: Number(sync.run(...args).changes) };
    const rows = sync.all(...args);
    return { rows, changes: rows.length };
  }

  function executeAll<T>(body: () => Transaction<T>): Ending<T> {
    const run = body();
    let step = run.next();
    while (!step.done) step = advance(run, step.value);
    return step.value;
  }

  function advance<T>(run: Transaction<T>, { statement, values }: Call) {
    let result: Result<unknown>;
    try {
      result = execute(prepare(statement), values);
    } catch (error) {
      return run.throw(error);
    }
    return run.next(result);
  }

  try {
    await attempt(() => {
      // secure_delete: what was deleted is overwritten, so that no old row can be read from the file.
      db.exec("pragma secure_delete = on; pragma trusted_schema = off; pragma temp_store = memory");
      // 16 MiB of pages: in the usual two a transaction of a thousand rows has no room, and writes many of them twice.
      db.exec("pragma cache_size = -16384");
      db.exec(`pragma synchronous = ${options.synchronous === "full" ? "full" : "normal"}`);
      // A login writes the same few pages again and again: the longer the log, the fewer of them are copied (16 MiB).
      if (!readOnly)
        db.exec(
          "pragma journal_mode = wal; pragma journal_size_limit = 67108864; pragma wal_autocheckpoint = 4000",
        );
    });
  } catch (error) {
    db.close();
    throw error;
  }

  const undone: (() => void)[] = [];
  const commits = createGroupCommit(db, attempt, {
    fatal: (error) => !isStatementFault(error),
    undone: () => {
      for (const listener of undone) listener();
    },
  });
  const changes = db.prepare("pragma data_version");
  let seen: unknown;
  const runNow = (<Row>(what: Statement<Row>, ...values: readonly Value[]) =>
    execute(prepare(what), values)) as RunNow;
  return {
    engine: "sqlite",
    run<Row>(what: Statement<Row>, ...values: readonly Value[]) {
      const act = () => execute(prepare(what), values) as Result<Row>;
      return asks(what) ? atOnce(act) : commits.write(() => ({ keep: act() }), "statement");
    },
    transact: (body) => commits.write(() => executeAll(body), "statements"),
    kysely: <Tables>() =>
      createKysely<Tables>("sqlite", (text, values) =>
        attempt(() => {
          const sync = db.prepare(text);
          return execute({ sync, order: undefined, answers: sync.columns().length > 0 }, values);
        }),
      ),
    embedded: {
      othersWrote() {
        const { data_version: found } = changes.get() as { data_version: unknown };
        if (found === seen) return false;
        seen = found;
        return true;
      },
      look: (act) => atOnce(() => act(runNow)),
      act: (body, size = "statements") => commits.write(() => body(runNow), size),
      onUndone: (listener) => undone.push(listener),
    },
    async close() {
      await commits.flush();
      if (db.isOpen) db.close();
    },
  };
}

/** `delete … returning` answers as well, but writes. */
const isQuery = (text: string): boolean => /^\s*select\b/i.test(text);
