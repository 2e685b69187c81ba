/**
 * `sallyport backup`: everything in the store, in one file of one shape whichever engine it comes from, while servers run.
 * What is secret in it is sealed as it is in the store, under the master key, which is not in it.
 */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { BootConfig } from "../config.ts";
import { copySqlite, dumpInto } from "../kits/sql/copy.ts";
import { migrate, planOf } from "../kits/sql/migrate.ts";
import { openSqlite } from "../kits/sql/sqlite.ts";
import { settleCopy } from "../plugins/stores/sql/store.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { allSteps, withDatabase } from "./schema.ts";
import { readHostConfig } from "./with-parts.ts";

export async function makeBackup(config: string, file: string): Promise<Said> {
  const boot = readHostConfig(config, "store");
  if (existsSync(file))
    return { ok: false, text: `${file} is there already and was left as it is; choose another name.` };
  const { store } = boot;
  if (store.type === "sqlite" && !existsSync(store.file))
    return { ok: false, text: `There is no database ${store.file}; nothing was backed up.` };
  // Whole or not there: who finds the file may believe it.
  const part = `${file}.part`;
  try {
    closeSync(openSync(part, "wx", 0o600));
  } catch (problem) {
    const { code } = problem as { code?: string };
    return {
      ok: false,
      text:
        code === "EEXIST"
          ? `${part} is there: another backup runs, or one was cut short; remove it if none runs.`
          : `${part} cannot be written (${code ?? "unknown"}); choose a folder that can be.`,
    };
  }
  try {
    if (store.type === "postgres") await dump(boot, part);
    else {
      await copySqlite(store.file, part);
      await settleCopy(part);
    }
    const facts = contentsOf(part);
    const written = openSync(part, "r+");
    fsyncSync(written);
    closeSync(written);
    linkSync(part, file);
    return {
      ok: true,
      text: [
        `Wrote ${file} (${Math.ceil(statSync(file).size / 1024)} KiB): ${facts.people} people, ${facts.events} events of the audit.`,
        `The master key is not in it, and without that key it cannot be read: keep ${boot.masterKey === undefined ? `${boot.data}/master.key` : "what master_key names"} as well, somewhere else.`,
      ].join("\n"),
    };
  } finally {
    rmSync(part, { force: true });
  }
}

async function dump(boot: BootConfig, part: string): Promise<void> {
  await withDatabase(boot, async (database) => {
    const { applied } = await planOf(database, allSteps());
    const copy = await openSqlite({ file: part });
    try {
      await migrate(
        copy,
        allSteps().filter(({ id }) => applied.includes(id)),
        Date.now,
      );
    } finally {
      await copy.close();
    }
    const raw = new DatabaseSync(part);
    raw.exec("pragma journal_mode = delete");
    raw.close();
    await dumpInto(part, database);
  });
}

/** What a file holds; throws when it is damaged. */
export function contentsOf(file: string): { people: number; events: number; newest: number } {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [verdict] = Object.values(database.prepare("pragma integrity_check(1)").get() ?? {});
    if (verdict !== "ok") throw new Error(`${file} is damaged: ${String(verdict)}`);
    const number = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
    return {
      people: number("select count(*) from people"),
      events: number("select count(*) from audit"),
      newest: number("select max(at) from audit"),
    };
  } finally {
    database.close();
  }
}
