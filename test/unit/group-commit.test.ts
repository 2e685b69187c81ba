import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { ask, isDuplicate, statement } from "../../src/kits/sql/database.ts";
import { openSqlite } from "../../src/kits/sql/sqlite.ts";

const insert = statement("insert into t (id, word) values ($1, $2)");
const all = statement<{ id: number; word: string }>("select id, word from t order by id");

const folder = mkdtempSync(join(tmpdir(), "sallyport-group-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function open(name: string) {
  const file = join(folder, name);
  const database = await openSqlite({ file });
  await database.run(statement("create table t (id integer primary key, word text not null)"));
  return { file, database };
}

test("writes of one turn share a commit, and each succeeds or fails as if it were alone", async () => {
  const { database } = await open("each.db");
  await database.run(insert, 1, "first");
  const thrown = new Error("ours");
  const results = await Promise.allSettled([
    database.run(insert, 2, "second"),
    database.run(insert, 1, "taken"),
    database.transact(function* () {
      yield* ask(insert, 3, "undone");
      return { undo: "undone" };
    }),
    database.transact(function* () {
      yield* ask(insert, 4, "lost");
      throw thrown;
    }),
    database.transact(function* () {
      yield* ask(insert, 5, "half");
      yield* ask(insert, 5, "twice");
      return { keep: "never" };
    }),
    database.transact(function* () {
      yield* ask(insert, 6, "kept");
      return { keep: "kept" };
    }),
    database.run(insert, 7, "last"),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "rejected", "fulfilled", "fulfilled"],
  );
  const reasons = results.map((result) => (result.status === "rejected" ? result.reason : undefined));
  assert.ok(isDuplicate(reasons[1]));
  assert.equal(reasons[3], thrown);
  assert.ok(isDuplicate(reasons[4]));
  const { rows } = await database.run(all);
  assert.deepEqual(
    rows.map(({ word }) => word),
    ["first", "second", "kept", "last"],
  );
  await database.close();
});

test("what was acknowledged is committed: another connection sees it at once", async () => {
  const { file, database } = await open("seen.db");
  const other = await openSqlite({ file, readOnly: true });
  await Promise.all(
    Array.from({ length: 100 }, async (_, id) => {
      await database.run(insert, id, "word");
      const { rows } = await other.run(statement<{ id: number }>("select id from t where id = $1"), id);
      assert.equal(rows.length, 1);
    }),
  );
  await other.close();
  await database.close();
});

test("an act of many statements has a transaction of its own, in its place, and fails alone", async () => {
  const { file, database } = await open("many.db");
  const other = new DatabaseSync(file, { readOnly: true });
  const committed = () =>
    other
      .prepare("select id from t order by id")
      .all()
      .map(({ id }) => id);
  const seen: unknown[] = [];
  const many = (id: number, word: string | null) =>
    database.embedded?.act((run) => {
      seen.push(committed());
      run(insert, id, "before");
      run(insert, id + 1, word);
      return { keep: id };
    }, "many");
  const results = await Promise.allSettled([
    database.run(insert, 1, "first"),
    many(10, "kept"),
    database.run(insert, 2, "second"),
    many(20, null),
    many(30, "kept"),
    database.run(insert, 3, "third"),
  ]);
  assert.deepEqual(seen, [[1], [1, 2, 10, 11], [1, 2, 10, 11]]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  assert.deepEqual(committed(), [1, 2, 3, 10, 11, 30, 31]);
  other.close();
  await database.close();
});

test("closing commits what is still waiting", async () => {
  const { file, database } = await open("closing.db");
  const waiting = database.run(insert, 1, "word").then(() => "written");
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  await database.close();
  assert.equal(await waiting, "written");
  const again = await openSqlite({ file, readOnly: true });
  assert.equal((await again.run(all)).rows.length, 1);
  await again.close();
});
