/** The pumping guard and the spend ledger over the engines, with two nodes. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { createGuard, replay } from "../../src/core/guard.ts";
import { judge, measure } from "../../src/core/pumping.ts";
import { pumpingSchema } from "../../src/core/pumping-settings.ts";
import type { SendRequest } from "../../src/core/sending.ts";
import { sendingSchema } from "../../src/core/sending-settings.ts";
import { createLedger, estimate, MICRO, type Sent, spendSchema } from "../../src/core/spend.ts";
import { createTallies } from "../../src/core/tallies.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const HOUR = 3_600_000;
const none = { dayOpen: 0, dayVerified: 0, hourOpen: 0, hourVerified: 0, best: 0 };
const clean = { country: none, block: none, address: none, countries: 1 };
const settings = pumpingSchema.parse({});

it("M05: the thresholds are Authgear's: floors, and shares of what was verified", () => {
  const country = (over: Partial<typeof none>) =>
    judge({ ...clean, country: { ...none, ...over } }, settings)?.span;
  assert.equal(country({ hourOpen: 2 }), undefined);
  assert.equal(country({ hourOpen: 3 }), "hour");
  assert.equal(country({ hourOpen: 3, hourVerified: 20 }), undefined, "0.2 of 20");
  assert.equal(country({ hourOpen: 4, hourVerified: 20 }), "hour");
  assert.equal(country({ dayOpen: 19 }), undefined);
  assert.equal(country({ dayOpen: 20 }), "day");
  assert.equal(country({ dayOpen: 29, best: 100 }), undefined, "0.3 of the best day of 14");
  assert.equal(country({ dayOpen: 30, best: 100 }), "day");
  assert.equal(country({ hourOpen: 9, best: 300 }), undefined, "0.2 of a sixth of 300");
  assert.equal(country({ hourOpen: 10, best: 300 }), "hour");
  assert.equal(judge({ ...clean, address: { ...none, hourOpen: 5 } }, settings)?.scope, "address");
  assert.equal(judge({ ...clean, block: { ...none, dayOpen: 10 } }, settings)?.scope, "block");
  assert.equal(judge({ ...clean, countries: 4 }, settings)?.scope, "countries");
  assert.equal(judge({ ...clean, countries: 3 }, settings), undefined);
});

it("M05: measures count each hour once, and more answers never make it stricter", () => {
  const hours = fc.array(
    fc.record({
      slot: fc.integer({ min: 700, max: 1_100 }),
      a: fc.integer({ min: 0, max: 50 }),
      b: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(hours, (rows) => {
      const found = measure(rows, 1_000);
      const last = rows.filter(({ slot }) => slot > 976 && slot < 1_024);
      const verified = last.reduce((sum, { b }) => sum + b, 0);
      assert.equal(found.dayVerified, verified);
      assert.ok(found.best >= 0 && found.dayOpen >= 0);
      if (judge({ ...clean, country: found }, settings) === undefined) {
        const better = measure(
          rows.map((row) => ({ ...row, b: row.b + 1 })),
          1_000,
        );
        assert.equal(judge({ ...clean, country: better }, settings), undefined);
      }
    }),
  );
});

overEngines("the pumping guard", ({ store }) => {
  let skew = 0;
  const now = () => Date.UTC(2027, 0, 10, 12) + skew;
  const node = (mode: "observe" | "protect", elsewhere?: "refuse") => {
    const tallies = createTallies({ store: store().tallies, now });
    const guard = createGuard({
      tallies,
      settings: () => ({ ...settings, mode }),
      sending: () => sendingSchema.parse({ elsewhere: elsewhere ?? "observe" }),
      decisions: store().decisions,
      countryOfAddress: async (address) => (address.startsWith("203.") ? "FR" : undefined),
      now,
    });
    return { ...guard, flush: () => Promise.all([tallies.flush(), guard.flush()]) };
  };
  const typed = (n: number, over: Partial<SendRequest> = {}): SendRequest => ({
    subject: `s${n}`,
    e164: `+4479111${String(n * 7).padStart(2, "0")}${String(1000 + n)}`,
    country: "GB",
    address: `192.0.2.${n}`,
    lane: "stranger",
    login: `l${n}`,
    client: "spa",
    ...over,
  });
  const open = (request: SendRequest, sends = 1) => ({ ...request, sends, at: now() });

  it("M05 O08: two nodes count together, and both refuse from the threshold on; an owner is never judged", async () => {
    const [one, two] = [node("protect"), node("protect")];
    for (const [n, { gate, sent }] of [one, two, one].entries()) {
      assert.equal(await gate(typed(n)), undefined);
      sent(typed(n));
    }
    await Promise.all([one.flush(), two.flush()]);
    skew += 6_000;
    for (const { gate } of [one, two, node("protect")]) {
      assert.equal(await gate(typed(9)), "guard");
      assert.equal(await gate(typed(9, { lane: "owner" })), undefined);
      assert.equal(await gate(typed(9, { country: "DE", e164: "+4915112345678" })), undefined);
    }
  });

  it("M05: answered codes open it again; texts of a person who finished otherwise are not counted", async () => {
    skew += 30 * 24 * HOUR;
    const one = node("protect");
    for (let n = 0; n < 3; n += 1) one.sent(typed(n));
    assert.equal(await one.gate(typed(5)), "guard");
    one.abandoned(open(typed(0)));
    assert.equal(await one.gate(typed(5)), undefined);
    one.sent(typed(5));
    assert.equal(await one.gate(typed(6)), "guard");
    one.verified(open(typed(1)));
    assert.equal(await one.gate(typed(6)), undefined);
  });

  it("numbers of many countries at one address; and of another country than the address", async () => {
    skew += 30 * 24 * HOUR;
    const one = node("protect", "refuse");
    const of = (country: string, n: number) => typed(n, { country, address: "198.51.100.7" });
    for (const [n, country] of ["DE", "AT", "CH"].entries()) {
      assert.equal(await one.gate(of(country, n)), undefined);
      one.sent(of(country, n));
    }
    assert.equal(await one.gate(of("IT", 4)), "guard");
    one.verified(open(of("AT", 1)));
    await one.flush();
    assert.equal(
      await node("protect").gate(of("IT", 4)),
      undefined,
      "a country with an answer does not count",
    );
    assert.equal(await one.gate(typed(7, { address: "203.0.113.9" })), "elsewhere");
    assert.equal(await one.gate(typed(7, { address: "203.0.113.9", lane: "device" })), undefined);
  });

  it("every decision is kept with its reason, and can be made again with another setting", async () => {
    skew += 30 * 24 * HOUR;
    const since = now();
    const one = node("observe");
    for (let n = 0; n < 10; n += 1) {
      assert.equal(await one.gate(typed(n)), undefined, "it only watches");
      one.sent(typed(n));
    }
    await one.flush();
    const kept = await store().decisions.list({ since, limit: 100 });
    assert.equal(kept.length, 10);
    assert.deepEqual(kept[0]?.verdict, { scope: "country", span: "hour", open: 9, threshold: 3 });
    assert.ok(!JSON.stringify(kept).includes("+4479111"), "no number");
    assert.equal(replay(kept, pumpingSchema.parse({})).blocked, 7);
    assert.equal(replay(kept, pumpingSchema.parse({ country: { hour: 8 } })).blocked, 2);
    assert.equal(replay(kept, pumpingSchema.parse({ mode: "off" })).blocked, 0);
    const later = await store().decisions.list({ since, before: kept[3]?.seq, limit: 3 });
    assert.deepEqual(
      later.map(({ seq }) => seq),
      kept.slice(4, 7).map(({ seq }) => seq),
    );
    await store().decisions.forget(0, 4);
    assert.equal((await store().decisions.list({ since: 0, limit: 100 })).length, 4);
  });
});

it("a price is that of the longest beginning that fits", () => {
  const prices = { "+": { sms: 1, call: 2 }, "+4": { sms: 3, call: 4 }, "+49": { sms: 5, call: 6 } };
  assert.equal(estimate(prices, "+4915112345678", "sms", 2), 10);
  assert.equal(estimate(prices, "+4915112345678", "call", 2), 6);
  assert.equal(estimate(prices, "+436641234567", "sms", 1), 3);
  assert.equal(estimate(prices, "+12025550143", "call", 1), 2);
});

overEngines("the spend ledger", ({ store }) => {
  let skew = 0;
  const now = () => Date.UTC(2027, 0, 31, 20) + skew;
  const alarms: string[] = [];
  const node = (given: Record<string, unknown>) =>
    createLedger({
      store: store().spend,
      storage: createStorage({ store: store().records, sealer: testSealer(), now }),
      settings: () => spendSchema.parse({ prices: { "+49": { sms: 0.1, call: 0.2 } }, ...given }),
      audit: store().audit,
      now,
      onAlarm: (text) => alarms.push(text),
    });
  const one: Sent = { e164: "+4915112345678", country: "DE", client: "spa", channel: "sms", segments: 1 };

  it("adds up by day, country, client and channel over two nodes; the provider's price takes the estimate's place", async () => {
    const [first, second] = [node({}), node({})];
    for (let n = 0; n < 9; n += 1) (n % 2 === 0 ? first : second).sent(one);
    const owed = first.sent({ ...one, client: "spa" });
    first.sent({ ...one, client: "web", segments: 2 });
    second.sent({ ...one, channel: "call" });
    await Promise.all([first.flush(), second.flush()]);
    second.priced(owed, 0.075);
    const rows = await second.read("2027-01-01", "2027-01-31");
    assert.deepEqual(
      rows.map(({ client, channel, count, estimate: cost, settled, actual }) => [
        client,
        channel,
        count,
        ...[cost, settled, actual].map((micro) => micro / MICRO),
      ]),
      [
        ["spa", "call", 1, 0.2, 0, 0],
        ["spa", "sms", 10, 1, 0.1, 0.075],
        ["web", "sms", 1, 0.2, 0, 0],
      ],
    );
    assert.equal(await store().spend.total("2027-01-31", "2027-01-31"), 1.375 * MICRO);
  });

  it("a soft alarm once, a hard stop on every node, and the next day it goes on; the month's stop lasts", async () => {
    const limits = { daySoft: 1, dayHard: 2, monthHard: 3 };
    const [first, second] = [node(limits), node(limits)];
    assert.equal(await first.gate(), undefined);
    assert.equal(await second.gate(), undefined);
    assert.equal(alarms.length, 1, "one node has told it");
    for (let n = 0; n < 7; n += 1) first.sent(one);
    assert.equal(await first.gate(), "spend");
    await first.flush();
    skew += 6_000;
    assert.equal(await second.gate(), "spend");
    assert.match(alarms[1] ?? "", /2\.08 this day, and 2 is where they stop/);
    assert.equal(await node({ dayHard: 5 }).gate(), undefined, "a higher limit counts at once");
    skew += 4 * HOUR;
    assert.equal(await second.gate(), undefined, "a new day, and a new month");
    for (let n = 0; n < 31; n += 1) second.sent(one);
    await second.flush();
    skew += 25 * HOUR;
    assert.equal(await node({ ...limits, dayHard: null }).gate(), "spend", "the month");
    const told = await store().audit.query({ kind: "spend-limit", limit: 10 });
    assert.deepEqual(told.map(({ facts }) => [facts?.limit, facts?.span]).reverse(), [
      ["soft", "day"],
      ["hard", "day"],
      ["hard", "month"],
    ]);
  });
});
