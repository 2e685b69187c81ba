/** Storage over the engines: typed, sealed, and exact when several processes write at once or one of them dies. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { AuditEvent } from "../../src/core/audit.ts";
import type { RecordStore, Storage } from "../../src/core/records.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { openDatabase, type SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { createStorage } from "../kit/storage.ts";
import { engines, type Place, testSealer } from "../kit/stores.ts";

const LATER = Date.now() + 3_600_000;

/** Starts another node on the same store. */
function startNode(place: Place, ...args: readonly string[]) {
  const script = fileURLToPath(new URL("../kit/store-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, place.text, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  return { child, lines, ended: once(child, "exit") };
}

/** Changes the database past the store, as whoever can write to it but has no key. */
async function tamper({ config }: Place, sql: string): Promise<void> {
  const database = await openDatabase(config);
  await database.run(statement(sql));
  await database.close();
}

/** A store that never answers. */
const hanging = (records: RecordStore): RecordStore => ({ ...records, read: () => new Promise(() => {}) });

for (const engine of engines) {
  describe(`Storage on ${engine.name}`, { skip: engine.skip }, () => {
    let place: Place;
    let store: SqlStore;
    let storage: Storage;
    const over = (records: RecordStore, now = Date.now) =>
      createStorage({ store: records, sealer: testSealer(), now });

    before(async () => {
      place = await engine.place();
      store = await place.open();
      storage = over(store.records);
    });
    after(async () => {
      await store?.close();
      place?.remove();
    });

    it("gives back typed values and keeps kinds, keys and groups apart", async () => {
      const rows = storage.records<{ readonly name: string; readonly list: readonly number[] }>("typed");
      const value = { name: "Zoë ✓ \0", list: [1, 2.5, -3] };
      await rows.put("one", value, LATER, "group");
      assert.deepEqual(await rows.get("one"), value);
      assert.deepEqual((await rows.read("one"))?.value, value);
      assert.deepEqual(await rows.list("group", 10), [value]);
      assert.deepEqual(await rows.list("one", 10), []);
      assert.equal(await storage.records("other").get("one"), undefined);
      assert.deepEqual(await rows.take("one"), value);
      assert.equal(await rows.take("one"), undefined);
    });

    it("updates, keeps, removes and answers what the change says", async () => {
      const rows = storage.records<number>("changed");
      const add = (current = 0) => ({ result: `was ${current}`, write: current + 1, expiresAt: LATER });
      assert.equal(await rows.update("n", add), "was 0");
      assert.equal(await rows.update("n", add), "was 1");
      assert.equal(await rows.update("n", (current) => ({ result: current })), 2);
      assert.equal(await rows.get("n"), 2);
      assert.equal(await rows.update("n", (current) => ({ result: current, remove: true })), 2);
      assert.equal(await rows.get("n"), undefined);
      assert.equal(await rows.update("n", () => ({ result: "nothing", remove: true })), "nothing");
      await assert.rejects(
        rows.update("n", () => assert.fail("the change throws")),
        /the change throws/,
      );
      assert.equal(await rows.update("n", add), "was 0", "a change that threw leaves the queue open");
    });

    it("commits writes of several kinds together or not at all", async () => {
      const left = storage.records<string>("left");
      const right = storage.records<string>("right");
      await left.put("a", "old", LATER);
      const { version = 0 } = (await left.read("a")) ?? {};
      const stale = [right.write("b", "new", LATER), left.write("a", "new", LATER, { expect: version + 1 })];
      assert.equal(await storage.commit(stale), false);
      assert.deepEqual([await left.get("a"), await right.get("b")], ["old", undefined]);
      const fresh = [
        right.write("b", "new", LATER, { expect: "absent", group: "g" }),
        left.write("a", null, 0, { expect: version }),
      ];
      assert.equal(await storage.commit(fresh), true);
      assert.deepEqual([await left.get("a"), await right.list("g", 9)], [undefined, ["new"]]);
    });

    it("an act and what the audit says of it are there together or not at all", async () => {
      const rows = storage.records<string>("told");
      const { audit } = store;
      const told = async (login: string) => (await audit.query({ login, limit: 9 })).map(({ kind }) => kind);
      const events = (login: string): AuditEvent[] => [
        { kind: "code-right", at: 1, login },
        { kind: "signed-in", at: 2, login },
      ];
      const first = [rows.write("a", "one", LATER, { expect: "absent" })];
      assert.equal(await storage.commit(first, events("told-1")), true);
      assert.deepEqual(await told("told-1"), ["signed-in", "code-right"]);
      const second = [rows.write("b", "two", LATER), rows.write("a", "two", LATER, { expect: "absent" })];
      assert.equal(await storage.commit(second, events("told-2")), false);
      assert.deepEqual(await told("told-2"), [], "what did not happen is not told");
      const broken = [{ kind: null as never, at: 3, login: "told-3" }];
      await assert.rejects(storage.commit([rows.write("a", "three", LATER)], broken));
      assert.equal(await rows.get("a"), "one", "what cannot be told does not happen");
      assert.equal(await rows.get("b"), undefined);
    });

    it("where the store does not keep the audit, events are durable before the act", async () => {
      const { commitTold: _own, ...elsewhere } = store.records;
      const seen: string[] = [];
      const audit = {
        append: async ({ kind }: AuditEvent) => {
          await new Promise(setImmediate);
          seen.push(kind);
        },
      };
      const commit: RecordStore["commit"] = async (...args) => {
        seen.push("commit");
        return store.records.commit(...args);
      };
      const apart = createStorage({
        store: { ...elsewhere, commit },
        sealer: testSealer(),
        now: Date.now,
        audit,
      });
      const write = apart.records<string>("apart").write("a", "one", LATER);
      assert.equal(await apart.commit([write], [{ kind: "signed-in", at: 1 }]), true);
      assert.deepEqual(seen, ["signed-in", "commit"]);
      const silent = { append: async () => Promise.reject(new Error("the audit is away")) };
      const mute = createStorage({ store: elsewhere, sealer: testSealer(), now: Date.now, audit: silent });
      const next = mute.records<string>("apart").write("a", "two", LATER);
      await assert.rejects(mute.commit([next], [{ kind: "signed-in", at: 2 }]), /the audit is away/);
      assert.equal(await apart.records("apart").get("a"), "one");
    });

    it("what a process remembers of a row is never an answer: what another one did to it counts", async () => {
      const here = storage.records<number>("remembered");
      const there = over(store.records).records<number>("remembered");
      const add = (current = 0) => ({ result: current, write: current + 1, expiresAt: LATER });
      const look = (current: number | undefined) => ({ result: current });
      assert.equal(here.recall("n"), undefined, "nothing is known of a row nobody has asked for");
      await here.put("n", 1, LATER);
      assert.equal(here.recall("n")?.value, 1);
      assert.equal(here.recall("n")?.version, (await here.read("n"))?.version);
      await there.put("n", 10, LATER);
      assert.equal(here.recall("n")?.value, 1, "outdated");
      const stale = here.write("n", 2, LATER, { expect: here.recall("n")?.version ?? 0 });
      assert.equal(await storage.commit([stale]), false, "the commit says so");
      assert.equal(here.recall("n")?.value, 2, "what was not committed is remembered as well");
      assert.equal(await here.update("n", look), 10, "and is no answer");
      await there.put("n", 20, LATER);
      assert.equal(await here.update("n", add), 20);
      assert.equal(await there.get("n"), 21);
      await there.remove("n");
      assert.equal(await here.get("n"), undefined);
      await here.put("n", 5, LATER);
      await there.remove("n");
      assert.equal(await here.update("n", add), 0, "a row that is gone stays gone");
      await here.put("short", 1, Date.now() + 20);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(here.recall("short"), undefined, "an end is an end");
    });

    it("who reads a row gets what another process would, and nobody else's changes to it", async () => {
      type Value = { list: number[]; readonly gone?: string | undefined };
      const given = { list: [1], gone: undefined };
      // Ours: shared, so a change of it is refused (test/kit/storage.ts).
      const ours = storage.records<Value>("shared");
      await ours.put("n", given, LATER);
      const [first, second] = [await ours.get("n"), (await ours.read("n"))?.value];
      assert.deepEqual(Object.keys(first ?? {}), ["list"], "what is undefined is not stored");
      assert.equal(first, second);
      assert.throws(() => first?.list.push(2), TypeError);
      assert.deepEqual(await over(store.records).records<Value>("shared").get("n"), first);
      // For code that is not ours: a copy each, also of what ours has written, or remembers.
      const theirs = storage.records<Value>("shared", { copies: true });
      for (const key of ["n", "m"]) {
        if (key === "m") await theirs.put("m", { list: [1] }, LATER);
        for (const read of [theirs.get, theirs.get, async (of: string) => theirs.recall(of)?.value]) {
          const copy = await read(key);
          copy?.list.push(2);
          assert.deepEqual(copy, { list: [1, 2] });
        }
        assert.deepEqual(await ours.get(key), { list: [1] });
      }
    });

    it("a row that is written as it was found has another version, and the end it is given", async () => {
      const rows = storage.records<{ readonly n: number }>("again");
      const there = over(store.records).records<{ readonly n: number }>("again");
      await rows.put("n", { n: 1 }, Date.now() + 50);
      const found = await rows.read("n");
      assert.ok(found !== undefined);
      const write = (expiresAt: number) => rows.write("n", found.value, expiresAt, { expect: found.version });
      assert.equal(await storage.commit([write(LATER)]), true);
      assert.equal(await storage.commit([write(LATER)]), false, "it has changed since it was found");
      await new Promise((resolve) => setTimeout(resolve, 60));
      const [here, elsewhere] = [await rows.read("n"), await there.read("n")];
      assert.deepEqual(elsewhere, here);
      assert.deepEqual(here?.value, { n: 1 });
      assert.ok(here !== undefined && here.version !== found.version);
      const again = rows.write("n", here.value, LATER, { expect: here.version });
      assert.equal(await storage.commit([again]), true);
      assert.deepEqual(await there.read("n"), await rows.read("n"));
      assert.notEqual((await there.read("n"))?.version, here.version);
    });

    it("a row that is changed keeps its end and group, or gets those it is given", async () => {
      const rows = storage.records<number>("moved");
      const end = async (key: string) =>
        (await store.records.read("moved", testSealer().lookup("row moved", key), 0))?.expiresAt;
      await rows.put("a", 1, LATER, "one");
      const to = (value: number, expiresAt: number, group?: string) =>
        rows.update("a", () => ({ result: 0, write: value, expiresAt, group }));
      await to(2, LATER, "one");
      assert.deepEqual([await rows.list("one", 9), await end("a")], [[2], LATER]);
      await to(3, LATER, "two");
      assert.deepEqual([await rows.list("one", 9), await rows.list("two", 9)], [[], [3]]);
      await to(4, LATER + 5, "two");
      assert.deepEqual([await rows.list("two", 9), await end("a")], [[4], LATER + 5]);
      await to(5, LATER + 5);
      assert.deepEqual([await rows.list("two", 9), await rows.get("a")], [[], 5]);
      // Another node moves it meanwhile: what this one remembers of it is not believed.
      await over(store.records).records<number>("moved").put("a", 6, LATER, "three");
      await to(7, LATER + 5);
      assert.deepEqual([await rows.list("three", 9), await end("a")], [[], LATER + 5]);
    });

    it("O09: no key, group or value stands in the database in clear", async () => {
      const rows = storage.records<{ readonly code: string }>("dumped");
      const secrets = ["key-4711-visible", "group-4711-visible", "value-4711-visible"] as const;
      await rows.put(secrets[0], { code: secrets[2] }, LATER, secrets[1]);
      const rowsOf = async (table: string) =>
        (await store.database.run(statement<Record<string, unknown>>(`select * from ${table}`))).rows;
      const before = await rowsOf("records_log");
      await store.settle();
      const dump = [...before, ...(await rowsOf("records"))]
        .flatMap((row) => Object.values(row))
        .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString("latin1") : String(cell)))
        .join("\n");
      assert.ok(dump.includes("dumped"), "the dump shows the row");
      for (const secret of secrets) assert.ok(!dump.includes(secret), secret);
    });

    it("L06: a row that was moved, changed or made to live longer is refused", async () => {
      const rows = storage.records<string>("tampered");
      await rows.put("mine", "mine", Date.now() + 50);
      await rows.put("yours", "yours", LATER);
      const set = async (text: string) => {
        await store.settle();
        await tamper(place, `${text} and kind = 'tampered'`);
      };
      await set(`update records set expires_at = ${LATER} where expires_at < ${LATER}`);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.equal(await rows.get("mine"), undefined, "its end is sealed with it");
      const row = testSealer();
      const bytesOf = (key: string) =>
        `(select bytes from records where key = '${row.lookup("row tampered", key)}')`;
      await rows.put("mine", "mine", LATER);
      await set(
        `update records set bytes = ${bytesOf("mine")} where key = '${row.lookup("row tampered", "yours")}'`,
      );
      assert.equal(await rows.get("mine"), "mine");
      await assert.rejects(rows.get("yours"), { code: "sealed-value-invalid" });
      await assert.rejects(rows.take("yours"), { code: "sealed-value-invalid" });
      await rows.put("yours", "yours", LATER);
      assert.equal(await rows.get("yours"), "yours");
    });

    it("L06: a row that was moved to another kind is refused, also by who remembers it", async () => {
      const rows = storage.records<string>("from-kind");
      await rows.put("mine", "mine", LATER);
      const name = rows.nameOf("mine");
      await store.settle();
      await tamper(
        place,
        `insert into records (kind, key, bytes, version, expires_at, grp, made_at)
         select 'to-kind', key, bytes, version, expires_at, grp, made_at from records where kind = 'from-kind'`,
      );
      await assert.rejects(storage.records("to-kind").named(name), { code: "sealed-value-invalid" });
      assert.equal(await rows.named(name), "mine");
    });

    it("one process never collides with itself: 200 parallel updates take 200 commits", async () => {
      let commits = 0;
      const counted = {
        ...store.records,
        commit: (...args: Parameters<RecordStore["commit"]>) => {
          commits += 1;
          return store.records.commit(...args);
        },
      };
      const rows = over(counted).records<number>("queued");
      const add = (current = 0) => ({ result: current, write: current + 1, expiresAt: LATER });
      const seen = await Promise.all(Array.from({ length: 200 }, () => rows.update("n", add)));
      assert.deepEqual(
        seen,
        Array.from({ length: 200 }, (_, index) => index),
        "in the order of the calls",
      );
      assert.equal(commits, 200);
    });

    it("gives up a change that never gets through with store-conflict, and bounds who waits", async () => {
      const never = { ...store.records, commit: async () => false };
      const stuck = createStorage({ store: never, sealer: testSealer(), now: Date.now, random: () => 0 });
      const rows = stuck.records<number>("stuck");
      const add = () => rows.update("n", () => ({ result: 0, write: 1, expiresAt: LATER }));
      await assert.rejects(add(), { code: "store-conflict" });
      const slow = createStorage({ store: hanging(store.records), sealer: testSealer(), now: Date.now });
      const held = slow.records<number>("held");
      const flood = Array.from({ length: 1_005 }, () => held.update("n", () => ({ result: 0 })));
      // One is at work and 1 000 wait; the rest is refused at once.
      const refused = await Promise.allSettled(flood.slice(1_001));
      assert.equal(refused.length, 4);
      for (const end of refused) assert.equal(end.status === "rejected" && end.reason.code, "store-conflict");
    });

    it("O08: a counter is exact under 100 parallel updates at a time from each of two processes", async (t) => {
      const nodes = [startNode(place, "count", "500"), startNode(place, "count", "500")];
      // Both are up before either begins.
      const heard = nodes.map(({ lines }) => lines[Symbol.asyncIterator]());
      for (const lines of heard) assert.equal((await lines.next()).value, "ready");
      for (const { child } of nodes) child.stdin.end("go");
      for (const lines of heard) {
        const { p99, max } = JSON.parse((await lines.next()).value ?? "{}") as { p99: number; max: number };
        t.diagnostic(`event-loop delay p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms`);
        assert.ok(p99 < 100, `p99 was ${p99} ms`);
      }
      for (const { ended } of nodes) assert.equal((await ended)[0], 0);
      assert.equal(await storage.records<number>("counter").get("shared"), 1_000);
    });

    it("O08: nothing that was acknowledged is missing after kill -9 under load", async (t) => {
      const { child, lines, ended } = startNode(place, "write");
      const acknowledged: string[] = [];
      for await (const key of lines) {
        acknowledged.push(key);
        if (acknowledged.length === 500) child.kill("SIGKILL");
      }
      assert.equal((await ended)[1], "SIGKILL");
      await store.close();
      store = await place.open();
      storage = over(store.records);
      const rows = storage.records<string>("acknowledged");
      t.diagnostic(`${acknowledged.length} writes acknowledged before the kill`);
      assert.ok(acknowledged.length >= 500);
      for (const key of acknowledged) {
        const isPair = Number(key.split(".")[1]) % 2 === 1;
        assert.equal((await rows.get(key))?.length, isPair ? 500 : "single".length, key);
        assert.equal(await rows.get(`${key}.twin`), isPair ? "twin" : undefined, key);
      }
    });
  });
}
