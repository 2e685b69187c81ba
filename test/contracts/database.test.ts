/** What `kits/sql` promises on both engines: transactions, Kysely, migrations, and clear words when it cannot. */
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  ask,
  isDuplicate,
  type Migration,
  statement,
  type Transaction,
} from "../../src/kits/sql/database.ts";
import { migrate } from "../../src/kits/sql/migrate.ts";
import { overEngines } from "../kit/over-engines.ts";

const things: Migration = {
  id: "9001-things",
  up: ({ text, integer }) => [
    `create table things (name ${text} primary key, size ${integer} not null, note ${text})`,
    `insert into things (name, size) values ('first', 1)`,
  ],
};
const insert = statement("insert into things (size, name) values ($2, $1)");
const sizes = statement<{ size: number }>(
  "select size from things where name = $1 or name = $1 {for update}",
);

overEngines("Database", ({ store, place }) => {
  it("applies a migration once, also when three starts happen at once", async () => {
    const opened = await Promise.all([1, 2, 3].map(() => place().open([things])));
    const { rows } = await store().database.run(sizes, "first");
    assert.deepEqual(
      rows.map(({ size }) => size),
      [1],
    );
    await Promise.all(opened.map((one) => one.close()));
  });

  it("refuses a database of a newer or of an altered version, in one sentence each", async () => {
    await assert.rejects(place().open(), { code: "store-damaged", message: /newer version.*9001-things/ });
    const altered: Migration = { ...things, up: () => ["create table other (n integer)"] };
    await assert.rejects(place().open([altered]), { code: "store-damaged", message: /9001-things/ });
    const broken: Migration = {
      id: "9002-broken",
      up: () => ["create table half (n integer)", "create nonsense"],
    };
    await assert.rejects(place().open([things, broken]));
    const fixed: Migration = { id: "9002-broken", up: () => ["create table half (n integer)"] };
    await (await place().open([things, fixed])).close();
    await assert.rejects(migrate(store().database, [things, things], Date.now), /two migrations/);
  });

  it("binds numbered parameters in any order and repeated", async () => {
    await store().database.run(insert, "second", 2 ** 47);
    const { rows } = await store().database.run(sizes, "second");
    assert.deepEqual(
      rows.map(({ size }) => size),
      [2 ** 47],
    );
  });

  it("keeps or undoes a transaction as its body says, and undoes one that throws", async () => {
    const { database } = store();
    const add = (name: string, end: "keep" | "undo" | "throw") =>
      database.transact(function* (): Transaction<string> {
        yield* ask(insert, name, 1);
        const { rows } = yield* ask(sizes, name);
        assert.equal(rows.length, 1, "it sees its own write");
        if (end === "throw") throw new Error("the body's own error");
        return end === "keep" ? { keep: "kept" } : { undo: "undone" };
      });
    assert.equal(await add("kept", "keep"), "kept");
    assert.equal(await add("undone", "undo"), "undone");
    await assert.rejects(add("thrown", "throw"), { name: "Error", message: "the body's own error" });
    const names = await database
      .kysely<{ things: { name: string } }>()
      .selectFrom("things")
      .select("name")
      .execute();
    assert.deepEqual(names.map(({ name }) => name).sort(), ["first", "kept", "second"]);
  });

  it("says which error is a value that is taken, and keeps the row out of its text", async () => {
    const twice = store().database.run(insert, "first", 7);
    const error = await twice.then(
      () => undefined,
      (cause: unknown) => cause as Error,
    );
    assert.equal(isDuplicate(error), true);
    assert.equal(isDuplicate(new Error("another")), false);
    assert.doesNotMatch(`${error?.message} ${JSON.stringify(error)}`, /first/);
    const caught = await store().database.transact(function* (): Transaction<boolean> {
      yield* ask(insert, "before", 1);
      try {
        yield* ask(insert, "first", 1);
      } catch (cause) {
        return { undo: isDuplicate(cause) };
      }
      return { undo: false };
    });
    assert.equal(caught, true);
  });

  it("adds up 200 parallel read-and-write transactions", async () => {
    const { database } = store();
    const set = statement("update things set size = $2 where name = $1");
    const one = () =>
      database.transact(function* (): Transaction<void> {
        const { rows } = yield* ask(sizes, "kept");
        yield* ask(set, "kept", (rows[0]?.size ?? 0) + 1);
        return { keep: undefined };
      });
    await Promise.all(Array.from({ length: 200 }, one));
    assert.equal((await database.run(sizes, "kept")).rows[0]?.size, 201);
  });

  it("refuses Kysely's own transactions", async () => {
    const kysely = store().database.kysely<{ things: { name: string } }>();
    const act = kysely.transaction().execute((inside) => inside.deleteFrom("things").execute());
    await assert.rejects(act, /Database.transact/);
  });
});
