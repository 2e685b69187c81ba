/** Rows that have expired go, however many there are and wherever they stand, and what lives stays. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ByteWrite } from "../../src/core/records.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { overEngines } from "../kit/over-engines.ts";

const NOW = 1_000_000;
const row = (key: string, expiresAt: number): ByteWrite => ({
  kind: "t",
  key,
  bytes: Buffer.from(key),
  version: 1,
  expiresAt,
});
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

overEngines("What has expired", ({ store }) => {
  const count = async () => {
    await store().settle();
    const { rows } = await store().database.run(
      statement<{ n: number }>("select count(*) as n from records"),
    );
    return Number(rows[0]?.n);
  };
  const write = (rows: readonly ByteWrite[]) => store().records.commit(rows, NOW);

  it("is found between thousands of rows that live, and no more is taken at once than was asked for", async () => {
    await write(names("old", 250).map((key) => row(key, NOW)));
    await write(names("live", 3_500).map((key) => row(key, NOW + 1)));
    await write(names("late", 250).map((key) => row(key, NOW - 1)));
    const taken: number[] = [];
    do taken.push(await store().records.sweep(NOW, 200));
    while (taken.at(-1) === 200);
    assert.deepEqual(taken, [200, 200, 100]);
    assert.equal(await count(), 3_500);
  });

  it("is found also where it was written behind the place that was looked at last", async () => {
    assert.equal(await store().records.sweep(NOW, 200), 0);
    await write(names("live", 10).map((key) => row(key, NOW)));
    assert.equal(await store().records.sweep(NOW, 4), 4);
    await write([row("new", NOW)]);
    assert.equal(await store().records.sweep(NOW, 200), 7);
    assert.equal(await count(), 3_490);
  });

  it("is no index that each row written would pay for, on SQLite", async () => {
    if (store().database.engine !== "sqlite") return;
    const { rows } = await store().database.run(
      statement<{ name: string }>(
        "select name from sqlite_master where type = 'index' and tbl_name = 'records' order by name",
      ),
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ["records_by_group", "sqlite_autoindex_records_1"],
    );
  });
});
