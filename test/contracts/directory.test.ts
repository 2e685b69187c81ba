/** The directory in SQL: the contract on both engines, and what only rows can show. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { inspect } from "node:util";
import { CompiledQuery, type KyselyPlugin } from "kysely";
import type { Breakage } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { type SqlStore, sqlStore } from "../../src/plugins/stores/sql/store.ts";
import { noPostgres } from "../kit/postgres.ts";
import { startCluster } from "../kit/postgres-cluster.ts";
import { engines } from "../kit/stores.ts";
import { directoryContract, PASSWORD } from "./directory.ts";

const CHEAP = { memory: 64, passes: 1, lanes: 1 };
const HIGHER = { memory: 128, passes: 2, lanes: 1 };
const DAY = 86_400_000;
const hashOf = statement<{ password_hash: string }>(
  "select password_hash from people where username_key = $1",
);
const addRow = statement(
  `insert into people (id, username, username_key, status, claims, created_at, updated_at, search)
   values ($1, $1, $1, 'active', '[]', $2, $2, $1)`,
);
const everything = statement<Record<string, unknown>>("select * from people");

const open = (store: SqlStore, cost = CHEAP, now = Date.now) =>
  sqlDirectory.open({ leastLength: 8, cost, waiting: 2000 }, { database: store.database, now });

for (const engine of engines) {
  directoryContract(
    engine.name,
    async () => {
      const place = await engine.place();
      const store = await place.open(sqlDirectory.migrations);
      const close = async () => {
        await store.close();
        place.remove();
      };
      return { directory: await open(store), close };
    },
    engine.skip,
  );

  /** One story over a fresh database. */
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

  const storedHash = async (store: SqlStore, key: string) =>
    (await store.database.run(hashOf, key)).rows[0]?.password_hash ?? "";

  story("P06: 1000 people with one password have 1000 hashes, and no row shows it", async (store) => {
    const { write } = await open(store);
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        write.add({ username: `u${n}`, password: new Secret(PASSWORD) }),
      ),
    );
    const { rows } = await store.database.run(everything);
    assert.equal(new Set(rows.map((row) => row.password_hash)).size, 1000);
    assert.ok(!JSON.stringify(rows).includes(PASSWORD));
    assert.match(String(rows[0]?.password_hash), /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  });

  story(
    "5,000 people are listed page by page in every order, nobody left out or twice, while others come",
    async (store) => {
      const directory = await open(store);
      const MANY = 5000;
      const at = (n: number) => 1_000 + Math.floor(n / 7);
      const rows = Array.from({ length: MANY }, (_, n) => `p${String((n * 7919) % MANY).padStart(4, "0")}`);
      // So many at a time: what is tested is the list, not how long a pool makes thousands wait.
      for (let from = 0; from < MANY; from += 200)
        await Promise.all(
          rows.slice(from, from + 200).map((name, n) => store.database.run(addRow, name, at(from + n))),
        );
      const expected: Record<string, readonly string[]> = {
        username: [...rows].sort(),
        inum: [...rows].sort(),
        createdAt: [...rows.keys()]
          .sort((a, b) => at(a) - at(b) || (`${rows[a]}` < `${rows[b]}` ? -1 : 1))
          .map((n) => `${rows[n]}`),
      };
      expected.updatedAt = expected.createdAt ?? [];
      let late = 0;
      for (const sortBy of ["username", "inum", "createdAt", "updatedAt"] as const)
        for (const descending of [false, true]) {
          const seen: string[] = [];
          let after: string | undefined;
          do {
            const page = await directory.list({ sortBy, descending, limit: 499, after });
            assert.ok(page.users.length <= 499);
            seen.push(...page.users.map(({ username }) => username));
            after = page.next;
            // Somebody in front of the page, somebody in the middle of it and somebody behind.
            for (const name of ["a", "p2500-", "z"]) {
              late += 1;
              await store.database.run(addRow, `${name}${late}`, 1_300);
            }
          } while (after !== undefined);
          const known = seen.filter((name) => /^p\d{4}$/.test(name));
          const wanted = expected[sortBy] ?? [];
          assert.deepEqual(known, descending ? [...wanted].reverse() : wanted, `${sortBy} ${descending}`);
          assert.equal(new Set(seen).size, seen.length, "nobody twice");
        }
      const page = await directory.list({
        pattern: "P49",
        sortBy: "username",
        limit: 10,
        skip: 95,
        total: true,
      });
      assert.deepEqual(
        page.users.map(({ username }) => username),
        ["p4995", "p4996", "p4997", "p4998", "p4999"],
      );
      assert.deepEqual([page.total, page.next], [100, undefined]);
    },
  );

  story(
    "L10: who is called so by a client is found by the index, however many people there are",
    async (store) => {
      const kysely = store.database.kysely<Record<string, never>>();
      const asked: CompiledQuery[] = [];
      const listening: KyselyPlugin = {
        transformQuery({ node, queryId }) {
          asked.push(kysely.getExecutor().compileQuery(node, queryId));
          return node;
        },
        transformResult: async ({ result }) => result,
      };
      const heard = store.database.kysely().withPlugin(listening);
      const database = { ...store.database, kysely: () => heard } as SqlStore["database"];
      const directory = await sqlDirectory.open({ cost: CHEAP }, { database, now: Date.now });
      for (let from = 0; from < 2000; from += 200)
        await Promise.all(
          Array.from({ length: 200 }, (_, n) => store.database.run(addRow, `p${from + n}`, from + n)),
        );
      const added = await directory.write.add({
        username: "nora",
        password: new Secret(PASSWORD),
        external: { client: "hr", id: "1001" },
      });
      assert.equal(added.kind, "done");
      await store.database.run(statement("analyze"));
      const page = await directory.list({
        filter: { external: { client: "hr", id: "1001" } },
        sortBy: "inum",
        limit: 100,
        total: true,
      });
      assert.deepEqual([page.users[0]?.username, page.total], ["nora", 1]);
      assert.equal(asked.length, 2, "the page and the count");
      const words = engine.name === "SQLite" ? "explain query plan" : "explain";
      for (const { sql, parameters } of asked) {
        const { rows } = await kysely.executeQuery(CompiledQuery.raw(`${words} ${sql}`, [...parameters]));
        const plan = JSON.stringify(rows);
        assert.match(plan, /people_by_external_id/, plan);
        assert.doesNotMatch(plan, /SCAN people|Seq Scan/, plan);
      }
    },
  );

  story("L10: people from before they could be searched for are found after a start", async (store) => {
    const old = statement(
      `insert into people (id, username, username_key, status, claims, created_at, updated_at)
       values ($1, $2, $3, 'active', $4, 5, 5)`,
    );
    const claims = JSON.stringify({ name: "Čapek", email: "Karel@Example.org" });
    for (let n = 0; n < 1200; n += 1) await store.database.run(old, `o${n}`, `Old${n}`, `old${n}`, claims);
    const directory = await open(store);
    const page = await directory.list({ pattern: "čAPEK", sortBy: "username", limit: 1, total: true });
    assert.equal(page.total, 1200);
    const byEmail = await directory.list({
      filter: { username: "OLD7", email: "karel@example.ORG" },
      sortBy: "inum",
      limit: 2,
    });
    assert.deepEqual(byEmail.users, [
      {
        id: "o7",
        username: "Old7",
        status: "active",
        roles: [],
        version: 1,
        createdAt: 5,
        updatedAt: 5,
        claims: JSON.parse(claims),
      },
    ]);
  });

  story("P07: a sign-in after the cost was raised renews the hash; nothing else does", async (store) => {
    const cheap = await open(store);
    await cheap.write.add({ username: "ada", password: new Secret(PASSWORD) });
    const old = await storedHash(store, "ada");
    const higher = await open(store, HIGHER);
    const before = await higher.find("ada");
    assert.equal((await higher.checkPassword("ada", new Secret("wrong password"))).kind, "wrong");
    assert.equal(await storedHash(store, "ada"), old);
    assert.equal((await higher.checkPassword("ada", new Secret(PASSWORD))).kind, "right");
    const renewed = await storedHash(store, "ada");
    assert.match(renewed, /^\$argon2id\$v=19\$m=128,t=2,p=1\$/);
    assert.deepEqual(await higher.find("ada"), before, "a renewed hash is no change of the person");
    assert.equal((await higher.checkPassword("ada", new Secret(PASSWORD))).kind, "right");
    assert.equal(await storedHash(store, "ada"), renewed);
    assert.equal(
      (await cheap.checkPassword("ada", new Secret(PASSWORD))).kind,
      "right",
      "a node not yet restarted",
    );
    assert.equal(await storedHash(store, "ada"), renewed, "and it lowers nothing");
  });

  story("P07: a password changed while its old hash is renewed stays changed", async (store) => {
    const cheap = await open(store);
    const added = await cheap.write.add({ username: "ada", password: new Secret(PASSWORD) });
    assert.equal(added.kind, "done");
    if (added.kind !== "done") return;
    const higher = await open(store, HIGHER);
    for (let round = 0; round < 20; round += 1) {
      const [old, next] = [
        round === 0 ? PASSWORD : `round ${round - 1} of twenty`,
        `round ${round} of twenty`,
      ];
      await cheap.write.setPassword(added.user.id, new Secret(old));
      await Promise.all([
        higher.checkPassword("ada", new Secret(old)),
        cheap.write.setPassword(added.user.id, new Secret(next)),
      ]);
      assert.equal((await higher.checkPassword("ada", new Secret(next))).kind, "right", `round ${round}`);
      assert.equal((await higher.checkPassword("ada", new Secret(old))).kind, "wrong", `round ${round}`);
    }
  });

  story("P04: 400 days later the password is still right", async (store) => {
    const begin = Date.UTC(2027, 0, 1);
    const then = await open(store, CHEAP, () => begin);
    await then.write.add({ username: "ada", password: new Secret(PASSWORD) });
    const later = await open(store, CHEAP, () => begin + 400 * DAY);
    assert.equal((await later.checkPassword("ada", new Secret(PASSWORD))).kind, "right");
  });

  story(
    "M27: a stored hash that costs too much or cannot be read is a fault of the store, not a wrong password",
    async (store) => {
      const directory = await open(store);
      await directory.write.add({ username: "ada", password: new Secret(PASSWORD) });
      const spoil = statement("update people set password_hash = $1");
      await store.database.run(
        spoil,
        `$argon2id$v=19$m=2147483647,t=9,p=1$${"A".repeat(22)}$${"A".repeat(43)}`,
      );
      await assert.rejects(directory.checkPassword("ada", new Secret(PASSWORD)), { code: "store-damaged" });
    },
  );
}

it("S16: when PostgreSQL dies nobody is right: the directory says that it cannot answer", {
  skip: noPostgres,
}, async () => {
  const cluster = await startCluster();
  const config = { type: "postgres", url: new Secret(cluster.url("postgres")), pool: 2 } as const;
  const store = await sqlStore.open(config, { now: Date.now, migrations: sqlDirectory.migrations });
  try {
    const directory = await open(store);
    await directory.write.add({ username: "ada", password: new Secret(PASSWORD) });
    await cluster.kill();
    await assert.rejects(directory.checkPassword("ada", new Secret(PASSWORD)), (error: Breakage) => {
      assert.equal(error.code, "directory-unavailable");
      assert.ok(!inspect(error, { depth: 9 }).includes(PASSWORD));
      return true;
    });
  } finally {
    await store.close();
    await cluster.stop();
  }
});

it("a setting that would weaken passwords below NIST's least is refused", () => {
  assert.equal(sqlDirectory.schema.safeParse({ leastLength: 7 }).success, false);
  assert.equal(sqlDirectory.schema.safeParse({}).success, true);
});
