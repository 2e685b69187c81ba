/** The directory in LDAP against a real Active Directory domain controller (Samba's): by a preset and nothing else. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import type { LdapDirectory } from "../../src/plugins/directories/ldap/directory.ts";
import { openLdap } from "../kit/ldap.ts";
import { AD_BASE, AD_PEOPLE, AD_ROOT, noSamba, type Samba, startSamba } from "../kit/samba.ts";
import { PASSWORD } from "./directory-read.ts";

const NEXT = "another pair of doors";

describe("Directory on Active Directory", { skip: noSamba }, () => {
  let ad: Samba;
  let directory: LdapDirectory;
  let skew = 0;
  const later = () => {
    skew += 31_000;
  };
  before(async () => {
    ad = await startSamba();
    directory = await openLdap(
      ad,
      {
        preset: "active-directory",
        base: AD_PEOPLE,
        bind_dn: AD_ROOT.dn,
        bind_password: new Secret(AD_ROOT.password),
        decoy_dn: undefined,
        ca: ad.ca,
        phone: { write: true },
      },
      { now: () => Date.now() + skew },
    );
  });
  after(async () => {
    directory?.close();
    await ad?.close();
  });

  const dnOf = (name: string) => `CN=${name},${AD_PEOPLE}`;
  async function add(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    await ad.manage(async (client) => {
      await client.add(dnOf(name), {
        objectClass: ["top", "person", "organizationalPerson", "user"],
        sAMAccountName: name,
        userPrincipalName: `${name}@example.org`,
        userAccountControl: "514",
        ...more,
      });
    });
    const { id = "" } = (await directory.find(name)) ?? {};
    assert.deepEqual(await directory.write.setPassword(id, new Secret(PASSWORD)), { kind: "done" });
    await ad.replace(dnOf(name), "userAccountControl", "512");
    later();
    return id;
  }
  const check = async (name: string, password = PASSWORD) =>
    (await directory.checkPassword(name, new Secret(password))).kind;
  const change = (id: string, present: string, next: string) =>
    directory.write.changeOwn?.(id, new Secret(present), new Secret(next));

  it("binds, by either of its names; right, wrong, unknown; ids are objectGUID and stay through a rename", async () => {
    const id = await add("ada", { displayName: "Ada", givenName: "Ada", mail: "ada@example.org" });
    assert.match(id, /^corp\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(await check("ada"), "right");
    assert.equal(await check("ADA@example.org"), "right");
    assert.equal(await check("ada", "wrong one"), "wrong");
    assert.equal(await check("nobody"), "unknown");
    assert.deepEqual((await directory.get(id))?.claims, {
      name: "Ada",
      given_name: "Ada",
      email: "ada@example.org",
    });
    await ad.replace(dnOf("ada"), "sAMAccountName", "lovelace");
    later();
    assert.equal((await directory.find("lovelace"))?.id, id);
    assert.equal((await directory.get(id))?.username, "lovelace");
  });

  it("P17: userAccountControl and accountExpires close an account, in what it says of a bind and in the entry", async () => {
    await add("bert");
    await ad.replace(dnOf("bert"), "userAccountControl", "514");
    later();
    assert.equal((await directory.find("bert"))?.status, "disabled");
    assert.equal(await check("bert"), "disabled");
    await ad.replace(dnOf("bert"), "userAccountControl", "512");
    await ad.replace(dnOf("bert"), "accountExpires", "132000000000000000");
    later();
    assert.equal(await check("bert"), "disabled");
    assert.equal((await directory.find("bert"))?.status, "disabled");
  });

  it("P17: pwdLastSet=0 has to be changed: by the present password alone, by its policy, and then not again", async () => {
    const id = await add("cleo");
    await ad.replace(dnOf("cleo"), "pwdLastSet", "0");
    later();
    assert.equal(await check("cleo"), "must-change");
    assert.equal(await check("cleo", "wrong one"), "wrong");
    assert.deepEqual(await change(id, "wrong one", NEXT), { kind: "wrong" });
    const refused = await change(id, PASSWORD, "short");
    assert.equal(refused?.kind, "password-refused");
    assert.match(refused?.kind === "password-refused" ? refused.why : "", /^the directory says: .*too short/);
    assert.deepEqual(await change(id, PASSWORD, NEXT), { kind: "done" });
    assert.equal(await check("cleo", NEXT), "right");
    assert.equal(await check("cleo"), "wrong");
    assert.deepEqual(await change(id, NEXT, NEXT), {
      kind: "password-refused",
      why: "the directory says: the password was already used (previous password)!",
    });
  });

  it("P13, P17: a lock after wrong passwords stops sign-ins", async () => {
    await ad.replace(AD_BASE, "lockoutThreshold", "3");
    await add("dora");
    for (let n = 0; n < 3; n += 1) assert.equal(await check("dora", "wrong one"), "wrong");
    assert.equal(await check("dora"), "disabled");
    await ad.replace(dnOf("dora"), "lockoutTime", "0");
    assert.equal(await check("dora"), "right");
    await ad.replace(AD_BASE, "lockoutThreshold", "0");
  });

  it("a phone is written to mobile, and taken away by its value", async () => {
    const id = await add("ed");
    await directory.phones(id)?.add(new PhoneNumber("+447911123477"));
    const numbers = async () => {
      later();
      await directory.find("ed");
      return directory.phones(id)?.seen()?.numbers;
    };
    assert.deepEqual(await numbers(), ["+447911123477"]);
    await directory.phones(id)?.remove("+447911123477");
    assert.deepEqual(await numbers(), []);
  });
});
