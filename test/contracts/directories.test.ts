/** Several directories as one: SQL for administrators and two LDAP domains, each on a slapd of its own. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openDirectories } from "../../src/compose/directories.ts";
import type { Breakage } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { type SqlDirectory, sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { ldapEntry } from "../kit/ldap.ts";
import { noSlapd, PASSWORD, person, type Slapd, startSlapd } from "../kit/slapd.ts";
import { engines } from "../kit/stores.ts";

const CHEAP = { memory: 64, passes: 1, lanes: 1 };

describe("several directories", { skip: noSlapd }, () => {
  let one: Slapd;
  let two: Slapd;
  let sql: SqlDirectory;
  const closers: (() => unknown)[] = [];
  const said: string[] = [];
  before(async () => {
    one = await startSlapd({ ldif: person("ada") + person("both", { userPassword: "password of one" }) });
    two = await startSlapd({
      ldif:
        person("bea") +
        person("both", { userPassword: "password of two" }) +
        person("forger", { objectClass: "jansPerson", inum: "not yet" }),
    });
    const [engine] = engines;
    if (engine === undefined) throw new Error("no engine");
    const place = await engine.place();
    const store = await place.open(sqlDirectory.migrations);
    sql = await sqlDirectory.open(
      { leastLength: 8, cost: CHEAP },
      { database: store.database, now: Date.now },
    );
    closers.push(
      () => one.close(),
      () => two.close(),
      async () => {
        await store.close();
        place.remove();
      },
    );
  });
  after(async () => {
    for (const close of closers) await close();
  });

  const open = async (directories: readonly Record<string, unknown>[]) => {
    const opened = await openDirectories({ directories }, sql, Date.now);
    opened.hear((text) => said.push(text));
    closers.unshift(() => opened.close());
    return opened.directory;
  };
  const domains = () => [
    { type: "sql", names: ["root", "*@admin"] },
    ldapEntry(one, { name: "one", username_suffix: "@one.example" }),
    ldapEntry(two, { name: "two", username_suffix: "@two.example" }),
  ];
  const everywhere = () => [
    { type: "sql" },
    ldapEntry(one, { name: "one" }),
    ldapEntry(two, { name: "two" }),
  ];
  /** What was asked of both while something went on. */
  async function asked(act: () => Promise<unknown>): Promise<[string[], string[]]> {
    const before = [(await one.operations()).length, (await two.operations()).length];
    await act();
    const kinds = async (slapd: Slapd, from = 0) =>
      (await slapd.operations()).slice(from).map((line) => /op=\d+ (\w+)/.exec(line)?.[1] ?? "");
    return [await kinds(one, before[0]), await kinds(two, before[1])];
  }

  it("a name is looked for where its rule says, and nowhere else", async () => {
    const directory = await open(domains());
    const signIn = async (name: string, password = PASSWORD) => {
      await directory.find(name);
      return directory.checkPassword(name, new Secret(password));
    };
    assert.deepEqual(await asked(() => signIn("ada@one.example")), [["SRCH", "BIND"], []]);
    assert.deepEqual(await asked(() => signIn("BEA@two.example")), [[], ["SRCH", "BIND"]]);
    assert.deepEqual(
      await asked(() => signIn("nobody@one.example")),
      [["SRCH", "BIND"], []],
      "and nobody costs the same",
    );
    assert.deepEqual(await asked(() => signIn("root")), [[], []]);
    assert.equal((await signIn("ada@one.example")).kind, "right");
    assert.equal((await signIn("bea@one.example")).kind, "unknown");
    assert.equal((await signIn("both@two.example", "password of two")).kind, "right");
  });

  it("P11: without rules every name costs the same at every directory, whoever knows it", async () => {
    const directory = await open(everywhere());
    for (const name of ["ada", "bea", "both", "nobody", "root"])
      assert.deepEqual(
        await asked(async () => {
          await directory.find(name);
          await directory.checkPassword(name, new Secret("wrong one"));
        }),
        [
          ["SRCH", "BIND"],
          ["SRCH", "BIND"],
        ],
        name,
      );
  });

  it("of two people of one name the first in order is meant, and the other one's password is not guessed at", async () => {
    const directory = await open(everywhere());
    assert.equal((await directory.checkPassword("both", new Secret("password of one"))).kind, "right");
    assert.equal((await directory.checkPassword("both", new Secret("password of two"))).kind, "wrong");
    const binds = (await two.operations()).filter((line) => line.includes('BIND dn="uid=both'));
    assert.equal(binds.length, 1, "the one of the test before, by its own suffix");
    assert.match((await directory.find("both"))?.id ?? "", /^one\./);
  });

  it("new people go to SQL, changes to whoever keeps the person", async () => {
    const directory = await open(everywhere());
    const added = await directory.write.add({
      username: "root",
      password: new Secret("two doors, one open"),
    });
    assert.equal(added.kind, "done");
    const ada = await directory.find("ada");
    assert.deepEqual(await directory.write.setRoles(ada?.id ?? "", ["admin"]), { kind: "kept-elsewhere" });
    assert.deepEqual(await directory.write.remove("one.nobody"), { kind: "unknown-user" });
    assert.equal(directory.keptElsewhere?.(ada?.id ?? ""), true);
    if (added.kind === "done") {
      assert.equal(directory.keptElsewhere?.(added.user.id), false);
      assert.deepEqual(await directory.write.setStatus(added.user.id, "disabled"), { kind: "done" });
      assert.deepEqual(await directory.write.setStatus(added.user.id, "active"), { kind: "done" });
    }
  });

  it("M24: a directory cannot give its people the id of somebody in another one", async () => {
    const root = await sql.find("root");
    await two.change("uid=forger,ou=people,dc=example,dc=org", { inum: root?.id ?? "" });
    const directory = await open([
      { type: "sql" },
      ldapEntry(two, { name: "two", preset: "janssen", subject_prefix: "" }),
    ]);
    assert.equal(await directory.find("forger"), undefined);
    assert.equal((await directory.checkPassword("forger", new Secret(PASSWORD))).kind, "unknown");
    assert.match(said.join("\n"), /forger has the id of somebody in sql/);
    assert.equal((await directory.get(root?.id ?? ""))?.username, "root");
    await two.change("uid=forger,ou=people,dc=example,dc=org", { inum: "6122281b-b55d" });
    const own = await directory.find("forger");
    assert.equal(own?.id, "6122281b-b55d", "an id of its own is as the original had it");
    assert.equal(directory.keptElsewhere?.("6122281b-b55d"), true);
  });

  it("a list goes through all of them, page by page, nobody left out or twice", async () => {
    const directory = await open(everywhere());
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await directory.list({ sortBy: "username", limit, after, total: true });
        assert.equal(page.total, 6);
        seen.push(...page.users.map(({ id, username }) => `${id.split(".")[0]?.slice(0, 3)} ${username}`));
        after = page.next;
      } while (after !== undefined);
      assert.equal(new Set(seen).size, 6, `${limit}`);
      assert.deepEqual(seen.slice(1), ["one ada", "one both", "two bea", "two both", "two forger"]);
    }
    const skipped = await directory.list({ sortBy: "username", limit: 10, skip: 3 });
    assert.deepEqual(
      skipped.users.map(({ username }) => username),
      ["bea", "both", "forger"],
    );
  });

  it("S16: a domain that is down keeps nobody of another one out", async () => {
    const directory = await open(domains());
    await two.kill();
    assert.equal((await directory.checkPassword("ada@one.example", new Secret(PASSWORD))).kind, "right");
    await assert.rejects(
      directory.checkPassword("bea@two.example", new Secret(PASSWORD)),
      ({ code }: Breakage) => code === "directory-unavailable",
    );
    assert.equal((await directory.find("root"))?.username, "root");
  });
});
