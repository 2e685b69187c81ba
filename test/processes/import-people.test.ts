/**
 * `sallyport users import` as an operator runs it: a file of each make, a trial run, twice, killed in the middle, large,
 * and hostile. The files in test/fixtures/import are invented; everybody's password in them is the demo's.
 */
import assert from "node:assert/strict";
import { createWriteStream, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PhoneData } from "../../src/core/authenticators.ts";
import { Secret } from "../../src/core/secret.ts";
import { startProgram, until } from "../kit/processes.ts";
import { createSite } from "../kit/serve.ts";
import { PASSWORD } from "../kit/server.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/import/${name}`, import.meta.url));
const countries = { countries: "all" } as const;
const site = await createSite({ config: countries });
const take = (file: string, ...more: string[]) => site.command(["users", "import", file, ...more]);

/** Who a name is: id, whether the demo's password is right, the number that is bound and by whom. */
const who = (name: string, where = site) =>
  where.look(async ({ directory, authenticators }) => {
    const user = await directory.find(name);
    const [phone] = user === undefined ? [] : await authenticators.list(user.id, "sms");
    const { kind } = await directory.checkPassword(name, new Secret(PASSWORD));
    return {
      id: user?.id,
      claims: user?.claims,
      password: kind,
      phone: (phone?.data as PhoneData | undefined)?.number,
      by: phone?.boundBy,
    };
  });

test("a trial run over a Gluu export names every problem with its line and writes nothing", async () => {
  const { code, stderr } = await take(fixture("gluu.ldif"), "--dry-run");
  assert.equal(code, 1, "somebody would be refused");
  assert.match(stderr, /ldif: 5 people read\. 4 would be added, 2 of them with a phone; 0 .*; 3 refused\./);
  assert.match(stderr, /1 entries are no people[\s\S]*Nothing was written\./);
  const lines = stderr.trim().split("\n");
  const said = (text: RegExp) =>
    assert.ok(
      lines.some((line) => text.test(line)),
      `${text} in ${stderr}`,
    );
  said(/^gluu\.ldif:\d+: is a change record/);
  said(/^gluu\.ldif:\d+: uid is in another file \(:<\), which is not read$/);
  said(/^gluu\.ldif:\d+: the username "Maria" stands in this file before, perhaps in another case$/);
  said(/^gluu\.ldif:\d+: a hash of the kind \{MD5\} cannot be checked here/);
  said(/^gluu\.ldif:\d+: has a phone that nobody has verified; it is not bound/);
  said(/^gluu\.ldif:\d+: the phone ending in 12 is not bound: it is no telephone number$/);
  assert.ok(!/612345678|40612345|\$2b\$/.test(stderr), "O09: no full number and no hash");
  assert.equal(await site.look(async ({ directory }) => (await directory.find("maria"))?.id), undefined);
});

test("the same file for real: ids, names, old passwords and verified phones are those of the file; a second run changes nothing", async () => {
  assert.match((await take(fixture("gluu.ldif"))).stderr, /4 added, 2 of them with a phone; 0 were there/);
  const maria = await who("maria");
  assert.deepEqual(maria, {
    id: "@!5304!0001!A1",
    claims: {
      email: "maria@example.org",
      name: "María Peña",
      given_name: "María",
      family_name: "Peña",
      phone_number: "+34 612 345 678",
      email_verified: true,
    },
    password: "right",
    phone: "+34612345678",
    by: "import",
  });
  const olaf = await who("olaf");
  assert.deepEqual([olaf.password, olaf.phone], ["right", undefined], "no phone that nobody has verified");
  const ines = await who("ines");
  assert.deepEqual([ines.password, ines.phone], ["disabled", "+447911123456"], "Casa has sent a code there");
  assert.equal((await who("boris")).password, "wrong", "a hash that is not taken opens nothing");
  const before = await site.look(({ directory }) => directory.get("@!5304!0001!A2"));
  assert.match((await take(fixture("gluu.ldif"))).stderr, /0 added, 0 of them .*; 4 were there already/);
  assert.deepEqual(await site.look(({ directory }) => directory.get("@!5304!0001!A2")), before);
  const events = await site.look(({ audit }) => audit.query({ kind: "users-imported", limit: 9 }));
  assert.equal(events.length, 4, "each run stands in the audit, before and after");
});

test("Janssen, Keycloak, Auth0, CSV and JSON Lines: each is known by its beginning, and everybody signs in with the old password", async () => {
  for (const [file, people] of [
    ["janssen.ldif", ["yuki", "piotr", "lena"]],
    ["keycloak.json", ["kim", "zoe", "raj"]],
    ["auth0.ndjson", ["nina@example.org"]],
    ["own.csv", ["lou", "mo"]],
    ["own.jsonl", ["eve", "abe"]],
  ] as const) {
    const { stdout, stderr } = await take(fixture(file));
    for (const name of people)
      assert.equal((await who(name)).password, "right", `${file} ${name} ${stdout}${stderr}`);
  }
  const of = async (name: string) => {
    const { id, phone } = await who(name);
    return [id, phone];
  };
  assert.deepEqual(await of("yuki"), ["0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "+819012345678"]);
  assert.deepEqual((await of("piotr"))[1], "+48512345678", "a number in the original page's attribute");
  assert.deepEqual(await of("kim"), ["8f0c6d7e-1111-4222-8333-444455556666", "+821012345678"]);
  assert.deepEqual(await of("nina@example.org"), ["auth0|5f0a1b2c3d4e5f6a7b8c9d0e", undefined]);
  assert.deepEqual((await of("omar"))[1], "+447911123457");
  assert.deepEqual([(await of("lou"))[1], (await of("mo"))[1]], ["+447911123458", undefined]);
  const eve = await who("eve");
  assert.deepEqual(
    eve.claims,
    { email: "eve@example.org", department: "R&D" },
    "T13: no acr and no sub from a file",
  );
  const abe = await site.look(({ directory }) => directory.find("abe"));
  assert.deepEqual(abe?.roles, [], "M24: no file makes an administrator");
  assert.equal(
    await site.look(async ({ directory }) => (await directory.find("service-account-x"))?.id),
    undefined,
  );
});

test("--phones trust binds what nobody has verified, --phones none binds nothing", async () => {
  const other = await createSite({ config: countries });
  await other.command(["users", "import", fixture("gluu.ldif"), "--phones", "none"]);
  assert.equal((await who("maria", other)).phone, undefined);
  const third = await createSite({ config: countries });
  await third.command(["users", "import", fixture("gluu.ldif"), "--phones", "trust"]);
  assert.equal((await who("olaf", third)).phone, "+4740612345");
});

test("an export is for its owner's eyes, says no hash and no phone unless asked, and comes in again as it was", async () => {
  const plain = join(site.folder, "plain.jsonl");
  assert.match((await site.command(["users", "export", plain])).stdout, /people are in/);
  assert.equal(statSync(plain).mode & 0o777, 0o600);
  assert.ok(!/password_hash|\+34612345678"?,"verified|\$argon2|\{SSHA/.test(readFileSync(plain, "utf8")));
  assert.match((await site.command(["users", "export", plain])).stderr, /is there already/);
  const whole = join(site.folder, "whole.jsonl");
  await site.command(["users", "export", whole, "--with-hashes", "--with-phones"]);
  const other = await createSite({ config: countries });
  assert.equal((await other.command(["users", "import", whole])).code, 0);
  assert.deepEqual(await who("maria", other), await who("maria"));
  assert.equal(
    (await who("kim", other)).password,
    "right",
    "also with the hash that has replaced the old one",
  );
});

test("what a provisioning client calls a person goes out and comes in; without its client, or when taken, it does not", async () => {
  const file = join(site.folder, "external.jsonl");
  const lines = [
    { id: "x-1", username: "xenia", external_id: "1001", external_client: "okta" },
    { id: "x-2", username: "xaver", external_id: "1001", external_client: "payroll" },
    { id: "x-3", username: "ximena", external_id: "1002" },
    { id: "x-4", username: "xi", external_id: "9".repeat(301), external_client: "okta" },
    { id: "x-5", username: "xu", external_id: "1001", external_client: "okta" },
  ];
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  for (const more of [["--dry-run"], []]) {
    const { code, stderr } = await take(file, ...more);
    assert.equal(code, 1, "one is refused");
    assert.match(stderr, /external\.jsonl:5: the external_id "1001" of "okta" belongs to somebody else/);
    assert.match(stderr, /external\.jsonl:3: external_id is left out: external_client has to say/);
    assert.match(stderr, /external\.jsonl:4: external_id is left out: .* longer than 300 characters/);
    assert.match(stderr, /5 people read\. 4 (would be )?added/);
  }
  const out = join(site.folder, "external-out.jsonl");
  await site.command(["users", "export", out]);
  const other = await createSite({ config: countries });
  await other.command(["users", "import", out]);
  const externals = (where: typeof site) =>
    where.look(async ({ directory }) => {
      const found = await Promise.all(["x-1", "x-2", "x-3", "x-4"].map((id) => directory.get(id)));
      return found.map((user) => user?.external);
    });
  const expected = [{ client: "okta", id: "1001" }, { client: "payroll", id: "1001" }, undefined, undefined];
  assert.deepEqual(await externals(site), expected);
  assert.deepEqual(await externals(other), expected);
});

/** Many people without passwords that take time; phones for every tenth. */
async function large(file: string, count: number): Promise<string> {
  const out = createWriteStream(file);
  for (let n = 0; n < count; n += 1) {
    const phone =
      n % 10 === 0 ? `,"phone":"+44791${String(1_000_000 + n).slice(-7)}","phone_verified":true` : "";
    const line = `{"id":"p-${n}","username":"person-${n}","email":"p${n}@example.org","given_name":"Given","family_name":"Family","password_hash":"{SSHA}+RFhsaRQ4yPX7tPTpvq3Ezw6B71hYmNk"${phone}}\n`;
    if (!out.write(line)) await new Promise<void>((resolve) => out.once("drain", () => resolve()));
  }
  await new Promise<void>((resolve) => out.end(() => resolve()));
  return file;
}

const count = (where: typeof site) =>
  where.look(
    async ({ directory }) => (await directory.list({ sortBy: "inum", limit: 1, total: true })).total ?? 0,
  );

test("S20: a run that is killed in the middle is run again, and nobody is missing, twice or without their phone", async () => {
  const other = await createSite({ config: countries });
  const file = await large(join(other.folder, "large.jsonl"), 6_000);
  await other.look(async () => {});
  const program = startProgram(["users", "import", file, "--config", other.write(9)]);
  await until(program, async () => ((await count(other)) >= 500 ? true : undefined));
  await program.end("SIGKILL");
  const left = await count(other);
  assert.ok(left >= 500 && left < 6_000, `killed in the middle: ${left}`);
  const again = await other.command(["users", "import", file]);
  assert.match(again.stdout, new RegExp(`${6_000 - left} added, .*; ${left} were there already; 0 refused`));
  const phones = await other.look(async ({ authenticators }) => {
    let with_ = 0;
    for (let n = 0; n < 6_000; n += 10) with_ += (await authenticators.list(`p-${n}`, "sms")).length;
    return with_;
  });
  assert.equal(phones, 600);
});

test("memory does not grow with the file: ten times the people take no more of it", async () => {
  const other = await createSite({ config: countries });
  const peak = async (people: number) => {
    const file = await large(join(other.folder, `${people}.jsonl`), people);
    const program = startProgram(["users", "import", file, "--dry-run", "--config", other.write(9)]);
    let most = 0;
    let ended = false;
    void program.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      try {
        const status = readFileSync(`/proc/${program.pid}/status`, "utf8");
        most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {
        // It has just ended, or this system has no /proc.
      }
      await sleep(20);
    }
    return most / 1024;
  };
  const [small, big] = [await peak(4_000), await peak(40_000)];
  assert.ok(big < 300, `${big} MB`);
  assert.ok(big < small + 100, `${small} MB, then ${big} MB`);
});

test("hostile files end with a sentence and a line, and change nothing", async () => {
  const other = await createSite({ config: countries });
  const long = "x".repeat(1_200_000);
  const deep = `${"[".repeat(50_000)}`;
  const files: Readonly<Record<string, string | Buffer>> = {
    "long.jsonl": `{"username":"${long}"}\n{"id":"../../x","username":"path"}\n{"username":"nul\\u0000"}\n{"__proto__":{"username":"x"}}\n[]\nnull\n`,
    "deep.json": `{"users":[{"username":"a","attributes":${deep}`,
    "cut.json": '{"realm":"x","users":[{"username":"a"',
    "binary.ldif": Buffer.concat([Buffer.from("dn: x\nuid: "), Buffer.from([0xff, 0xfe, 0x0a])]),
    "base64.ldif": "dn: x\nobjectClass: gluuPerson\nuid:: !!!!\n",
    "order.ldif": "version: 1\nuid: first\n\n continued\n",
    "quotes.csv": 'username,email\n"never ends,x\n',
    "columns.csv": "username,roles,is_admin\nx,admin,1\n",
    "empty.csv": "",
    "control.jsonl": '{"username":"a\\u001b[2J"}\n{"username":"rl\\u202eo"}\n',
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(other.folder, name);
    writeFileSync(file, text);
    const { code, stderr, stdout } = await other.command(["users", "import", file]);
    assert.equal(code, 1, `${name}: ${stdout}${stderr}`);
    assert.ok(!/\n\s+at /.test(stderr), `${name}: no stack: ${stderr.slice(0, 500)}`);
    assert.ok(!stderr.includes("\u001b["), "nothing a terminal would act on");
    assert.ok(stderr.length < 4_000, `${name}: ${stderr.length}`);
  }
  assert.equal(await count(other), 0);
  const missing = await other.command(["users", "import", "/nowhere/people.ldif"]);
  assert.match(missing.stderr, /\/nowhere\/people\.ldif cannot be read \(ENOENT\)/);
});

test("S20: --update changes what the file says otherwise, never phone, password, rights or a closed account; a trial run says what", async () => {
  const here = await createSite({ config: countries });
  const file = join(here.folder, "people.jsonl");
  const write = (...people: Record<string, unknown>[]) =>
    writeFileSync(file, people.map((one) => JSON.stringify(one)).join("\n"));
  const base = {
    id: "p-1",
    username: "mona",
    claims: { name: "Mona", email: "mona@example.org", email_verified: true },
  };
  write(
    base,
    { id: "p-2", username: "nils", claims: { name: "Nils" } },
    { id: "p-3", username: "olga", claims: {} },
  );
  const run = async (...more: string[]) => {
    const { stdout, stderr } = await here.command(["users", "import", file, ...more]);
    return stdout + stderr;
  };
  assert.match(await run(), /3 added/);
  const people = () =>
    here.look(async ({ directory }) => Promise.all(["p-1", "p-2", "p-3"].map((id) => directory.get(id))));
  await here.look(async ({ directory }) => {
    await directory.write?.setStatus("p-2", "disabled");
    await directory.write?.setRoles("p-3", ["helpdesk"]);
    await directory.write?.setClaims("p-1", { ...base.claims, nickname: "Mo" });
  });
  write(
    { ...base, username: "mona2", claims: { name: "Mona L.", email: "other@example.org" } },
    { id: "p-2", username: "nils", active: true, claims: { name: "Nils" } },
    { id: "p-3", username: "olga", claims: { name: "Olga" } },
  );
  const trial = await run("--update", "--dry-run");
  assert.match(trial, /:1: "mona": .*name.*email.*username/);
  assert.match(trial, /:3: "olga" has a role/);
  assert.match(trial, /3 were there already, 1 of them would be changed/);
  assert.equal((await people())[0]?.username, "mona");
  assert.match(await run(), /3 were there already; 0 refused/, "without the word nobody is changed");
  assert.match(await run("--update"), /1 of them changed/);
  const [mona, nils, olga] = await people();
  assert.equal(mona?.username, "mona2");
  assert.deepEqual(mona?.claims, { name: "Mona L.", email: "other@example.org", nickname: "Mo" });
  assert.equal(nils?.status, "disabled", "whoever was closed here stays closed");
  assert.deepEqual(olga?.claims, {});
  const again = await run("--update");
  assert.match(again, /3 were there already; 0 refused/, "a second run changes nothing");
});
