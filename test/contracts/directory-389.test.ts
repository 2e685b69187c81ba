/** The directory in LDAP against a real 389 Directory Server: another make, by a preset and nothing else. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Attribute, Change } from "ldapts";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import type { LdapDirectory } from "../../src/plugins/directories/ldap/directory.ts";
import { type Ds389, no389, startDs389 } from "../kit/ds389.ts";
import { openLdap } from "../kit/ldap.ts";
import { PEOPLE } from "../kit/slapd.ts";
import { PASSWORD, readingContract } from "./directory-read.ts";

describe("Directory on 389 Directory Server", { skip: no389 }, () => {
  let ds: Ds389;
  let directory: LdapDirectory;
  let skew = 0;
  const dns = new Map<string, string>();
  let count = 0;
  const later = async () => {
    skew += 31_000;
  };
  before(async () => {
    ds = await startDs389();
    directory = await openLdap(
      ds,
      { preset: "389ds", phone: { write: true, object_class: "sallyportPerson" } },
      { now: () => Date.now() + skew },
    );
  });
  after(async () => {
    directory?.close();
    await ds?.close();
  });

  async function add(
    username: string,
    {
      claims = {},
      password = new Secret(PASSWORD),
    }: Parameters<Parameters<typeof readingContract>[0]["add"]>[1] = {},
  ) {
    const { name, given_name: given, family_name: family, email } = claims;
    count += 1;
    const dn = `employeeNumber=${count},${PEOPLE}`;
    const full = name ?? [given, family].filter((one) => one !== undefined).join(" ");
    await ds.manage((client) =>
      client.add(dn, {
        objectClass: ["top", "person", "organizationalPerson", "inetOrgPerson"],
        employeeNumber: `${count}`,
        uid: username,
        cn: String(full || username),
        sn: String(family ?? username),
        ...(given === undefined ? {} : { givenName: String(given) }),
        ...(email === undefined ? {} : { mail: String(email) }),
        userPassword: password.reveal().normalize("NFC"),
      }),
    );
    const user = await directory.find(username);
    assert.ok(user, username);
    dns.set(user.id, dn);
    return user;
  }

  const replace = (dn: string, type: string, ...values: string[]) =>
    ds.manage((client) =>
      client.modify(dn, new Change({ operation: "replace", modification: new Attribute({ type, values }) })),
    );
  const check = (username: string, password = PASSWORD) =>
    directory.checkPassword(username, new Secret(password));
  /** It answers before it has written down that a password is to be changed, or no longer is: looked at for a while. */
  const comesTo = async (kind: string, username: string, password: string) => {
    for (let tries = 0; tries < 400 && (await check(username, password)).kind !== kind; tries += 1)
      await pause(50);
    return (await check(username, password)).kind;
  };

  readingContract({
    directory: () => directory,
    add,
    setStatus: ({ id }, status) =>
      replace(dns.get(id) ?? "", "nsAccountLock", ...(status === "disabled" ? ["true"] : [])),
    later,
  });

  it("ids are nsUniqueId, and stay through a rename", async () => {
    const { id } = await add("rita");
    assert.match(id, /^corp\.[0-9a-f]{8}(-[0-9a-f]{8}){3}$/);
    await replace(dns.get(id) ?? "", "uid", "margherita");
    assert.equal((await directory.find("margherita"))?.id, id);
    await later();
    assert.equal((await directory.get(id))?.username, "margherita");
  });

  it("P17: a password that was reset has to be changed; the policy's own words are told", async () => {
    const { id } = await add("reset");
    await replace("cn=config", "passwordMustChange", "on");
    await replace("cn=config", "passwordCheckSyntax", "on");
    await replace("cn=config", "passwordMinLength", "12");
    const refused = await directory.write.setPassword(id, new Secret("short"));
    assert.match(refused.kind === "password-refused" ? refused.why : "", /the directory says: .*password/i);
    await ds.manage((client) =>
      client.modify(
        dns.get(id) ?? "",
        new Change({
          operation: "replace",
          modification: new Attribute({ type: "userPassword", values: ["another pair of Doors 9"] }),
        }),
      ),
    );
    assert.equal(await comesTo("must-change", "reset", "another pair of Doors 9"), "must-change");
    assert.equal((await check("reset", "wrong one")).kind, "wrong");
    const change = (present: string, next: string) =>
      directory.write.changeOwn?.(id, new Secret(present), new Secret(next));
    assert.deepEqual(await change("wrong one", "a third pair of Doors 9"), { kind: "wrong" });
    const short = await change("another pair of Doors 9", "short");
    assert.match(short?.kind === "password-refused" ? short.why : "", /the directory says: .*password/i);
    assert.deepEqual(await change("another pair of Doors 9", "a third pair of Doors 9"), { kind: "done" });
    assert.equal(await comesTo("right", "reset", "a third pair of Doors 9"), "right", "and not again");
    await replace("cn=config", "passwordMustChange", "off");
  });

  it("a number is written with its object class, in one modify, and taken away by its value", async () => {
    const { id } = await add("newt");
    const book = directory.phones(id);
    await book?.add(new PhoneNumber("+447911123477"));
    const values = () =>
      ds.manage(async (client) => {
        const { searchEntries } = await client.search(dns.get(id) ?? "", {
          scope: "base",
          attributes: ["phoneNumberVerified"],
        });
        return [searchEntries[0]?.phoneNumberVerified ?? []].flat().map(String);
      });
    assert.deepEqual(await values(), ["+447911123477"]);
    await book?.add(new PhoneNumber("+447911123478"));
    assert.deepEqual(await values(), ["+447911123478"]);
    await replace(dns.get(id) ?? "", "phoneNumberVerified", "+447911123499");
    await assert.rejects(async () => book?.add(new PhoneNumber("+447911123400")), { code: "store-conflict" });
    assert.deepEqual(await values(), ["+447911123499"]);
    await directory.find("newt");
    await book?.remove("+447911123499");
    assert.deepEqual(await values(), []);
  });

  it("P13: too many wrong passwords lock a sign-in, and end nobody's sessions", async () => {
    const { id } = await add("lock");
    await replace("cn=config", "passwordLockout", "on");
    await replace("cn=config", "passwordMaxFailure", "3");
    for (let round = 0; round < 4; round += 1) await check("lock", "wrong one");
    assert.equal((await check("lock")).kind, "disabled");
    assert.equal((await directory.get(id))?.status, "active");
  });
});
