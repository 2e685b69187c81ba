/**
 * The store in SQL, for SQLite and PostgreSQL from one code: expiring records, authenticators, the audit, the keys
 * of the deployment and the revisions of its settings, over `kits/sql`. Opened by compose; the directory in SQL shares its database. What is stored
 * comes sealed; this room never opens it.
 */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { AuditStore } from "../../../core/audit.ts";
import type { AuthenticatorStore } from "../../../core/authenticators.ts";
import type { DecisionStore } from "../../../core/guard.ts";
import type { KeyStore } from "../../../core/keys.ts";
import type { Plugin } from "../../../core/plugin.ts";
import type { RecordStore } from "../../../core/records.ts";
import { Secret } from "../../../core/secret.ts";
import type { SettingsStore } from "../../../core/settings.ts";
import type { SpendStore } from "../../../core/spend.ts";
import type { TallyStore } from "../../../core/tallies.ts";
import type { Clock } from "../../../core/words.ts";
import { type Database, type Migration, statement } from "../../../kits/sql/database.ts";
import { migrate } from "../../../kits/sql/migrate.ts";
import { openSqlite } from "../../../kits/sql/sqlite.ts";
import { createSqlAudit } from "./audit.ts";
import { createEmbeddedAudit } from "./audit-embedded.ts";
import { createSqlAuthenticators } from "./authenticators.ts";
import { createForget, type Forgotten } from "./forget.ts";
import { createSqlKeys } from "./keys.ts";
import { createLog } from "./log.ts";
import { migrations } from "./migrations.ts";
import { createSqlRecords } from "./records.ts";
import { createEmbeddedRecords } from "./records-embedded.ts";
import { createSqlSettings } from "./settings.ts";
import { createSqlDecisions, createSqlSpend } from "./sms-books.ts";
import { createSqlTallies } from "./tallies.ts";

/** An open store: eight ports over one database. */
export interface SqlStore {
  readonly records: RecordStore;
  readonly authenticators: AuthenticatorStore;
  readonly audit: AuditStore;
  readonly keys: KeyStore;
  readonly settings: SettingsStore;
  readonly tallies: TallyStore;
  readonly decisions: DecisionStore;
  readonly spend: SpendStore;
  /** Takes a person who is gone out of every table but the audit's. */
  readonly forget: (who: Forgotten) => Promise<void>;
  readonly database: Database;
  /** Brings what is committed into the tables, for whoever reads them past the ports. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** `migrations`: those of other plug-ins that keep tables in this database. */
export interface SqlStoreDeps {
  readonly now: Clock;
  readonly migrations?: readonly Migration[] | undefined;
}

const schema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("sqlite"),
    file: z.string().min(1),
    synchronous: z.enum(["normal", "full"]).optional(),
  }),
  z.strictObject({
    type: z.literal("postgres"),
    url: z.instanceof(Secret),
    pool: z.int().min(2).max(100).default(10),
  }),
]);

const hasLog = statement("select name from sqlite_master where type = 'table' and name = 'records_log'");
const emptyLog = statement("delete from records_log");

export type SqlStoreConfig = z.infer<typeof schema>;

/** SQLite: embedded, one file, one node. PostgreSQL: any number of nodes. */
export const sqlStore: Plugin<SqlStore, SqlStoreConfig, SqlStoreDeps> = {
  type: "sql",
  schema,
  open: async (config, deps) => openOver(await openDatabase(config), deps),
};

/** The database as it is, its schema not looked at. */
export async function openDatabase(config: SqlStoreConfig): Promise<Database> {
  if (config.type === "sqlite") return openSqlite({ file: config.file, synchronous: config.synchronous });
  // What only one of the engines needs is loaded with it.
  const { openPostgres } = await import("../../../kits/sql/postgres.ts");
  return openPostgres({ url: config.url, poolSize: config.pool });
}

/** Whether a file has nothing in its log that is not in its tables: every backup, and no copy of a server that runs. */
export function isSettled(file: string): boolean {
  const copy = new DatabaseSync(file, { readOnly: true });
  try {
    if (copy.prepare(hasLog.text).get() === undefined) return true;
    return copy.prepare("select 1 from records_log where length(entry) > 0").get() === undefined;
  } finally {
    copy.close();
  }
}

/** Brings all of a copy's log into its tables and leaves nothing of it: a database that nobody else has open. */
export async function settleCopy(file: string): Promise<void> {
  const database = await openSqlite({ file });
  try {
    const { rows } = await database.run(hasLog);
    if (rows.length === 0 || database.embedded === undefined) return;
    await createLog(database.embedded).settle();
    await database.run(emptyLog);
  } finally {
    await database.close();
    const copy = new DatabaseSync(file);
    // Back to one file.
    copy.exec("pragma journal_mode = delete");
    copy.close();
  }
}

/** Brings the schema up to date and answers the ports. Throws Breakage `store-damaged` or `store-unavailable`. */
async function openOver(database: Database, deps: SqlStoreDeps): Promise<SqlStore> {
  try {
    await migrate(database, [...migrations, ...(deps.migrations ?? [])], deps.now);
  } catch (error) {
    await database.close();
    throw error;
  }
  const log = database.embedded === undefined ? undefined : createLog(database.embedded);
  const audit = createSqlAudit(database);
  return {
    records: log === undefined ? createSqlRecords(database) : createEmbeddedRecords(database, log),
    authenticators: createSqlAuthenticators(database),
    audit: log === undefined ? audit : createEmbeddedAudit(audit, log),
    keys: createSqlKeys(database),
    settings: createSqlSettings(database),
    tallies: createSqlTallies(database),
    decisions: createSqlDecisions(database),
    spend: createSqlSpend(database),
    forget: createForget(database),
    database,
    settle: async () => log?.settle(),
    async close() {
      await log?.end();
      await database.close();
    },
  };
}
