/** What the commands over the store do. */
import { makeBackup } from "./backup.ts";
import { restoreBackup } from "./restore.ts";
import { migrateStore } from "./schema.ts";

export const storeActs = { makeBackup, restoreBackup, migrateStore };
