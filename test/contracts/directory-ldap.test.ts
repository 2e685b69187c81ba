/** The directory in LDAP against Debian's slapd: the contract of those who read, and what only a real server can show. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { Attribute, Change, Client } from "ldapts";
import type { Breakage } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import type { LdapDeps, LdapDirectory } from "../../src/plugins/directories/ldap/directory.ts";
import { openLink } from "../../src/plugins/directories/ldap/link.ts";
import { selfSigned } from "../kit/certificate.ts";
import { freePort } from "../kit/free-port.ts";
import { openLdap } from "../kit/ldap.ts";
import {
  BASE,
  noSlapd,
  PASSWORD,
  PEOPLE,
  person,
  ROOT,
  type Slapd,
  type SlapdOptions,
  startSlapd,
} from "../kit/slapd.ts";
import { readingContract } from "./directory-read.ts";

const right = (directory: LdapDirectory, name = "ada", password = PASSWORD) =>
  directory.checkPassword(name, new Secret(password));

describe("Directory on slapd", { skip: noSlapd }, () => {
  let slapd: Slapd;
  let directory: LdapDirectory;
  let root: Client;
  let skew = 0;
  const complaints: string[] = [];
  before(async () => {
    slapd = await startSlapd();
    directory = await openLdap(
      slapd,
      {},
      { now: () => Date.now() + skew, complain: (text) => complaints.push(text) },
    );
    root = new Client({ url: slapd.url });
    await root.bind(ROOT.dn, ROOT.password);
  });
  after(async () => {
    directory?.close();
    await root?.unbind();
    await slapd?.close();
  });
  const later = async () => {
    skew += 31_000;
  };
  const dns = new Map<string, string>();
  let count = 0;

  readingContract({
    directory: () => directory,
    async add(username, { claims = {}, password = new Secret(PASSWORD) } = {}) {
      const { name, given_name: given, family_name: family, email } = claims;
      count += 1;
      const dn = `employeeNumber=${count},${PEOPLE}`;
      await root.add(dn, {
        objectClass: ["inetOrgPerson"],
        uid: username,
        cn:
          String(name ?? [given, family].filter((one) => one !== undefined).join(" ") ?? username) ||
          username,
        sn: String(family ?? username),
        ...(given === undefined ? {} : { givenName: String(given) }),
        ...(email === undefined ? {} : { mail: String(email) }),
        userPassword: password.reveal().normalize("NFC"),
      });
      const user = await directory.find(username);
      assert.ok(user, username);
      dns.set(user.id, dn);
      return user;
    },
    setStatus: ({ id }, status) =>
      root.modify(
        dns.get(id) ?? "",
        new Change({
          operation: "replace",
          modification: new Attribute({
            type: "pwdAccountLockedTime",
            values: status === "disabled" ? ["000001010000Z"] : [],
          }),
        }),
      ),
    later,
  });
});

/** One story over a slapd of its own. */
const story = (
  name: string,
  options: SlapdOptions,
  tell: (
    slapd: Slapd,
    open: (over?: Record<string, unknown>, deps?: Partial<LdapDeps>) => Promise<LdapDirectory>,
  ) => Promise<void>,
) =>
  it(name, { skip: noSlapd }, async () => {
    const slapd = await startSlapd(options);
    const opened: LdapDirectory[] = [];
    try {
      await tell(slapd, async (over, deps) => {
        const directory = await openLdap(slapd, over, deps);
        opened.push(directory);
        return directory;
      });
    } finally {
      for (const { close } of opened) close();
      await slapd.close();
    }
  });

const isDown = (error: Breakage): boolean => {
  assert.equal(error.code, "directory-unavailable");
  assert.ok(!inspect(error, { depth: 9 }).includes(PASSWORD), "no password in what is logged");
  return true;
};

const ada = person("ada", { mail: "ada@example.org" });

story(
  "P16, M26: whatever is typed as a name is a value: nothing in it is an operator, a wildcard or the end of a filter",
  { ldif: ada + person("*)(uid=*") + person("a\\2ab") },
  async (slapd, open) => {
    const directory = await open({ filter: "(|(uid={username})(mail={username}))" });
    const corpus = [
      "*",
      "a*",
      "*)(uid=*))(|(uid=*",
      "*)(objectClass=*",
      "ada)(&)",
      "ada)(|(uid=ada",
      "ada))(|(uid=*",
      "(uid=ada)",
      "\\61da",
      "\\2a",
      "a\\64a",
      "ada\u0000",
      "\u0000",
      "ada\u0000)(uid=*",
      "uid=ada",
      `uid=ada,${PEOPLE}`,
      "ada,ou=people",
      "ada+uid=ada",
      "ada;x",
      "ada#",
      '"ada"',
      "<ada>",
      "&",
      "|",
      "!",
      "~=ada",
      ">=a",
      "{username}",
      "x".repeat(100_000),
    ];
    for (const name of corpus) {
      assert.equal(await directory.find(name), undefined, JSON.stringify(name.slice(0, 40)));
      assert.equal((await right(directory, name)).kind, "unknown", JSON.stringify(name.slice(0, 40)));
    }
    assert.equal((await directory.find("*)(UID=*"))?.username, "*)(uid=*", "a name like that is a name");
    assert.equal((await right(directory, "a\\2ab")).kind, "right");
    assert.equal((await right(directory, "ADA@example.org")).kind, "right");
    for (const id of ["*", "corp.*", "corp.*)(uid=*", "corp.", "corp.\u0000", "corp.a)(b", "ada"])
      assert.equal(await directory.get(id), undefined, id);
    assert.ok(
      (await slapd.operations()).every((line) => !line.includes("uid=*)")),
      "no wildcard has reached the server",
    );
  },
);

story(
  "P16: an empty password binds nobody, and is not even sent; an entry without a password is nobody's way in",
  { ldif: ada + person("bare", { userPassword: [] }) },
  async (slapd, open) => {
    const directory = await open();
    for (const password of ["", "\u0000", `\u0000${PASSWORD}`, `${PASSWORD}\u0000`, "\ud800"])
      assert.equal((await right(directory, "ada", password)).kind, "wrong");
    assert.deepEqual(
      (await slapd.operations()).filter((line) => line.includes("BIND")),
      [],
    );
    assert.equal((await right(directory, "bare", "x")).kind, "wrong");
    assert.equal((await right(directory)).kind, "right");
  },
);

story(
  "M26: a referral is not followed, neither in a search nor to another server",
  { ldif: ada },
  async () => {
    let connections = 0;
    const other = createServer(() => {
      connections += 1;
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const slapd = await startSlapd({
      ldif: `${ada}dn: ou=far,${PEOPLE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\nref: ldap://127.0.0.1:${port}/ou=far,${PEOPLE}\n\n`,
    });
    try {
      const directory = await openLdap(slapd);
      assert.equal((await right(directory)).kind, "right");
      assert.equal(await directory.find("elsewhere"), undefined);
      const far = await openLdap(slapd, { base: `ou=far,${PEOPLE}` });
      await assert.rejects(far.find("ada"));
      far.close();
      assert.equal(connections, 0);
      directory.close();
    } finally {
      await slapd.close();
      other.close();
    }
  },
);

story(
  "M26: an answer of many megabytes ends its connection and nothing else; what is too long for a claim is none",
  {
    ldif:
      ada +
      person("huge", { description: "x".repeat(5 << 20) }) +
      person("long", { description: "x".repeat(1500), mail: "long@example.org" }),
  },
  async (_slapd, open) => {
    const directory = await open({ claims: { profile: "description" } });
    await assert.rejects(directory.find("huge"), isDown);
    assert.equal((await right(directory)).kind, "right");
    assert.deepEqual((await directory.find("long"))?.claims, {
      name: "long",
      family_name: "long",
      email: "long@example.org",
    });
  },
);

story(
  "S16: a server that is killed lets nobody in, is left alone for a moment, and serves again when it is back",
  { ldif: ada },
  async (slapd, open) => {
    let skew = 0;
    const directory = await open({}, { now: () => Date.now() + skew });
    assert.equal((await right(directory)).kind, "right");
    const said = async () => (await directory.check?.())?.map(({ level }) => level);
    assert.deepEqual(await said(), ["ok"]);
    await slapd.kill();
    for (let round = 0; round < 4; round += 1) await assert.rejects(right(directory), isDown);
    assert.equal(directory.isUp(), false);
    assert.deepEqual(await said(), ["error"], "a self-check says so");
    await slapd.restart();
    await assert.rejects(right(directory), isDown, "not asked again at once");
    skew += 40_000;
    assert.equal((await right(directory)).kind, "right");
    assert.equal(directory.isUp(), true);
  },
);

story(
  "S16: a server that hangs holds nobody longer than the configured time, and after that nobody at all",
  { ldif: ada },
  async (slapd, open) => {
    const directory = await open({ operation_seconds: 1, connect_seconds: 1, connections: 2 });
    assert.equal((await right(directory)).kind, "right");
    await slapd.pause();
    const waiting = await Promise.allSettled(Array.from({ length: 12 }, () => right(directory)));
    assert.ok(waiting.every(({ status }) => status === "rejected"));
    assert.equal(directory.isUp(), false);
    slapd.resume();
  },
);

for (const way of ["in clear", "by StartTLS"])
  story(
    `a connection that the server closed meanwhile is no failure, ${way}`,
    { ldif: ada, tls: selfSigned("localhost", "127.0.0.1") },
    async (slapd, open) => {
      const directory = await open(
        way === "in clear" ? {} : { start_tls: true, ca: slapd.ca, operation_seconds: 30 },
      );
      for (let round = 0; round < 4; round += 1) {
        assert.equal((await right(directory)).kind, "right");
        await slapd.kill();
        await slapd.restart();
      }
      assert.equal(directory.isUp(), true);
    },
  );

const tls = selfSigned("localhost", "127.0.0.1");
const saysBind = async (slapd: Slapd) => /BIND dn=/.test(await slapd.log());

story(
  "M26: nothing is said to a server whose certificate does not verify, by ldaps or StartTLS",
  { ldif: ada, tls },
  async (slapd, open) => {
    for (const url of [slapd.url, slapd.secureUrl])
      for (const over of [{}, { ca: slapd.ca, tls_name: "other.example.org" }]) {
        const directory = await open({ urls: [url], start_tls: true, ...over });
        await assert.rejects(right(directory), isDown);
      }
    assert.equal(await saysBind(slapd), false, "not even the reader's bind");
    for (const url of [slapd.url, slapd.secureUrl])
      assert.equal((await right(await open({ urls: [url], start_tls: true, ca: slapd.ca }))).kind, "right");
    assert.ok(/TLS established/.test(await slapd.log()));
  },
);

story(
  "M26: a connection that was turned into TLS and has ended does not come back in clear",
  { ldif: ada, tls },
  async (slapd) => {
    const limits = { start_tls: true, tls_name: undefined, connect_seconds: 2, operation_seconds: 2 };
    const link = await openLink(slapd.url, limits, tls.cert);
    await link.bind(`uid=ada,${PEOPLE}`, PASSWORD);
    await slapd.kill();
    await slapd.restart();
    const before = (await slapd.log()).length;
    await assert.rejects(link.bind(`uid=ada,${PEOPLE}`, PASSWORD), isDown);
    assert.ok(!/BIND dn="uid=ada/.test((await slapd.log()).slice(before)), "no password went out");
    link.close();
  },
);

story("M26: where StartTLS is stripped, nothing is sent in clear", { ldif: ada }, async (slapd, open) => {
  const directory = await open({ start_tls: true });
  await assert.rejects(right(directory), isDown);
  assert.equal(await saysBind(slapd), false);
});

story(
  "several URLs: the next one is asked where one is dead, and the dead one last for a while",
  { ldif: ada },
  async (slapd, open) => {
    const dead = `ldap://127.0.0.1:${await freePort()}`;
    const directory = await open({ urls: [dead, slapd.url] });
    assert.equal((await right(directory)).kind, "right");
    assert.equal(directory.isUp(), true);
  },
);

const closed = (uid: string, more: Record<string, string>, objectClass: string) =>
  person(uid, { objectClass, ...more });

story(
  "P17: closed, locked and expired accounts are seen, in the words of every make",
  {
    ldif: [
      closed("locked389", { nsAccountLock: "true" }, "sallyportPerson"),
      closed("open389", { nsAccountLock: "false" }, "sallyportPerson"),
      closed("expired", { shadowExpire: "1000" }, "sallyportPerson"),
      closed("lasting", { shadowExpire: "99999" }, "sallyportPerson"),
      closed("never", { shadowExpire: "-1" }, "sallyportPerson"),
      closed("adOff", { userAccountControl: "514" }, "user"),
      closed("adOn", { userAccountControl: "512", accountExpires: "9223372036854775807" }, "user"),
      closed("adOver", { userAccountControl: "512", accountExpires: "132223104000000000" }, "user"),
      closed("jansOff", { jansStatus: "inactive" }, "jansPerson"),
      closed("jansOn", { jansStatus: "active" }, "jansPerson"),
      person("left", { employeeType: "Former" }),
    ].join(""),
  },
  async (_slapd, open) => {
    const directory = await open({ disabled: { attribute: "employeeType", values: ["former"] } });
    for (const name of ["locked389", "expired", "adOff", "adOver", "jansOff", "left"]) {
      assert.equal((await directory.find(name))?.status, "disabled", name);
      assert.equal((await right(directory, name)).kind, "disabled", name);
    }
    for (const name of ["open389", "lasting", "never", "adOn", "jansOn"])
      assert.equal((await right(directory, name)).kind, "right", name);
  },
);

story(
  "P13, P17: a lock that wrong guesses brought on stops sign-ins and ends nobody's sessions; one for good ends them",
  { ldif: ada },
  async (slapd, open) => {
    const directory = await open();
    for (let round = 0; round < 10; round += 1)
      assert.equal((await right(directory, "ada", "wrong one")).kind, "wrong");
    assert.equal((await right(directory)).kind, "disabled");
    assert.equal((await directory.find("ada"))?.status, "active");
    await slapd.change(`uid=ada,${PEOPLE}`, { pwdAccountLockedTime: "000001010000Z" });
    assert.equal((await directory.find("ada"))?.status, "disabled");
  },
);

story(
  "P17: a password that has to be changed opens nothing, and only whoever has it learns so",
  { ldif: ada },
  async (slapd, open) => {
    const directory = await open();
    await slapd.change(`uid=ada,${PEOPLE}`, { pwdReset: "TRUE" });
    assert.equal((await right(directory)).kind, "must-change");
    assert.equal((await right(directory, "ada", "wrong one")).kind, "wrong");
  },
);

story(
  "P17: changed by the person it counts as theirs: by the present one alone, and not to be changed again",
  { ldif: ada },
  async (slapd, open) => {
    const directory = await open();
    const { id = "" } = (await directory.find("ada")) ?? {};
    await slapd.change(`uid=ada,${PEOPLE}`, { pwdReset: "TRUE" });
    const change = (present: string, next: string) =>
      directory.write.changeOwn?.(id, new Secret(present), new Secret(next));
    assert.deepEqual(await change("wrong one", "another pair of doors"), { kind: "wrong" });
    assert.deepEqual(await change("", "another pair of doors"), { kind: "wrong" });
    const refused = await change(PASSWORD, "short");
    assert.match(
      refused?.kind === "password-refused" ? refused.why : "",
      /directory says: .*(short|quality)/i,
    );
    assert.deepEqual(await change(PASSWORD, "another pair of doors"), { kind: "done" });
    assert.equal((await right(directory, "ada", "another pair of doors")).kind, "right");
    assert.deepEqual(await change(PASSWORD, "a third pair of doors"), { kind: "wrong" });
    assert.deepEqual(
      await directory.write.changeOwn?.(
        "corp.nobody",
        new Secret(PASSWORD),
        new Secret("another pair of doors"),
      ),
      { kind: "unknown-user" },
    );
  },
);

story(
  "P17: a password that is over and taken some times more is to be changed now; one that is over for good is changed for them",
  { ldif: ada },
  async (slapd, open) => {
    const directory = await open();
    const { id = "" } = (await directory.find("ada")) ?? {};
    const aged = (grace: string) =>
      slapd.change(`cn=policy,${BASE}`, { pwdMaxAge: "1", pwdGraceAuthNLimit: grace });
    await aged("5");
    await directory.write.setPassword(id, new Secret(PASSWORD));
    await slapd.change(`uid=ada,${PEOPLE}`, { userPassword: PASSWORD });
    await slapd.change(`uid=ada,${PEOPLE}`, { pwdReset: [] });
    await pause(2_100);
    assert.equal((await right(directory)).kind, "must-change");
    await aged("0");
    assert.equal((await right(directory)).kind, "must-change");
    assert.equal((await right(directory, "ada", "wrong one")).kind, "wrong");
    const change = (present: string) =>
      directory.write.changeOwn?.(id, new Secret(present), new Secret("another pair of doors"));
    assert.deepEqual(await change("wrong one"), { kind: "wrong" });
    assert.deepEqual(await change(PASSWORD), { kind: "done" });
    await slapd.change(`cn=policy,${BASE}`, { pwdMaxAge: "0" });
    assert.notEqual((await right(directory, "ada", "another pair of doors")).kind, "wrong");
  },
);

story(
  "a new password goes through the directory, whose policy refuses in its own words",
  { ldif: ada },
  async (_slapd, open) => {
    const directory = await open();
    const { id = "" } = (await directory.find("ada")) ?? {};
    const refused = await directory.write.setPassword(id, new Secret("short"));
    assert.equal(refused.kind, "password-refused");
    assert.match(
      refused.kind === "password-refused" ? refused.why : "",
      /the directory says: .*(short|quality)/i,
    );
    assert.deepEqual(await directory.write.setPassword(id, new Secret("another pair of doors")), {
      kind: "done",
    });
    assert.equal((await right(directory)).kind, "wrong");
    assert.notEqual((await right(directory, "ada", "another pair of doors")).kind, "wrong");
    assert.deepEqual(await directory.write.rename(id, "eve"), { kind: "kept-elsewhere" });
    assert.deepEqual(await directory.write.setPassword("corp.nobody", new Secret("another pair of doors")), {
      kind: "unknown-user",
    });
  },
);

story(
  "other makes by a preset and nothing else: their attributes, their ids, and a sub that survives a rename",
  {
    ldif: [
      person("x1", {
        objectClass: "user",
        objectCategory: "person",
        sAMAccountName: "Grace",
        userPrincipalName: "grace@corp.example",
        displayName: "Grace Hopper",
        objectGUID: Buffer.from("00112233445566778899aabbccddeeff", "hex").toString("latin1"),
        whenChanged: "20260102030405.0Z",
        whenCreated: "20250102030405.0Z",
        memberOf: `cn=Admins, ou=groups,${BASE}`,
      }).replace(
        /objectGUID:.*/,
        `objectGUID:: ${Buffer.from("00112233445566778899aabbccddeeff", "hex").toString("base64")}`,
      ),
      person("lin", { objectClass: "sallyportPerson", nsUniqueId: "2f1c-1dd2-11b2-8f6a" }),
      person("jan", {
        objectClass: "jansPerson",
        inum: "6122281b-b55d",
        displayName: "Jan J",
        mail: "jan@example.org",
      }),
    ].join(""),
  },
  async (slapd, open) => {
    const ad = await open({
      preset: "active-directory",
      name: "ad",
      roles: { admin: [`CN=admins,OU=groups,${BASE}`] },
    });
    const grace = await ad.find("GRACE@corp.example");
    assert.deepEqual(grace, {
      id: "ad.33221100-5544-7766-8899-aabbccddeeff",
      username: "Grace",
      status: "active",
      roles: ["admin"],
      createdAt: Date.UTC(2025, 0, 2, 3, 4, 5),
      updatedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      version: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      claims: { name: "Grace Hopper", family_name: "x1" },
    });
    assert.deepEqual(await (await open({ preset: "active-directory", name: "ad" })).get(grace?.id ?? ""), {
      ...grace,
      roles: [],
    });
    assert.equal((await right(ad, "grace")).kind, "right");
    const ds = await open({ preset: "389ds", name: "ds" });
    assert.equal((await ds.find("lin"))?.id, "ds.2f1c-1dd2-11b2-8f6a");
    const jans = await open({ preset: "janssen", name: "jans", subject_prefix: "" });
    const jan = await jans.find("jan");
    assert.deepEqual([jan?.id, jan?.claims.name], ["6122281b-b55d", "Jan J"]);
    await slapd.change(`uid=jan,${PEOPLE}`, { displayName: "Jan K" });
    assert.equal((await jans.find("jan"))?.id, "6122281b-b55d");
    assert.equal(await jans.find("lin"), undefined, "who is no jansPerson is nobody there");
  },
);

story(
  "names with a suffix: only those are looked for, and people are shown with it",
  { ldif: ada },
  async (_slapd, open) => {
    const directory = await open({ username_suffix: "@corp.example" });
    assert.equal(await directory.find("ada"), undefined);
    assert.equal(await directory.find("@corp.example"), undefined);
    assert.equal((await directory.find("ADA@corp.example"))?.username, "ada@corp.example");
    assert.equal((await right(directory, "ada@corp.example")).kind, "right");
  },
);

story(
  "two entries of one name are nobody until one is renamed, and the operator is told",
  {
    ldif:
      ada +
      person("x2", { uid: "ADA" })
        .replace("uid=ADA", "employeeNumber=2")
        .replace(/dn: uid=x2/, "dn: cn=x2"),
  },
  async (_slapd, open) => {
    const complaints: string[] = [];
    const directory = await open({}, { complain: (text) => complaints.push(text) });
    assert.equal(await directory.find("ada"), undefined);
    assert.match(complaints.join(), /two entries have one username/);
  },
);

for (const people of [10, 100_000])
  story(
    `a sign-in is one search and one bind among ${people} people, and so is one of nobody`,
    { ldif: ada + Array.from({ length: people }, (_, n) => person(`p${n}`)).join("") },
    async (slapd, open) => {
      const directory = await open();
      for (const name of ["ada", "p7", "nobody"]) {
        const before = (await slapd.operations()).length;
        const found = await directory.find(name);
        await right(directory, name);
        if (found !== undefined) for (let round = 0; round < 5; round += 1) await directory.get(found.id);
        assert.equal((await slapd.operations()).length - before, 2, name);
      }
    },
  );
