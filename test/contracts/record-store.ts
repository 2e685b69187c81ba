/** What every RecordStore promises. Run by record-store.test.ts over each implementation. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ByteWrite, RecordStore } from "../../src/core/records.ts";

const NOW = 1_000_000;
const LATER = NOW + 60_000;
let versions = 1;

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** A write of kind `t` with a fresh version; `rest` overrides. */
const write = (key: string, value: string | null, rest: Partial<ByteWrite> = {}): ByteWrite => {
  versions += 1;
  const body = value === null ? null : bytes(value);
  return { kind: "t", key, bytes: body, version: 2 ** 46 + versions, expiresAt: LATER, ...rest };
};

const parallel = <T>(count: number, act: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

/** Declares the suite. `open` makes an empty store. */
export function recordStoreContract(
  name: string,
  open: () => Promise<{ records: RecordStore; close(): Promise<void> }>,
  skip: string | false = false,
): void {
  describe(`RecordStore on ${name}`, { skip }, () => {
    let store: RecordStore;
    let close: () => Promise<void>;
    before(async () => {
      const opened = await open();
      store = opened.records;
      close = () => opened.close();
    });
    after(() => close?.());

    const put = async (key: string, value: string, rest?: Partial<ByteWrite>) => {
      const entry = write(key, value, rest);
      assert.equal(await store.commit([entry], NOW), true);
      return entry;
    };
    const value = async (key: string, now = NOW) => text((await store.read("t", key, now))?.bytes);

    it("answers what was written, with version and end, as bytes of any value", async () => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const entry = await put("bytes", "", { bytes: all, version: 2 ** 47 - 1 });
      const row = await store.read("t", "bytes", NOW);
      assert.deepEqual(Uint8Array.from(row?.bytes ?? []), all);
      assert.deepEqual([row?.key, row?.version, row?.expiresAt], ["bytes", entry.version, LATER]);
      assert.equal(await store.read("other", "bytes", NOW), undefined, "kinds are apart");
      await put("bytes", "");
      assert.equal(await value("bytes"), "", "an empty value is a value");
    });

    it("M11: of 20 parallel takers exactly one gets the bytes", async () => {
      for (let round = 0; round < 5; round += 1) {
        await put(`take-${round}`, "once");
        const taken = await parallel(20, () => store.take("t", `take-${round}`, NOW));
        assert.deepEqual(taken.filter((one) => one !== undefined).map(text), ["once"]);
        assert.equal(await value(`take-${round}`), undefined);
      }
    });

    it("M11: of 20 parallel commits with the same expectation exactly one succeeds", async () => {
      const before = await put("race", "before");
      const changed = await parallel(20, (index) =>
        store.commit([write("race", `winner ${index}`, { expect: before.version })], NOW),
      );
      assert.equal(changed.filter(Boolean).length, 1);
      assert.equal(await value("race"), `winner ${changed.indexOf(true)}`);
      const made = await parallel(20, (index) =>
        store.commit([write("race-new", `first ${index}`, { expect: "absent" })], NOW),
      );
      assert.equal(made.filter(Boolean).length, 1);
      assert.equal(await value("race-new"), `first ${made.indexOf(true)}`);
    });

    it("M11: a take and a conditional change of one row never both succeed", async () => {
      for (let round = 0; round < 20; round += 1) {
        const key = `take-or-change-${round}`;
        const { version } = await put(key, "before");
        const [taken, changed] = await Promise.all([
          store.take("t", key, NOW),
          store.commit([write(key, "after", { expect: version })], NOW),
        ]);
        const seen = [text(taken), changed, await value(key)];
        const takenFirst = [["before", false, undefined]];
        const changedFirst = [
          ["after", true, undefined],
          [undefined, true, "after"],
        ];
        assert.ok(
          [...takenFirst, ...changedFirst].some((end) => isSame(end, seen)),
          JSON.stringify(seen),
        );
      }
    });

    it("treats a row that has ended as absent for read, take, list and every expectation", async () => {
      const ended = { expiresAt: NOW, group: "ended" };
      const { version } = await put("ended", "old", ended);
      assert.equal(await value("ended", NOW - 1), "old", "it is there until its end");
      assert.equal(await value("ended"), undefined);
      assert.equal(await store.take("t", "ended", NOW), undefined);
      assert.deepEqual(await store.list("t", "ended", 10, NOW), []);
      assert.equal(await store.commit([write("ended", "x", { expect: version })], NOW), false);
      assert.equal(await store.commit([write("ended", null, { expect: version })], NOW), false);
      assert.equal(await store.commit([write("ended", "new", { expect: "absent" })], NOW), true);
      assert.equal(await value("ended"), "new");
      assert.equal(await store.commit([write("ended", "x", { expect: "absent" })], NOW), false);
    });

    it("deletes with and without an expectation", async () => {
      const { version } = await put("gone", "x");
      assert.equal(await store.commit([write("gone", null, { expect: version - 1 })], NOW), false);
      assert.equal(await store.commit([write("gone", null, { expect: "absent" })], NOW), false);
      assert.equal(await value("gone"), "x");
      assert.equal(await store.commit([write("gone", null, { expect: version })], NOW), true);
      assert.equal(await value("gone"), undefined);
      assert.equal(await store.commit([write("gone", null)], NOW), true, "deleting nothing is no failure");
      assert.equal(await store.commit([write("gone", null, { expect: "absent" })], NOW), true);
      assert.equal(await value("gone"), undefined);
    });

    it("commits all writes or none, wherever the failing one stands", async () => {
      for (const failing of ["a", "m", "z"]) {
        const writes = ["a", "m", "z"].map((name) =>
          write(`all-${failing}-${name}`, "x", name === failing ? { expect: 12345 } : {}),
        );
        assert.equal(await store.commit(writes, NOW), false);
        for (const { key } of writes) assert.equal(await value(key), undefined);
      }
      const { version } = await put("all-old", "old");
      const mixed = [
        write("all-new", "new", { expect: "absent" }),
        write("all-old", null, { expect: version }),
        write("all-nothing", null, { expect: "absent" }),
      ];
      assert.equal(await store.commit(mixed, NOW), true);
      assert.deepEqual([await value("all-new"), await value("all-old")], ["new", undefined]);
      assert.equal(await store.commit([], NOW), true);
    });

    it("lets parallel commits over the same rows in any order end, each whole", async () => {
      const keys = ["p1", "p2", "p3", "p4"];
      const done = await parallel(40, (index) => {
        const turned = [...keys.slice(index % 4), ...keys.slice(0, index % 4)];
        return store.commit(
          turned.map((key) => write(key, `commit ${index}`, { group: "p" })),
          NOW,
        );
      });
      assert.ok(done.every(Boolean));
      const values = new Set(await Promise.all(keys.map((key) => value(key))));
      assert.equal(values.size, 1, "all four rows come from one commit");
    });

    it("lets commits and group removals over the same rows run at once", async () => {
      await parallel(30, async (index) => {
        if (index % 3 === 0) return store.removeGroup("t", "churn");
        const keys = index % 2 === 0 ? ["c1", "c2", "c3"] : ["c3", "c2", "c1"];
        await store.commit(
          keys.map((key) => write(key, `v${index}`, { group: "churn" })),
          NOW,
        );
      });
      await store.removeGroup("t", "churn");
      assert.deepEqual(await store.list("t", "churn", 10, NOW), []);
    });

    it("lists a group oldest first, at most as many as asked, and removes it whole", async () => {
      for (const [index, key] of ["g-c", "g-a", "g-b"].entries())
        await store.commit([write(key, key, { group: "g" })], NOW + index);
      await put("g-other", "x", { group: "other" });
      await put("g-loose", "x");
      await store.commit([write("g-c", "changed", { group: "g" })], NOW + 10);
      const listed = async (limit: number) =>
        (await store.list("t", "g", limit, NOW)).map((row) => [row.key, text(row.bytes)]);
      assert.deepEqual(await listed(10), [
        ["g-c", "changed"],
        ["g-a", "g-a"],
        ["g-b", "g-b"],
      ]);
      assert.equal((await listed(2)).length, 2);
      await put("g-a", "moved", { group: "other" });
      assert.deepEqual(
        (await listed(10)).map(([key]) => key),
        ["g-c", "g-b"],
      );
      await store.removeGroup("t", "g");
      assert.deepEqual(await listed(10), []);
      const left = ["g-a", "g-b", "g-c", "g-other", "g-loose"].map((key) => value(key));
      assert.deepEqual(await Promise.all(left), ["moved", undefined, undefined, "x", "x"]);
    });

    it("pages through a kind by key, none left out or twice while others come and go", async () => {
      const kind = "paged";
      const paged = (key: string, rest: Partial<ByteWrite> = {}) => put(key, key, { kind, ...rest });
      const keys = Array.from({ length: 57 }, (_, n) => `k${String(n * 3).padStart(3, "0")}`);
      await Promise.all(keys.map((key, n) => paged(key, { group: n % 2 === 0 ? "even" : "odd" })));
      await paged("k001-ended", { expiresAt: NOW, group: "even" });
      await put("k002-other-kind", "x", { group: "even" });
      const all = async (group?: string) => {
        const seen: string[] = [];
        for (let after = ""; ; ) {
          const rows = await store.page(kind, after, 10, NOW, group);
          assert.ok(rows.length <= 10);
          if (rows.length === 0) return seen;
          seen.push(...rows.map((row) => row.key));
          after = seen.at(-1) ?? "";
          await paged(`${after}-meanwhile`, { expiresAt: NOW + 1, group: "meanwhile" });
          await store.commit([write(`${after}-meanwhile`, null, { kind })], NOW);
        }
      };
      assert.deepEqual(await all(), keys);
      assert.deepEqual(
        await all("odd"),
        keys.filter((_, n) => n % 2 === 1),
      );
      assert.deepEqual(await all("nobody's"), []);
      const [row] = await store.page(kind, "k000", 1, NOW);
      assert.deepEqual([row?.key, text(row?.bytes), row?.expiresAt], ["k003", "k003", LATER]);
    });

    it("sweeps what has ended, no more than asked, and nothing else", async () => {
      await store.sweep(NOW, 1_000);
      for (let index = 0; index < 7; index += 1) await put(`s-${index}`, "x", { expiresAt: NOW - index });
      await put("s-live", "x", { expiresAt: NOW + 1 });
      assert.equal(await store.sweep(NOW, 5), 5);
      assert.equal(await store.sweep(NOW, 5), 2);
      assert.equal(await store.sweep(NOW, 5), 0);
      assert.equal(await value("s-live"), "x");
    });
  });
}

const isSame = (a: readonly unknown[], b: readonly unknown[]) => a.every((one, index) => one === b[index]);
