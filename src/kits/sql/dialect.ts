/**
 * Kysely on top of `Database.run`: Kysely builds and types the SQL, the engine modules run it, so that errors and
 * waiting are the same on both paths. For cold paths; its statements are not kept.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Engine, Result, Value } from "./database.ts";

type RunText = (text: string, values: readonly Value[]) => Promise<Result<unknown>>;

/** Makes the query builder of a database. `close` of the database ends it; `destroy` does nothing. */
export function createKysely<Tables>(engine: Engine, runText: RunText): Kysely<Tables> {
  const postgres = engine === "postgres";
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => (postgres ? new PostgresAdapter() : new SqliteAdapter()),
      createDriver: () => createDriver(runText),
      createIntrospector: (db) => (postgres ? new PostgresIntrospector(db) : new SqliteIntrospector(db)),
      createQueryCompiler: () => (postgres ? new PostgresQueryCompiler() : new SqliteQueryCompiler()),
    },
  });
}

function createDriver(runText: RunText): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const { rows, changes } = await runText(query.sql, query.parameters as readonly Value[]);
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    streamQuery() {
      throw new Error("streaming is not offered; read in pages");
    },
  };
  const refuse = async () => {
    // An asynchronous transaction on SQLite would hold the only connection while other requests write through it.
    throw new Error("transactions go through Database.transact");
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}
