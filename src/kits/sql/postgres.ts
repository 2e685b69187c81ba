/** Opens PostgreSQL through pg: a bounded pool, named prepared statements, short transactions. */
import pg from "pg";
import { Breakage } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import { forPostgres } from "./compile.ts";
import type { Call, Database, Result, Statement, Transaction, Value } from "./database.ts";
import { createKysely } from "./dialect.ts";
import { patiently } from "./patience.ts";
import { isConflict, toBreakage } from "./postgres-error.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…` */
  readonly url: Secret;
  readonly poolSize?: number | undefined;
}

/** int8 as a number: nothing we store exceeds 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: "text" | "binary") =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
};

/** Connects once, to find out that it works, or throws Breakage `store-unavailable` or `configuration-invalid`. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const pool = createPool(options);
  const prepared = new WeakMap<Statement<unknown>, { readonly text: string; readonly name: string }>();
  let closing: Promise<void> | undefined;

  async function attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await patiently(act, isConflict);
    } catch (error) {
      throw isConflict(error) ? toBreakage(error) : error;
    }
  }

  /** Puts the engine's errors into our words where they arise, so that an error of a transaction's body stays itself. */
  async function ours<T>(act: Promise<T>): Promise<T> {
    try {
      return await act;
    } catch (error) {
      throw isConflict(error) ? error : toBreakage(error);
    }
  }

  function prepare(what: Statement<unknown>) {
    let entry = prepared.get(what);
    if (entry === undefined) {
      entry = forPostgres(what.text);
      prepared.set(what, entry);
    }
    return entry;
  }

  async function execute(on: pg.Pool | pg.PoolClient, { statement, values }: Call): Promise<Result<unknown>> {
    const { rows, rowCount } = await ours(on.query({ ...prepare(statement), values: values as Value[] }));
    return { rows, changes: rowCount ?? 0 };
  }

  async function executeAll<T>(body: () => Transaction<T>): Promise<T> {
    const client = await ours(pool.connect());
    // Without a listener a connection that dies between two statements would take the process with it.
    const ignore = () => {};
    client.on("error", ignore);
    let broken: unknown;
    try {
      await ours(client.query("begin"));
      try {
        const ending = await drive(client, body());
        await ours(client.query("keep" in ending ? "commit" : "rollback"));
        return "keep" in ending ? ending.keep : ending.undo;
      } catch (error) {
        // A connection that cannot even roll back goes out of the pool; the server then undoes what it had begun.
        await client.query("rollback").catch((cause: unknown) => {
          broken = cause;
        });
        throw error;
      }
    } finally {
      client.off("error", ignore);
      client.release(broken !== undefined);
    }
  }

  async function drive<T>(client: pg.PoolClient, run: Transaction<T>) {
    let step = run.next();
    while (!step.done) {
      let result: Result<unknown>;
      try {
        result = await execute(client, step.value);
      } catch (error) {
        step = run.throw(error);
        continue;
      }
      step = run.next(result);
    }
    return step.value;
  }

  const database: Database = {
    engine: "postgres",
    run: <Row>(what: Statement<Row>, ...values: readonly Value[]) =>
      attempt(() => execute(pool, { statement: what, values }) as Promise<Result<Row>>),
    transact: (body) => attempt(() => executeAll(body)),
    kysely: <Tables>() =>
      createKysely<Tables>("postgres", (text, values) =>
        attempt(async () => {
          const { rows, rowCount } = await ours(pool.query(text, values as Value[]));
          return { rows, changes: rowCount ?? 0 };
        }),
      ),
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
  try {
    await ours(pool.query("select 1"));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function createPool({ url, poolSize = 10 }: PostgresOptions): pg.Pool {
  try {
    if (!/^postgres(ql)?:\/\//.test(url.reveal())) throw new Error("another protocol");
    const pool = new pg.Pool({
      connectionString: url.reveal(),
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      application_name: "sallyport",
      // Bounds how long one row lock or one lost packet can hold a request.
      statement_timeout: 10_000,
      query_timeout: 12_000,
      idle_in_transaction_session_timeout: 10_000,
      types,
    });
    // An idle connection that dies is replaced by the pool; whoever needs the next one learns of the trouble.
    pool.on("error", () => {});
    return pool;
  } catch {
    // No cause: the parser's error would carry the URL, and with it the password.
    throw new Breakage(
      "configuration-invalid",
      "The PostgreSQL URL cannot be read; it should look like postgres://user:password@host:5432/database.",
    );
  }
}
