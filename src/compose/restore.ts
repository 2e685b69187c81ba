/**
 * `sallyport restore`: a backup becomes the store of an installation that has none yet. It refuses to overwrite, a file
 * of a newer version, and a master key that does not open it; all of that before anything is written.
 */
import { chmodSync, copyFileSync, existsSync, linkSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BootConfig } from "../config.ts";
import { Breakage } from "../core/errors.ts";
import { makeFile } from "../core/folder-owner.ts";
import { createMasterBox } from "../core/key-box.ts";
import type { KeyRow } from "../core/keys.ts";
import { Secret } from "../core/secret.ts";
import { loadFrom } from "../kits/sql/copy.ts";
import { type Database, statement } from "../kits/sql/database.ts";
import { migrate, planOf } from "../kits/sql/migrate.ts";
import { openSqlite } from "../kits/sql/sqlite.ts";
import { checkFile } from "../kits/sql/sqlite-file.ts";
import { isSettled, settleCopy } from "../plugins/stores/sql/store.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { contentsOf } from "./backup.ts";
import { openDataFolder } from "./data-folder.ts";
import { allSteps, withDatabase } from "./schema.ts";
import { readHostConfig, withParts } from "./with-parts.ts";

/**
 * Records that count or close. They outlive a restore; every other kind opens something (a session, a token, a code, a
 * ticket), and whether it was closed after the backup was made nobody knows any more: it goes. A kind that is in neither
 * list fails a test.
 */
export const COUNTS_OR_CLOSES = [
  "bootstrap-tries",
  "brake",
  "code-failures",
  "desk-looks",
  "erased",
  "factor-policy-told",
  "logins-ended",
  "logout",
  "directory-look",
  "directory-losses",
  "doctor",
  "guard-told",
  "notice",
  "notice-told",
  "oidc.ReplayDetection",
  "oidc.ended",
  "passkey-offered",
  "password-throttle",
  "password-wishes",
  "price",
  "script-error",
  "sends",
  "spend-told",
  "two-step",
] as const;

export async function restoreBackup(config: string, file: string, asItIs: boolean): Promise<Said> {
  const boot = readHostConfig(config, "store");
  if (!existsSync(file)) return { ok: false, text: `There is no file ${file}.` };
  checkFile(file);
  if (isSettled(file)) return restoreFrom(file, boot, config, asItIs);
  // A file that was copied by hand holds what is not in its tables yet.
  openDataFolder(boot);
  const copy = join(boot.data, "restoring.db");
  try {
    copyPrivately(file, copy);
    await settleCopy(copy);
    return await restoreFrom(copy, boot, config, asItIs);
  } finally {
    rmSync(copy, { force: true });
  }
}

async function restoreFrom(file: string, boot: BootConfig, config: string, asItIs: boolean): Promise<Said> {
  const facts = await look(file);
  openDataFolder(boot);
  const wrong = await inTheWay(boot);
  if (wrong !== undefined) return { ok: false, text: wrong };
  checkKey(file, masterKeyOf(boot));

  if (boot.store.type === "sqlite") await toFile(boot.store.file, file, asItIs);
  else await withDatabase(boot, (database) => toDatabase(database, file, asItIs));

  // Opened as a server opens it: whatever is wrong with it is said now.
  return withParts(
    config,
    async ({ audit, now }) => {
      const event = { by: "host", through: new Date(facts.newest).toISOString(), sessions: asItIs };
      await audit.append({ kind: "backup-restored", at: now(), facts: event });
      return {
        ok: true,
        text: [
          `Restored ${facts.people} people and ${facts.events} events of the audit, the newest of ${new Date(facts.newest).toISOString()}.`,
          asItIs
            ? "Sessions and tokens are as they were; whatever was ended after the backup is open again."
            : "Everybody signs in anew: sessions, tokens, codes and tickets of the backup are gone.",
        ].join("\n"),
      };
    },
    "store",
  );
}

/** Throws Breakage when the file is damaged, no backup, or of a newer version. */
async function look(file: string) {
  const copy = await openSqlite({ file, readOnly: true });
  try {
    const { applied } = await planOf(copy, allSteps());
    if (!applied.includes("0001-records"))
      throw new Breakage("store-damaged", `${file} is no backup of this server.`);
  } finally {
    await copy.close();
  }
  return contentsOf(file);
}

/** What a restore would overwrite; undefined: nothing. */
async function inTheWay(boot: BootConfig): Promise<string | undefined> {
  const { store } = boot;
  if (store.type === "sqlite") {
    const there = [store.file, `${store.file}-wal`].find(existsSync);
    return there === undefined
      ? undefined
      : `${there} is there and was left as it is; stop the server and move the database away first.`;
  }
  return withDatabase(boot, async (database) => {
    const { applied } = await planOf(database, allSteps());
    if (applied.length === 0) return undefined;
    const keys = await database.run(statement("select 1 as one from keys limit 1"));
    return keys.rows.length === 0
      ? undefined
      : "The PostgreSQL database holds an installation and was left as it is; name an empty one.";
  });
}

function masterKeyOf({ masterKey, data }: BootConfig): Secret {
  if (masterKey !== undefined) return masterKey;
  const file = join(data, "master.key");
  if (!existsSync(file))
    throw new Breakage(
      "key-unavailable",
      `The master key ${file} is not there; put the one back that belongs to the backup, then restore.`,
    );
  return new Secret(readFileSync(file, "utf8").trim());
}

/** Throws Breakage `key-unavailable` unless this key opens every key of the file. */
function checkKey(file: string, masterKey: Secret): void {
  const box = createMasterBox(masterKey);
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    for (const row of database.prepare("select id, purpose, material from keys").iterate())
      box.open(row as unknown as KeyRow);
  } finally {
    database.close();
  }
}

const others = COUNTS_OR_CLOSES.map((kind) => `'${kind}'`).join(", ");
const CLOSE = `delete from records where kind not in (${others})`;

function copyPrivately(from: string, to: string): void {
  rmSync(to, { force: true });
  makeFile(to, "");
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}

async function toFile(to: string, from: string, asItIs: boolean): Promise<void> {
  const part = `${to}.restoring`;
  try {
    copyPrivately(from, part);
    if (!asItIs) {
      const database = new DatabaseSync(part);
      database.exec(`pragma secure_delete = on; ${CLOSE}; vacuum`);
      database.close();
    }
    linkSync(part, to);
  } finally {
    rmSync(part, { force: true });
  }
}

async function toDatabase(database: Database, from: string, asItIs: boolean): Promise<void> {
  const copy = await openSqlite({ file: from, readOnly: true });
  const { applied } = await planOf(copy, allSteps()).finally(() => copy.close());
  await migrate(
    database,
    allSteps().filter(({ id }) => applied.includes(id)),
    Date.now,
  );
  await loadFrom(from, database);
  if (!asItIs) await database.run(statement(CLOSE));
}
