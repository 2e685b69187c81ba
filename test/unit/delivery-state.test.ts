/** L09, M25: whatever order a provider's words come in, an attempt only moves forward and an end is an end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Attempt,
  advance,
  channelOf,
  hasFailed,
  isTerminal,
  MOST_ATTEMPTS,
  viewOf,
  withAttempt,
} from "../../src/core/delivery-state.ts";
import type { DeliveryState } from "../../src/core/sms.ts";

const ORDER: readonly (readonly DeliveryState[])[] = [
  ["pending"],
  ["unknown"],
  ["accepted"],
  ["queued"],
  ["sending"],
  ["sent"],
  ["delivered", "undelivered", "failed", "canceled"],
];
const rank = (state: DeliveryState): number => ORDER.findIndex((states) => states.includes(state));
const anyState = fc.constantFrom(...ORDER.flat());
const first: Attempt = {
  send: 1,
  number: 1,
  gateway: "a",
  channel: "sms",
  state: "pending",
  at: 1000,
  stateAt: 1000,
};
const through = (states: readonly DeliveryState[]): Attempt =>
  states.reduce((attempt, state, at) => advance(attempt, { state }, 2000 + at), first);

test("L09: no word moves an attempt back, and none out of its end", () => {
  fc.assert(
    fc.property(fc.array(anyState, { maxLength: 12 }), anyState, (before, next) => {
      const old = through(before);
      const after = advance(old, { state: next }, 9000);
      assert.ok(rank(after.state) >= rank(old.state));
      if (isTerminal(old.state)) assert.equal(after, old);
    }),
  );
});

test("L09: the furthest word counts in whatever order and however often it comes", () => {
  fc.assert(
    fc.property(fc.array(anyState, { minLength: 1, maxLength: 12 }), (states) => {
      const furthest = Math.max(rank("pending"), ...states.map(rank));
      assert.equal(rank(through(states).state), furthest);
      const twice = through([...states, ...states, ...states.toReversed()]);
      assert.deepEqual(twice, through(states));
      // Of several ends the first one stays.
      const end = states.find(isTerminal);
      if (end !== undefined) assert.equal(through(states).state, end);
    }),
  );
});

test("what is no news is the very same attempt, and the provider's name for it stays the first", () => {
  const sent = advance(first, { state: "sent", providerId: "SM1" }, 2000);
  assert.equal(advance(sent, { state: "queued", providerId: "SM2" }, 3000), sent);
  assert.equal(sent.stateAt, 2000);
  // The answer to the send may come after the first report: it adds the name and takes nothing back.
  const early = advance(first, { state: "sent" }, 2000);
  assert.deepEqual(advance(early, { state: "accepted", providerId: "SM1" }, 3000), {
    ...early,
    providerId: "SM1",
  });
});

test("an uncertain send that was taken after all is lifted by the provider's word", () => {
  const lost = advance(first, { state: "unknown", reason: "no-answer" }, 2000);
  assert.equal(viewOf([lost], 1, { channel: "sms", at: 0 }).state, "failed");
  const found = advance(lost, { state: "sent" }, 3000);
  assert.deepEqual([found.state, found.reason], ["sent", undefined]);
});

const anyAttempt = fc.record({
  send: fc.integer({ min: 1, max: 3 }),
  number: fc.integer({ min: 1, max: 3 }),
  state: anyState,
});

test("L09: what comes of an earlier send changes nothing of the view of the last one", () => {
  fc.assert(
    fc.property(fc.array(anyAttempt, { maxLength: 12 }), anyState, (list, late) => {
      const fallback = { channel: "sms", at: 5 } as const;
      const attempts = list.reduce<readonly Attempt[]>(
        (all, one) => withAttempt(all, { ...first, ...one }),
        [],
      );
      const changed = attempts.map((one) => (one.send === 3 ? one : advance(one, { state: late }, 9000)));
      assert.deepEqual(viewOf(changed, 3, fallback), viewOf(attempts, 3, fallback));
      assert.deepEqual(
        attempts.map(({ send, number }) => send * 10 + number),
        [...new Set(list.map(({ send, number }) => send * 10 + number))].sort((a, b) => a - b),
      );
    }),
  );
});

test("a person is told of the attempt that came furthest; a failure of another takes nothing back", () => {
  const view = (...states: readonly DeliveryState[]) =>
    viewOf(
      states.map((state, at) => ({ ...first, number: at + 1, state })),
      1,
      { channel: "sms", at: 0 },
    ).state;
  assert.equal(view(), "sending");
  assert.equal(view("failed", "pending"), "sending");
  assert.equal(view("unknown", "pending"), "sending");
  assert.equal(view("sent", "failed"), "sent");
  assert.equal(view("sent", "delivered"), "delivered");
  assert.equal(view("undelivered", "accepted"), "sent");
  assert.equal(view("failed", "failed"), "failed");
  assert.equal(view("unknown"), "failed");
  assert.equal(view("canceled"), "failed");
});

test("by what a code came: the newest that has not failed, and the last wish before anything is known", () => {
  const call: Attempt = { ...first, send: 2, channel: "call" };
  assert.equal(channelOf([], 1, "sms"), "sms");
  assert.equal(channelOf([{ ...first, state: "sent" }], 2, "call"), "call");
  assert.equal(
    channelOf(
      [
        { ...first, state: "sent" },
        { ...call, state: "sent" },
      ],
      2,
      "call",
    ),
    "call",
  );
  assert.equal(
    channelOf(
      [
        { ...first, state: "sent" },
        { ...call, state: "undelivered" },
      ],
      2,
      "call",
    ),
    "sms",
  );
  assert.equal(
    channelOf(
      [
        { ...first, state: "failed" },
        { ...call, state: "failed" },
      ],
      2,
      "call",
    ),
    "call",
  );
});

test("no more attempts are kept than fit, the newest", () => {
  let attempts: readonly Attempt[] = [];
  for (let send = 1; send <= 60; send += 1) attempts = withAttempt(attempts, { ...first, send });
  assert.equal(attempts.length, MOST_ATTEMPTS);
  assert.equal(attempts.at(-1)?.send, 60);
  assert.ok(!hasFailed("pending"));
});
