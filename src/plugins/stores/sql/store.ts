/**
 * The store in SQL, for SQLite and PostgreSQL from one code: expiring records, authenticators, the audit, the keys
 * of the deployment and the revisions of its settings, over `kits/sql`. Opened by compose; the directory in SQL shares its database. What is stored
 * comes sealed; this room never opens it.
 */
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
import type { Database, Migration } from "../../../kits/sql/database.ts";
import { migrate } from "../../../kits/sql/migrate.ts";
import { openSqlite } from "../../../kits/sql/sqlite.ts";
import { createSqlAudit } from "./audit.ts";
import { createSqlAuthenticators } from "./authenticators.ts";
import { createForget, type Forgotten } from "./forget.ts";
import { createSqlKeys } from "./keys.ts";
import { migrations } from "./migrations.ts";
import { createSqlRecords } from "./records.ts";
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

/** Brings the schema up to date and answers the ports. Throws Breakage `store-damaged` or `store-unavailable`. */
async function openOver(database: Database, deps: SqlStoreDeps): Promise<SqlStore> {
  try {
    await migrate(database, [...migrations, ...(deps.migrations ?? [])], deps.now);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    records: createSqlRecords(database),
    authenticators: createSqlAuthenticators(database),
    audit: createSqlAudit(database),
    keys: createSqlKeys(database),
    settings: createSqlSettings(database),
    tallies: createSqlTallies(database),
    decisions: createSqlDecisions(database),
    spend: createSqlSpend(database),
    forget: createForget(database),
    database,
    close: () => database.close(),
  };
}
