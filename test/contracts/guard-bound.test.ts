/** M05: pumping by numbers that were bound once is seen, told once, and locks nobody out. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createGuard } from "../../src/core/guard.ts";
import { lookAtBound } from "../../src/core/guard-bound.ts";
import { pumpingSchema } from "../../src/core/pumping-settings.ts";
import type { OpenSend } from "../../src/core/sending.ts";
import { sendingSchema } from "../../src/core/sending-settings.ts";
import { createTallies } from "../../src/core/tallies.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

overEngines("texts to bound phones", ({ store }) => {
  const now = () => Date.UTC(2027, 0, 31, 20);
  const alarms: string[] = [];
  const node = () => {
    const tallies = createTallies({ store: store().tallies, now });
    const settings = () => pumpingSchema.parse({ mode: "protect" });
    const guard = createGuard({
      tallies,
      settings,
      sending: () => sendingSchema.parse({}),
      decisions: store().decisions,
      now,
    });
    const storage = createStorage({ store: store().records, sealer: testSealer(), now });
    const look = () =>
      lookAtBound({
        tallies,
        storage,
        settings,
        audit: store().audit,
        now,
        onAlarm: (text) => alarms.push(text),
      });
    return { guard, tallies, look };
  };
  const send = (number: number, over: Partial<OpenSend> = {}): OpenSend => ({
    subject: `s${number}`,
    e164: `+88213${String(1_000_000 + number * 10_000)}`,
    country: "AC",
    address: "192.0.2.9",
    lane: "owner",
    sends: 1,
    at: now(),
    ...over,
  });

  it("answered ones are no alarm; unanswered ones are, once, on whichever node looks, and nobody is refused", async () => {
    const [first, second] = [node(), node()];
    for (let n = 0; n < 30; n += 1) {
      const open = send(n, { country: "DE", address: `198.51.100.${n}` });
      first.guard.sent(open);
      first.guard.verified(open);
    }
    await first.tallies.flush();
    assert.equal(await second.look(), 0);
    for (let n = 0; n < 25; n += 1)
      first.guard.sent(send(n, { address: `203.0.113.${n}`, lane: n % 2 === 0 ? "owner" : "device" }));
    await first.tallies.flush();
    const raised = (await Promise.all([node().look(), node().look(), node().look()])).reduce(
      (a, b) => a + b,
      0,
    );
    assert.deepEqual([raised, alarms.length], [1, 1]);
    assert.match(alarms[0] ?? "", /^Texts to bound phones go unanswered: 25 in one day of country AC/);
    const [event] = await store().audit.query({ kind: "guard-alarm", limit: 5 });
    assert.deepEqual(event?.facts, { scope: "country", name: "AC", span: "day", open: 25, threshold: 20 });
    const request = { ...send(99), login: "l", client: "spa" };
    assert.equal(await first.guard.gate(request), undefined, "an owner is never refused by it");
  });
});
