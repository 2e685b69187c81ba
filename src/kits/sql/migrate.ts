/** Brings a database to the schema of this version. Called once per start, after opening; never goes backwards. */
import { createHash } from "node:crypto";
import { Breakage } from "../../core/errors.ts";
import type { Clock } from "../../core/words.ts";
import { COLUMN_TYPES } from "./compile.ts";
import { ask, type Database, type Migration, statement, type Transaction } from "./database.ts";

interface Step {
  readonly id: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

interface Applied {
  readonly id: string;
  readonly checksum: string;
}

const LOCK = statement("{select pg_advisory_xact_lock(7235419)}");
const applied = statement<Applied>("select id, checksum from schema_migrations order by id");
const remember = statement("insert into schema_migrations (id, checksum, applied_at) values ($1, $2, $3)");

/**
 * Applies what is missing, in the order of the ids, in one transaction: of several processes that start at once one
 * works and the others wait. Throws Breakage `store-damaged` for a database of a newer or of an altered version.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  now: Clock,
): Promise<readonly string[]> {
  const types = COLUMN_TYPES[database.engine];
  const steps = stepsFor(database, migrations);
  const known = await read(database);
  if (known !== undefined && pending(steps, known).length === 0) return [];

  const create = `create table if not exists schema_migrations
    (id ${types.text} primary key, checksum ${types.text} not null, applied_at ${types.integer} not null)`;
  return database.transact(function* (): Transaction<readonly string[]> {
    if (database.engine === "postgres") yield* ask(LOCK);
    yield* ask(statement(create));
    const { rows } = yield* ask(applied);
    const missing = pending(steps, rows);
    for (const step of missing) {
      for (const text of step.statements) yield* ask(statement(text));
      yield* ask(remember, step.id, step.checksum, now());
    }
    return { keep: missing.map(({ id }) => id) };
  });
}

/** What a database has of these steps, and what `migrate` would do. Throws as it does, and changes nothing. */
export async function planOf(
  database: Database,
  migrations: readonly Migration[],
): Promise<{ readonly applied: readonly string[]; readonly missing: readonly string[] }> {
  const known = (await read(database)) ?? [];
  const missing = pending(stepsFor(database, migrations), known);
  return { applied: known.map(({ id }) => id), missing: missing.map(({ id }) => id) };
}

function stepsFor(database: Database, migrations: readonly Migration[]): readonly Step[] {
  const types = COLUMN_TYPES[database.engine];
  const steps = migrations
    .map((migration) => toStep(migration.id, migration.up(types, database.engine)))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const twice = steps.find((step, index) => step.id === steps[index + 1]?.id);
  if (twice !== undefined) throw new Error(`two migrations have the id ${twice.id}`);
  return steps;
}

/** Without the lock: the second start of a deployment costs one read. */
async function read(database: Database): Promise<readonly Applied[] | undefined> {
  const exists = statement<{ present: number }>(
    database.engine === "postgres"
      ? "select 1 as present where to_regclass('schema_migrations') is not null"
      : "select 1 as present from sqlite_master where type = 'table' and name = 'schema_migrations'",
  );
  const { rows } = await database.run(exists);
  return rows.length === 0 ? undefined : (await database.run(applied)).rows;
}

function pending(steps: readonly Step[], rows: readonly Applied[]): readonly Step[] {
  for (const { id, checksum } of rows) {
    const step = steps.find((candidate) => candidate.id === id);
    if (step === undefined)
      throw new Breakage(
        "store-damaged",
        `The database was made by a newer version of this server (it has the schema step ${id}); start that version.`,
      );
    if (step.checksum !== checksum)
      throw new Breakage(
        "store-damaged",
        `The schema step ${id} in the database is not the one of this version; restore a backup or start the version that made it.`,
      );
  }
  return steps.filter((step) => !rows.some(({ id }) => id === step.id));
}

function toStep(id: string, statements: readonly string[]): Step {
  const checksum = createHash("sha256").update(JSON.stringify(statements)).digest("hex");
  return { id, checksum, statements };
}
