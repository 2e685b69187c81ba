/** The steps of the schema, all rooms together; and `sallyport migrate`, which takes them without starting a server. */
import { existsSync } from "node:fs";
import { catalog } from "../catalog.ts";
import type { BootConfig } from "../config.ts";
import type { Database } from "../kits/sql/database.ts";
import { migrate, planOf } from "../kits/sql/migrate.ts";
import { migrations } from "../plugins/stores/sql/migrations.ts";
import { openDatabase } from "../plugins/stores/sql/store.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { readHostConfig } from "./with-parts.ts";

/** In no order; `migrate` sorts them. */
export const allSteps = () => [...migrations, ...catalog.directories.sql.migrations];

/** Opens the database of a configuration for one act, with the schema it has. */
export async function withDatabase<T>(
  { store }: Pick<BootConfig, "store">,
  act: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(store);
  try {
    return await act(database);
  } finally {
    await database.close();
  }
}

/** `sallyport migrate`: says which steps are missing, and takes them unless asked only to look. */
export async function migrateStore(config: string, look: boolean): Promise<Said> {
  const boot = readHostConfig(config, "store");
  if (boot.store.type === "sqlite" && !existsSync(boot.store.file))
    return {
      ok: true,
      text: `There is no database ${boot.store.file} yet; the first start makes it with every step.`,
    };
  return withDatabase(boot, async (database) => {
    const { applied, missing } = await planOf(database, allSteps());
    if (missing.length === 0)
      return { ok: true, text: `The database has every step of this version (${applied.length}).` };
    const list = missing.map((id) => `  ${id}`).join("\n");
    if (look)
      return {
        ok: false,
        text: `${missing.length} steps are missing:\n${list}\nTake them: sallyport migrate`,
      };
    const done = await migrate(database, allSteps(), Date.now);
    return { ok: true, text: `Steps taken: ${done.length}.\n${done.map((id) => `  ${id}`).join("\n")}` };
  });
}
