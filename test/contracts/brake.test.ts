/** The brake on guessing over the engines: counts of all nodes, on everywhere, over after half an hour of quiet. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createBrake, pulls } from "../../src/core/brake.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import { createTallies, type TallyRow, type TallyStore } from "../../src/core/tallies.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const MINUTE = 60_000;
const limits = limitsSchema.parse({});

it("M03: 100 wrong of at most 333, in ten minutes; not 99, and not 100 of 334", () => {
  assert.equal(pulls(333, 100, limits), true);
  assert.equal(pulls(334, 100, limits), false);
  assert.equal(pulls(99, 99, limits), false);
});

overEngines("the brake", ({ store }) => {
  let skew = 0;
  const now = () => Date.now() + skew;
  const alarms: string[] = [];
  const node = () => {
    const tallies = createTallies({ store: store().tallies, now });
    const storage = createStorage({ store: store().records, sealer: testSealer(), now });
    const audit = store().audit;
    const brake = createBrake({
      tallies,
      storage,
      limits: () => limits,
      audit,
      now,
      onAlarm: (text) => alarms.push(text),
    });
    return { brake, tallies };
  };
  const events = async () =>
    (await store().audit.query({ limit: 50 })).map(({ kind }) => kind).filter((kind) => /^brake/.test(kind));

  it("M03 O08: two nodes with 60 wrong codes each pull it together, once, and both make longer codes and doubled waits", async () => {
    const [one, two] = [node(), node()];
    for (const { brake, tallies } of [one, two]) {
      for (let n = 0; n < 60; n += 1) brake.told(true);
      for (let n = 0; n < 80; n += 1) brake.told(false);
      await tallies.flush();
    }
    await Promise.all([one.brake.look(), two.brake.look()]);
    const third = node();
    await third.brake.look();
    for (const { brake } of [one, two, third]) {
      const tight = brake.tightened(limits);
      assert.equal(tight.codeDigits, 8);
      assert.deepEqual(tight.resendAfter, [60, 120, 240]);
      assert.deepEqual(tight.pauses, [30, 60, 120]);
    }
    assert.equal(alarms.length, 1);
    assert.match(alarms[0] ?? "", /120 of 280 codes/);
    assert.deepEqual(await events(), ["brake-on"]);
    assert.equal(third.brake.tightened({ ...limits, codeDigits: 10 }).codeDigits, 10);
  });

  it("it lasts 30 minutes beyond the last that was too much, over restarts, and its end is told once", async () => {
    const one = node();
    await one.brake.look();
    // Nine minutes later the ten minutes still hold them.
    skew += 9 * MINUTE;
    await node().brake.look();
    skew += 29 * MINUTE;
    const late = node();
    await late.brake.look();
    assert.equal(late.brake.tightened(limits).codeDigits, 8);
    skew += 2 * MINUTE;
    assert.equal(late.brake.tightened(limits).codeDigits, 6);
    await Promise.all([late.brake.look(), node().brake.look(), one.brake.look()]);
    assert.deepEqual((await events()).sort(), ["brake-off", "brake-on"]);
  });

  it("M29: a clock put back by ten minutes neither pulls nor releases it", async () => {
    skew += 60 * MINUTE;
    const one = node();
    for (let n = 0; n < 100; n += 1) one.brake.told(true);
    await one.brake.look();
    assert.equal(one.brake.tightened(limits).codeDigits, 8);
    skew -= 10 * MINUTE;
    await one.brake.look();
    assert.equal(one.brake.tightened(limits).codeDigits, 8);
  });

  it("what a batch could not add is added with the next one, and what a node sees is its own at once", async () => {
    const failing: TallyStore = { ...store().tallies, add: () => Promise.reject(new Error("away")) };
    let inner = failing;
    const tallies = createTallies({
      store: {
        ...failing,
        add: (rows: readonly TallyRow[]) => inner.add(rows),
        read: (...of) => store().tallies.read(...of),
      },
      now,
    });
    tallies.add("t", "x", 5, 1, 0);
    await assert.rejects(tallies.flush());
    tallies.add("t", "x", 5, 2, 1);
    assert.deepEqual(await tallies.read("t", "x", 0), [{ slot: 5, a: 3, b: 1 }]);
    inner = store().tallies;
    await tallies.flush();
    await tallies.flush();
    const other = createTallies({ store: store().tallies, now });
    assert.deepEqual(await other.read("t", "x", 0), [{ slot: 5, a: 3, b: 1 }]);
  });
});
