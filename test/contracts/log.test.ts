/**
 * The log of the embedded store: whatever is done through whichever connection, and whenever the log is brought into
 * the tables, a reader sees what a plain map would show. And what an act has left in memory goes when it is undone.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { AuditEvent } from "../../src/core/audit.ts";
import type { ByteWrite, RecordStore } from "../../src/core/records.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { decodeEntry, encodeEntry } from "../../src/plugins/stores/sql/records-log.ts";
import { type SqlStore, settleCopy } from "../../src/plugins/stores/sql/store.ts";
import { engines, type Place } from "../kit/stores.ts";

const sqlite = engines.find(({ name }) => name === "SQLite") as (typeof engines)[number];
const NOW = 1_000_000;
const bytes = (text: string) => Buffer.from(text);

const kind = fc.constantFrom("a", "a", "a", "b");
const key = fc.constantFrom("k1", "k2", "k3");
const group = fc.constantFrom("g", "g", "h");
const change = fc.record({
  kind,
  key,
  remove: fc.constantFrom(true, false, false),
  life: fc.constantFrom(-1, 3, 6, 1_000, 1_000, 1_000),
  group: fc.option(group, { nil: undefined }),
  expect: fc.constantFrom("nothing", "nothing", "absent", "right", "right", "wrong"),
});
const step = fc.tuple(
  fc.nat(1),
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        act: fc.constant("commit" as const),
        changes: fc.array(change, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("take" as const), kind, key }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("removeGroup" as const), kind, group }) },
    {
      weight: 6,
      arbitrary: fc.record({
        act: fc.constantFrom("settle", "settle", "sweep", "reopen", "read", "read", "read"),
      }),
    },
  ),
);

interface Row {
  readonly write: ByteWrite;
  readonly madeAt: number;
}

/** The port in a map, as plainly as it can be said. */
function createModel() {
  const rows = new Map<string, Row>();
  const at = (one: { kind: string; key: string }) => `${one.kind}/${one.key}`;
  const live = (one: { kind: string; key: string }, now: number) => {
    const row = rows.get(at(one));
    return row !== undefined && row.write.expiresAt > now ? row : undefined;
  };
  return {
    live,
    rows,
    commit(writes: readonly ByteWrite[], now: number): boolean {
      const before = new Map(rows);
      for (const write of writes) {
        const known = live(write, now);
        if (write.expect !== undefined && (known?.write.version ?? "absent") !== write.expect) {
          rows.clear();
          for (const [name, row] of before) rows.set(name, row);
          return false;
        }
        if (write.bytes === null) rows.delete(at(write));
        else rows.set(at(write), { write, madeAt: known?.madeAt ?? now });
      }
      return true;
    },
  };
}

describe("The log of the embedded store", { skip: sqlite.skip }, () => {
  let place: Place;
  const open: SqlStore[] = [];
  before(async () => {
    place = await sqlite.place();
  });
  after(async () => {
    for (const store of open) await store.close();
    place?.remove();
  });

  it("O08: two connections see what a map would show, whenever the log is brought into the tables", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 50 }), async (steps) => {
        const own = await sqlite.place();
        const stores = [await own.open(), await own.open()];
        const model = createModel();
        let now = NOW;
        let version = 1;
        const store = (index: number) => stores[index] as SqlStore;
        try {
          for (const [who, what] of steps) {
            now += 1;
            if (what.act === "commit") {
              const writes = what.changes.map((one): ByteWrite => {
                version += 1;
                const known = model.live(one, now)?.write.version;
                const expects: Record<string, ByteWrite["expect"]> = {
                  absent: "absent",
                  right: known ?? "absent",
                  wrong: 77_777,
                };
                return {
                  kind: one.kind,
                  key: one.key,
                  bytes: one.remove ? null : bytes(`v${version}`),
                  version,
                  expiresAt: now + one.life,
                  group: one.group,
                  expect: expects[one.expect],
                };
              });
              assert.equal(await store(who).records.commit(writes, now), model.commit(writes, now));
            } else if (what.act === "settle") await store(who).settle();
            else if (what.act === "reopen") {
              await store(who).close();
              stores[who] = await own.open();
            } else if (what.act === "sweep") {
              const ended = [...model.rows].filter(([, { write }]) => write.expiresAt <= now);
              for (const [name] of ended) model.rows.delete(name);
              assert.equal(await store(who).records.sweep(now, 100), ended.length);
            } else if (what.act === "take") {
              const taken = await store(who).records.take(what.kind, what.key, now);
              assert.deepEqual(textOf(taken), textOf(model.live(what, now)?.write.bytes));
              if (taken !== undefined) model.rows.delete(`${what.kind}/${what.key}`);
            } else if (what.act === "removeGroup") {
              await store(who).records.removeGroup(what.kind, what.group);
              for (const [name, { write }] of model.rows)
                if (write.kind === what.kind && write.group === what.group) model.rows.delete(name);
            }
            if (what.act === "read") await seesAll(store(who).records, model, now);
          }
          for (const reader of [0, 1]) await seesAll(store(reader).records, model, now);
          await store(0).settle();
          for (const reader of [1, 0]) await seesAll(store(reader).records, model, now);
        } finally {
          for (const one of stores) await one.close();
          own.remove();
        }
      }),
      { numRuns: 40 },
    );
  });

  async function seesAll(
    records: RecordStore,
    model: ReturnType<typeof createModel>,
    now: number,
  ): Promise<void> {
    for (const one of ["a", "b"]) {
      for (const name of ["k1", "k2", "k3"])
        assert.equal(
          (await records.read(one, name, now))?.version,
          model.live({ kind: one, key: name }, now)?.write.version,
        );
      const rows = [...model.rows.values()].filter(
        ({ write }) => write.kind === one && write.expiresAt > now,
      );
      const sorted = rows.sort((x, y) => x.madeAt - y.madeAt || (x.write.key < y.write.key ? -1 : 1));
      for (const name of ["g", "h"])
        assert.deepEqual(
          (await records.list(one, name, 3, now)).map((row) => [row.key, row.version]),
          sorted
            .filter(({ write }) => write.group === name)
            .slice(0, 3)
            .map(({ write }) => [write.key, write.version]),
        );
      const keys = rows.map(({ write }) => write.key).sort();
      assert.deepEqual(
        (await records.page(one, "k1", 2, now)).map((row) => row.key),
        keys.filter((name) => name > "k1").slice(0, 2),
      );
    }
  }

  const write = (name: string, value: string, rest: Partial<ByteWrite> = {}): ByteWrite => ({
    kind: "t",
    key: name,
    bytes: bytes(value),
    version: Math.floor(Math.random() * 2 ** 40),
    expiresAt: NOW + 1_000,
    ...rest,
  });
  async function openOne(): Promise<SqlStore> {
    const store = await place.open();
    open.push(store);
    return store;
  }
  const textAt = async (store: SqlStore, name: string) =>
    textOf((await store.records.read("t", name, NOW))?.bytes);

  it("O08: what was committed is there for the next process, brought in or not", async () => {
    const store = await openOne();
    await store.records.commit([write("left", "in the log")], NOW);
    const raw = new DatabaseSync((place.config as { file: string }).file, { readOnly: true });
    const count = (table: string) =>
      Object.values(raw.prepare(`select count(*) from ${table}`).get() ?? {})[0];
    assert.equal(count("records"), 0, "it stands in the log alone");
    assert.equal(await textAt(await openOne(), "left"), "in the log");
    await store.settle();
    assert.equal(count("records"), 1);
    assert.equal(await textAt(await openOne(), "left"), "in the log");
    raw.close();
  });

  it("O08: what a commit left in memory goes when its transaction is undone", async () => {
    const store = await openOne();
    await store.records.commit([write("undone", "before")], NOW);
    const raw = new DatabaseSync((place.config as { file: string }).file);
    raw.exec(
      `create trigger no_more before insert on records_log begin select raise(abort, 'the disk is full'); end`,
    );
    await assert.rejects(store.records.commit([write("undone", "after"), write("new", "after")], NOW));
    assert.equal(await textAt(store, "undone"), "before");
    assert.equal(await textAt(store, "new"), undefined);
    raw.exec("drop trigger no_more");
    raw.close();
    assert.equal(await store.records.commit([write("new", "later", { expect: "absent" })], NOW), true);
    assert.equal(await textAt(store, "new"), "later");
    assert.equal(await textAt(await openOne(), "new"), "later");
  });

  const fileOf = (one: Place) => (one.config as { file: string }).file;

  it("O08: a server of an older version that still runs fails, and writes nothing past the log", async () => {
    const own = await sqlite.place();
    const store = await own.open();
    await store.records.commit([write("guarded", "old")], NOW);
    await store.settle();
    const older = new DatabaseSync(fileOf(own));
    const put = () =>
      older.exec(
        "insert into records values ('t', 'guarded', x'00', 7, 2000000, null, 1) on conflict do update set version = 7",
      );
    await store.records.commit([write("guarded", "new")], NOW);
    assert.throws(put, /a newer version of the server writes to this database/);
    assert.throws(() => older.exec("update records set version = 7"), /a newer version/);
    await store.settle();
    put();
    older.close();
    assert.equal((await store.records.read("t", "guarded", NOW))?.version, 7, "nothing stood in the log");
    await store.close();
    own.remove();
  });

  it("O08: a damaged log is said to each who asks, and nothing of it is taken away", async () => {
    const own = await sqlite.place();
    const [one, two] = [await own.open(), await own.open()];
    await one.records.commit([write("sound", "1")], NOW);
    assert.equal(await textAt(two, "sound"), "1");
    await one.records.commit([write("broken", "2")], NOW);
    const raw = new DatabaseSync(fileOf(own));
    raw.exec("update records_log set entry = substr(entry, 1, 20) where seq = 2");
    const damaged = { code: "store-damaged", message: /^Row 2 of records_log in the database is damaged/ };
    for (let time = 0; time < 2; time += 1) {
      await assert.rejects(two.records.read("t", "sound", NOW), damaged);
      await assert.rejects(two.records.commit([write("next", "3")], NOW), damaged);
      await assert.rejects(two.settle(), damaged);
    }
    assert.deepEqual(Object.values(raw.prepare("select count(*) from records_log").get() ?? {}), [2]);
    raw.close();
    for (const store of [one, two]) await store.database.close();
    own.remove();
  });

  it("a table that takes nothing stops no commit, and gets all of it afterwards", async () => {
    const own = await sqlite.place();
    const store = await own.open();
    const raw = new DatabaseSync(fileOf(own));
    raw.exec("create trigger full before insert on records begin select raise(abort, 'full'); end");
    for (let round = 0; round < 60; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.records.commit([write(`full-${round}-${n}`, "x")], NOW)),
      );
    await assert.rejects(store.settle(), /full/);
    assert.equal((await store.records.page("t", "", 9_999, NOW)).length, 3_000);
    raw.exec("drop trigger full");
    await store.settle();
    assert.deepEqual(Object.values(raw.prepare("select count(*) from records").get() ?? {}), [3_000]);
    raw.close();
    await store.close();
    own.remove();
  });

  it("what a sweep has taken is not remembered, also where the clock goes back", async () => {
    const store = await openOne();
    await store.records.commit([write("swept", "x", { expiresAt: NOW })], NOW - 10);
    await store.settle();
    assert.ok((await store.records.sweep(NOW, 10)) >= 1);
    assert.equal(await store.records.read("t", "swept", NOW - 5), undefined);
  });

  it("an act that fails fails alone: others of the same transaction are committed", async () => {
    const store = await openOne();
    const event = (login: string): AuditEvent => ({ kind: "signed-in", at: NOW, login });
    const told = store.records.commitTold as NonNullable<RecordStore["commitTold"]>;
    const results = await Promise.allSettled([
      told([write("one", "1")], [event("one")], NOW),
      told([write("two", "2"), write("one", "2", { expect: "absent" })], [event("two")], NOW),
      told([write("three", "3", { expiresAt: Number.NaN })], [event("three")], NOW),
      told([write("x".repeat(20_001), "4")], [event("four")], NOW),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "rejected"],
    );
    assert.deepEqual([await textAt(store, "one"), await textAt(store, "two")], ["1", undefined]);
    const logins = (await store.audit.query({ kind: "signed-in", limit: 9 })).map(({ login }) => login);
    assert.deepEqual(logins, ["one"], "what did not happen is not told");
  });

  it("events of the audit stand in the order of their commits, whichever connection they came through", async () => {
    const [one, two] = [await openOne(), await openOne()];
    for (let n = 0; n < 6; n += 1) {
      await (n % 2 === 0 ? one : two).audit.append({ kind: "code-right", at: NOW - n, login: `order-${n}` });
      if (n === 3) await one.settle();
    }
    await two.settle();
    const found = (await two.audit.page({ kinds: ["code-right"], limit: 9 })).entries;
    assert.deepEqual(
      found.map(({ login }) => login).reverse(),
      [0, 1, 2, 3, 4, 5].map((n) => `order-${n}`),
    );
  });

  it("a great many rows are brought in by themselves, and none is lost meanwhile", async () => {
    const store = await openOne();
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 400 }, (_, n) => store.records.commit([write(`many-${round}-${n}`, "x")], NOW)),
      );
    const { rows } = await store.database.run(statement<{ n: number }>("select count(*) as n from records"));
    assert.ok(Number(rows[0]?.n) > 1_000, `${rows[0]?.n} in the table`);
    const page = await store.records.page("t", "many-", 9_999, NOW);
    assert.equal(page.filter((row) => row.key.startsWith("many-")).length, 4_000);
  });

  it("a copy is brought in whole, and nothing of its log is left", async () => {
    const own = await sqlite.place();
    const store = await own.open();
    await store.records.commit([write("copied", "1")], NOW);
    await store.audit.append({ kind: "signed-in", at: NOW, login: "copied" });
    const { file } = own.config as { file: string };
    const raw = new DatabaseSync(file);
    raw.exec(`vacuum into '${file}.copy'`);
    raw.close();
    await settleCopy(`${file}.copy`);
    const copy = new DatabaseSync(`${file}.copy`, { readOnly: true });
    const count = (table: string) =>
      Object.values(copy.prepare(`select count(*) from ${table}`).get() ?? {})[0];
    assert.deepEqual([count("records"), count("audit"), count("records_log")], [1, 1, 0]);
    copy.close();
    await store.close();
    own.remove();
  });

  it("an entry comes back as it was written, and one that is cut short is none", () => {
    const text = fc.string({ unit: "binary", maxLength: 12 });
    const writes = fc.array(
      fc.record({
        kind: text,
        key: text,
        group: fc.option(text, { nil: undefined }),
        bytes: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }),
        version: fc.nat(),
        expiresAt: fc.double({ noNaN: true, noDefaultInfinity: true }),
      }),
      { maxLength: 4 },
    );
    const told = fc.array(text, { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ now: fc.nat(), writes, told }), { minLength: 1, maxLength: 3 }),
        (acts) => {
          const entry = encodeEntry(acts);
          assert.deepEqual(plain(decodeEntry(entry)), plain(acts));
          const [first] = acts;
          if ((first?.writes.length ?? 0) > 0)
            assert.throws(() => decodeEntry(entry.subarray(0, 20)), RangeError);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const textOf = (value: Uint8Array | null | undefined) =>
  value === undefined || value === null ? undefined : Buffer.from(value).toString();
/** Without the classes of bytes; minus nought is nought. */
const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_name, one) => (one instanceof Uint8Array ? [...one] : one)));
