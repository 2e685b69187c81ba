/** Many people at once, on both engines: added once, told apart, read page by page, and their old hashes known by form. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { IncomingPerson } from "../../src/core/bulk-people.ts";
import { Secret } from "../../src/core/secret.ts";
import { sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { createForms } from "../../src/plugins/directories/sql/forms.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { engines } from "../kit/stores.ts";

const CHEAP = { memory: 64, passes: 1, lanes: 1 };
/** bcrypt of `U*U` (crypt_blowfish), and an SSHA of `secret`. */
const BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const SSHA = "{SSHA}+RFhsaRQ4yPX7tPTpvq3Ezw6B71hYmNk";
const person = (id: string, username: string, hash?: string): IncomingPerson => ({
  id,
  username,
  hash,
  status: "active",
  claims: { email: `${id}@example.org` },
});

for (const engine of engines) {
  const story = (name: string, tell: (store: SqlStore) => Promise<void>) =>
    it(`${name} (${engine.name})`, { skip: engine.skip }, async () => {
      const place = await engine.place();
      const store = await place.open(sqlDirectory.migrations);
      try {
        await tell(store);
      } finally {
        await store.close();
        place.remove();
      }
    });
  const open = (store: SqlStore, now = Date.now) =>
    sqlDirectory.open({ leastLength: 8, cost: CHEAP }, { database: store.database, now });

  story("what a client calls a person comes along, and nobody takes another one's", async (store) => {
    const { bulk, ...directory } = await open(store);
    const named = (id: string, client = "hr") => ({ ...person(id, id), external: { client, id: "1001" } });
    const list = [named("a"), named("b"), named("c", "payroll"), person("d", "d")];
    const expected = ["new", "external-id-taken", "new", "new"];
    assert.deepEqual(await bulk.look(list), expected);
    assert.deepEqual(await bulk.take(list), expected);
    assert.deepEqual(await bulk.look(list), ["there", "external-id-taken", "there", "there"]);
    assert.equal(await directory.get("b"), undefined);
    const read = await bulk.read(undefined, 10);
    assert.deepEqual(
      read.map(({ user }) => user.external?.client),
      ["hr", "payroll", undefined],
    );
  });

  story(
    "S20: a list is taken once; a taken name is told, and nobody who is there is changed",
    async (store) => {
      const directory = await open(store);
      const list = [person("a", "Ada", SSHA), person("b", "bea"), person("c", "ADA"), person("a", "other")];
      const expected = ["new", "new", "username-taken", "there"];
      assert.deepEqual(await directory.bulk.look(list), expected);
      assert.deepEqual(await directory.bulk.take(list), expected);
      const before = await directory.get("a");
      assert.deepEqual(before?.claims, { email: "a@example.org" });
      assert.deepEqual(await directory.bulk.take([person("a", "renamed"), person("b", "bea", SSHA)]), [
        "there",
        "there",
      ]);
      assert.deepEqual(await directory.get("a"), before);
      assert.equal(
        (await directory.checkPassword("bea", new Secret("secret"))).kind,
        "wrong",
        "no hash by the way",
      );
      assert.deepEqual(await directory.bulk.take([]), []);
    },
  );

  story("of many that take the same list at once each person is added by one", async (store) => {
    const directory = await open(store);
    const list = Array.from({ length: 50 }, (_, n) => person(`p${n}`, `person ${n}`));
    const answers = await Promise.all(Array.from({ length: 8 }, () => directory.bulk.take(list)));
    for (let n = 0; n < list.length; n += 1)
      assert.equal(answers.filter((answer) => answer[n] === "new").length, 1, `person ${n}`);
    const read: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await directory.bulk.read(after, 7);
      read.push(...page.map(({ user }) => user.id));
      after = page.at(-1)?.user.id;
      if (page.length < 7) break;
    }
    assert.deepEqual(read, list.map(({ id }) => id).toSorted());
  });

  story(
    "P07: an old hash opens once as it is and then as ours; a new password by an administrator ends it as well",
    async (store) => {
      const directory = await open(store);
      await directory.bulk.take([person("a", "ada", BCRYPT), person("b", "bea", SSHA)]);
      const hashOf = async (id: string) =>
        (await directory.bulk.read(undefined, 9)).find(({ user }) => user.id === id)?.hash;
      const check = async (name: string, password: string) =>
        (await directory.checkPassword(name, new Secret(password))).kind;
      const forms = createForms(async () => [], Date.now);
      assert.deepEqual(await forms.beside(SSHA), []);
      assert.deepEqual([await check("ada", "U*V"), await hashOf("a")], ["wrong", BCRYPT]);
      assert.deepEqual([await check("ada", "U*U"), await check("ada", "U*U")], ["right", "right"]);
      assert.match((await hashOf("a")) ?? "", /^\$argon2id\$/);
      assert.equal(await check("ada", "U*V"), "wrong");
      assert.equal((await directory.write.setPassword("b", new Secret("a wholly new one"))).kind, "done");
      assert.deepEqual(
        [await check("bea", "secret"), await check("bea", "a wholly new one")],
        ["wrong", "right"],
      );
    },
  );

  story(
    "what forms there are is learned once a minute, and at once for one that nobody knew",
    async (store) => {
      const directory = await open(store);
      let now = 1_000_000;
      let asked = 0;
      const { createPeople } = await import("../../src/plugins/directories/sql/people.ts");
      const people = createPeople(store.database);
      const forms = createForms(
        () => {
          asked += 1;
          return people.hashForms();
        },
        () => now,
      );
      assert.deepEqual(await forms.beside("$argon2id$"), []);
      await directory.bulk.take([
        person("a", "ada", BCRYPT),
        person("b", "bea", SSHA),
        person("c", "cem", SSHA),
      ]);
      assert.deepEqual([await forms.beside("$argon2id$"), asked], [[], 1], "a sign-in asks nothing more");
      const both = await forms.beside(SSHA);
      assert.deepEqual([both.length, asked], [2, 2]);
      assert.deepEqual([await forms.beside("$argon2id$"), asked], [both, 2]);
      now += 61_000;
      await forms.beside("$argon2id$");
      assert.equal(asked, 3, "behind the answer");
    },
  );
}
