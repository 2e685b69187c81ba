/** `sallyport backup`, `restore` and `migrate`, as an operator types them, with servers running. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { COUNTS_OR_CLOSES } from "../../src/compose/restore.ts";
import { createFailures } from "../../src/core/code-failures.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { createSite, PASSWORD, type Site } from "../kit/serve.ts";
import { signIn, stillSignedIn, toCodePage, wish } from "../kit/sign-in.ts";

const ADA = "+12025550147";
const masterKey = randomBytes(32).toString("base64");
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/release-0.1.0.${name}`, import.meta.url)));
const released = JSON.parse(fixture("json").toString()) as {
  masterKey: string;
  mary: string;
  events: number;
};

const onPostgres = async (key = masterKey) => ({
  store: { type: "postgres", url: (await startPostgres()).url },
  master_key: key,
});
const done = async (site: Site, ...args: string[]): Promise<string> => {
  const ended = await site.command(args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
};
const refused = async (site: Site, ...args: string[]): Promise<string> => {
  const ended = await site.command(args);
  assert.equal(ended.code, 1, ended.stdout);
  assert.equal(ended.stdout, "");
  assert.doesNotMatch(ended.stderr, /\n {4}at /, "a sentence, no stack");
  return ended.stderr;
};
const failuresOf = (site: Site, name: string): Promise<number> =>
  site.look(async ({ storage, directory, settings, now }) => {
    const subject = (await directory.find(name))?.id ?? assert.fail(name);
    return (await createFailures(storage, () => settings.document().limits, now).count(subject)).failures;
  });

for (const [from, to] of [
  ["SQLite", "SQLite"],
  ["SQLite", "PostgreSQL"],
  ["PostgreSQL", "SQLite"],
] as const) {
  const skip = from === to ? false : noPostgres;
  test(`L10: a backup of ${from} taken while it serves comes back on ${to} with every count and event`, {
    skip,
  }, async () => {
    const site = await createSite({
      config: from === "SQLite" ? { master_key: masterKey } : await onPostgres(),
    });
    assert.equal((await site.command(["user", "add", "grace"], PASSWORD)).code, 0);
    const node = await site.start();
    const { visitor } = await signIn(site, node, "grace", ADA);
    const guesser = node.visitor();
    let page = await toCodePage(guesser, wish(), "grace");
    for (let tries = 0; tries < 3; tries += 1) page = await guesser.submit(page, { code: "000000" });

    const file = join(site.folder, "backup.db");
    const said = await done(site, "backup", file);
    assert.match(said, /Wrote .*backup\.db \(\d+ KiB\): 1 people, \d+ events of the audit\.\n/);
    assert.match(said, /The master key is not in it/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(site.folder).filter((name) => name.startsWith("backup")),
      ["backup.db"],
    );
    const bytes = readFileSync(file);
    for (const secret of [ADA, ADA.slice(2), masterKey, site.simulator.account.token, PASSWORD])
      assert.equal(bytes.includes(secret), false, "nothing of it in clear");
    assert.match(await refused(site, "backup", file), /is there already and was left as it is/);
    assert.ok(await stillSignedIn(visitor), "the server went on");

    const other = await createSite({
      config: to === "SQLite" ? { master_key: masterKey } : await onPostgres(),
    });
    const restored = await done(other, "restore", file);
    assert.match(restored, /Restored 1 people and \d+ events/);
    assert.match(restored, /Everybody signs in anew/);
    assert.equal(await failuresOf(other, "grace"), 3);
    assert.match(await done(other, "audit", "verify"), /events are as they were written/);
    const events = await other.look(({ audit }) => audit.query({ kind: "backup-restored", limit: 2 }));
    assert.equal(events.length, 1);
    const there = await other.start();
    // The session of before is nobody's, and the phone that was bound is asked for a code.
    const again = there.visitor();
    for (const [name, cookie] of visitor.jar) again.jar.set(name, cookie);
    assert.equal(await stillSignedIn(again), false);
    assert.equal((await signIn(other, there, "grace", ADA)).claims.acr, "twilio_sms");
    assert.equal(await failuresOf(other, "grace"), 0);
    assert.match(await refused(other, "restore", file), /was left as it is/);
  });
}

test("L10: a database that was copied by hand while it serves comes back whole on either engine", async () => {
  const site = await createSite({ config: { master_key: masterKey } });
  assert.equal((await site.command(["user", "add", "grace"], PASSWORD)).code, 0);
  const node = await site.start();
  const guesser = node.visitor();
  await signIn(site, node, "grace", ADA);
  let page = await toCodePage(guesser, wish(), "grace");
  for (let tries = 0; tries < 2; tries += 1) page = await guesser.submit(page, { code: "000000" });
  const file = join(site.folder, "copied.db");
  const database = new DatabaseSync(join(site.data, "sallyport.db"));
  database.exec(`vacuum into '${file}'`);
  database.close();
  const copied = readFileSync(file);
  for (const config of [{ master_key: masterKey }, ...(noPostgres === false ? [await onPostgres()] : [])]) {
    const other = await createSite({ config });
    const [, events] = /Restored 1 people and (\d+) events/.exec(await done(other, "restore", file)) ?? [];
    assert.ok(Number(events) > 8, `${events} events`);
    assert.equal(await failuresOf(other, "grace"), 2);
    assert.match(await done(other, "audit", "verify"), /events are as they were written/);
    assert.deepEqual(
      readdirSync(other.data).filter((name) => name.includes("restoring")),
      [],
    );
  }
  assert.deepEqual(readFileSync(file), copied, "the copy is as it was");
});

describe("restore", () => {
  test("S20: refuses to overwrite, the wrong key, a damaged file and one of a newer version, having written nothing", async () => {
    const site = await createSite({ config: { master_key: masterKey } });
    assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
    const file = join(site.folder, "backup.db");
    await done(site, "backup", file);
    const before = readFileSync(join(site.data, "sallyport.db"));
    assert.match(await refused(site, "restore", file), /stop the server and move the database away first/);
    assert.deepEqual(readFileSync(join(site.data, "sallyport.db")), before);

    const other = await createSite({ config: { master_key: randomBytes(32).toString("base64") } });
    const nothing = () => assert.equal(existsSync(join(other.data, "sallyport.db")), false);
    assert.match(await refused(other, "restore", file), /master key does not open the keys/);
    nothing();
    const none = await createSite();
    assert.match(await refused(none, "restore", file), /master\.key is not there; put the one back/);
    assert.equal(existsSync(join(none.data, "master.key")), false, "none is made up");

    const damaged = join(site.folder, "damaged.db");
    copyFileSync(file, damaged);
    const bytes = readFileSync(damaged);
    bytes.fill(0xff, 4096, 12_288);
    writeFileSync(damaged, bytes);
    assert.match(await refused(site, "restore", damaged), /damaged/);
    writeFileSync(damaged, "no database at all, by no means");
    assert.match(await refused(site, "restore", damaged), /damaged or is not a SQLite database/);
    const newer = join(site.folder, "newer.db");
    copyFileSync(file, newer);
    const database = new DatabaseSync(newer);
    database.exec("insert into schema_migrations values ('9999-future', 'x', 1)");
    database.close();
    assert.match(await refused(site, "restore", newer), /newer version .*9999-future/);
    assert.match(await refused(site, "restore", join(site.folder, "nowhere.db")), /There is no file/);
  });

  test("a move keeps sessions, when it is asked for", async () => {
    const site = await createSite({ config: { master_key: masterKey } });
    assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
    const node = await site.start();
    const { visitor } = await signIn(site, node, "ada", ADA);
    const file = join(site.folder, "backup.db");
    await node.program.end("SIGTERM");
    await done(site, "backup", file);
    const other = await createSite({ config: { master_key: masterKey } });
    assert.match(await done(other, "restore", file, "--as-it-is"), /as they were/);
    const there = await other.start();
    const again = there.visitor();
    for (const [name, cookie] of visitor.jar) again.jar.set(name, cookie);
    assert.ok(await stillSignedIn(again));
  });

  test("L10: every kind of record is known as one that counts or closes, or as one that opens", () => {
    const opens = [
      "account-change",
      "account-pending",
      "account-session",
      "approval",
      "bootstrap",
      "bootstrap-claim",
      "challenge",
      "desk-ticket",
      "device-owner",
      "device-poll",
      "device-view",
      "enrolment-opening",
      "enrolment-transaction",
      "health",
      "login",
      "oidc.Grant",
      "oidc.Session",
      "oidc.Session.uid",
      "outbox",
      "password-begun",
      "password-login",
      "password-opening",
      "password-wish",
      "recovery",
      "remembered-device",
      "undo",
    ];
    const src = fileURLToPath(new URL("../../src", import.meta.url));
    const kinds = readdirSync(src, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .flatMap(({ parentPath, name }) => [
        ...readFileSync(join(parentPath, name), "utf8").matchAll(/\brecords(?:<[^()]*>)?\(\s*"([\w.-]+)"/g),
      ])
      .map(([, kind = ""]) => kind);
    assert.ok(kinds.length > 15, "it looks where they are");
    const known = new Set<string>([...opens, ...COUNTS_OR_CLOSES]);
    assert.deepEqual(
      [...new Set(kinds)].filter((kind) => !known.has(kind)),
      [],
    );
  });
});

describe("migrate", () => {
  async function fromRelease(config: Record<string, unknown> = {}) {
    const site = await createSite({ config });
    mkdirSync(site.data, { mode: 0o700 });
    writeFileSync(join(site.data, "sallyport.db"), gunzipSync(fixture("db.gz")), { mode: 0o600 });
    writeFileSync(join(site.data, "master.key"), `${released.masterKey}\n`, { mode: 0o600 });
    return site;
  }

  /** What release 0.1.0 has left behind is there, counts, and signs in. */
  async function goesOn(site: Site) {
    assert.equal(await failuresOf(site, "mary"), 3, "the guesses at mary count on");
    assert.match(await done(site, "audit", "verify"), /events are as they were written/);
    const { entries } = await site.look(({ audit }) => audit.page({ limit: 500 }));
    assert.ok(entries.length >= released.events);
    const node = await site.start();
    for (const [name, phone] of [
      ["ada", ADA],
      ["mary", "+12025550149"],
    ] as const)
      assert.deepEqual((await signIn(site, node, name, phone)).claims.amr, ["pwd", "sms", "mfa"]);
    assert.equal(await failuresOf(site, "mary"), 0);
  }

  test("L10: the release before: says what is missing, takes it, and nothing is lost", async () => {
    const site = await fromRelease();
    const look = await site.command(["migrate", "--check"]);
    assert.equal(look.code, 1);
    assert.match(look.stderr, /steps are missing:\n {2}0007-audit-erasure/);
    assert.match(await done(site, "migrate"), /Steps taken: \d+\.\n {2}0007-audit-erasure/);
    assert.match(await done(site, "migrate", "--check"), /has every step of this version/);
    await goesOn(site);
  });

  test("L10: the release before, brought to PostgreSQL", { skip: noPostgres }, async () => {
    const old = await fromRelease();
    const site = await createSite({ config: await onPostgres(released.masterKey) });
    await done(site, "restore", join(old.data, "sallyport.db"), "--as-it-is");
    await goesOn(site);
  });

  test("a database that is newer than the program is refused, by migrate and by a start", async () => {
    const site = await fromRelease();
    const database = new DatabaseSync(join(site.data, "sallyport.db"));
    database.exec("insert into schema_migrations values ('9999-future', 'x', 1)");
    database.close();
    for (const args of [["migrate"], ["migrate", "--check"], ["serve"]])
      assert.match(
        await refused(site, ...args),
        /newer version of this server \(it has the schema step 9999-future\)/,
      );
  });

  test("where there is no database, none is made", async () => {
    const site = await createSite();
    assert.match(await done(site, "migrate"), /There is no database .* yet/);
    assert.equal(existsSync(join(site.data, "sallyport.db")), false);
  });
});
