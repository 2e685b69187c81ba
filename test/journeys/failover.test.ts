/** O17, M33: where one gateway does not bring the code, the next one brings the same code, and nothing gets weaker. */
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { SendFact } from "../../src/core/send-fact.ts";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { begin, claims, grantOf } from "../attacks/attacker.ts";
import { challengesOf } from "../kit/callbacks.ts";
import { standBehind, twilioAt } from "../kit/gateways.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { codeOf, startSimulator } from "../kit/simulator.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const first = await startSimulator();
const second = await startSimulator();
const facts: SendFact[] = [];
const server = await startServer({ pace: 0.1, simulator: first, onSend: (fact) => void facts.push(fact) });
await standBehind(server, [twilioAt("spare", second, { breakAfter: 100 })]);
after(() => Promise.all([first.close(), second.close()]));
afterEach(async () => {
  for (const phones of [first, second]) {
    await phones.clearFaults();
    await phones.clear();
  }
  facts.length = 0;
});

async function codePage(): Promise<{ visitor: TestVisitor; page: Seen }> {
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  return { visitor, page };
}

const bodies = async (phones: typeof first) =>
  (await phones.messages()).filter(({ to }) => to === GRACE).map(codeOf);

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await is()) return;
    await sleep(20);
  }
  assert.fail(`never: ${what}`);
}
const audited = async (kind: "code-sent" | "code-send-failed" | "gateway-problem") =>
  server.parts.audit.query({ kind, limit: 3 });

const refusals: readonly (readonly [string, FaultRequest])[] = [
  ["500", { status: 500 }],
  ["401", { status: 401 }],
  ["a sender that is not ours", { code: 21606 }],
  ["a region that is not enabled", { code: 21408 }],
  ["a suspended account", { code: 30002, status: 403 }],
  ["no route", { code: 21612 }],
  ["a full queue", { code: 21611 }],
  ["a 429 for longer than anybody waits", { status: 429, retryAfter: 60 }],
  ["a reset", { then: "reset" }],
];

for (const [story, fault] of refusals)
  test(`M33: after ${story} the next gateway brings the code within the request, and acr and amr stay`, async () => {
    await first.fault(fault);
    const { visitor, page } = await codePage();
    assert.match(textOf(page.body), /We sent a text to your phone|Our text reached your phone/);
    assert.deepEqual(await bodies(first), []);
    const [code = "", ...more] = await bodies(second);
    assert.deepEqual(more, []);
    const done = await visitor.submit(page, { code });
    const { acr, amr } = await claims(server, done);
    assert.deepEqual([acr, amr], ["twilio_sms", ["pwd", "sms", "mfa"]]);
    const [sent] = await audited("code-sent");
    assert.equal(sent?.facts?.gateway, "spare");
    assert.equal((await audited("code-send-failed"))[0]?.facts?.gateway, "twilio_sms");
  });

test("O17: accepted, then the answer dropped: both texts carry the one code, and it works", async () => {
  await first.fault({ then: "drop-after-accept" });
  const { visitor, page } = await codePage();
  const [one] = await bodies(first);
  const [other] = await bodies(second);
  assert.ok(one !== undefined && one === other, "the same code by both");
  const done = await visitor.submit(page, { code: one });
  assert.ok(grantOf(done), textOf(done.body));
});

test("O17: a time-out never makes two codes good, and the person is not held longer than one", {
  timeout: 30_000,
}, async () => {
  await first.fault({ delayMs: 8000 });
  const began = Date.now();
  const { visitor, page } = await codePage();
  assert.ok(Date.now() - began < 6000, `${Date.now() - began} ms`);
  await until("the spare sends", async () => (await bodies(second)).length === 1);
  const [code = ""] = await bodies(second);
  assert.ok(grantOf(await visitor.submit(await visitor.get(page.url.href), { code })));
  // The first takes it after all, when nobody waits any more.
  await until("the late text", async () => (await bodies(first)).length === 1);
  assert.deepEqual(await bodies(first), [code]);
});

test("M33: what is wrong with the number goes to no further gateway", async () => {
  // The breaker of the first may rest from what went before.
  server.advance(31_000);
  for (const code of [21211, 21614, 21610, 21635, 30450]) {
    await first.fault({ code });
    const { page } = await codePage();
    assert.match(textOf(page.body), /could not get a text/, String(code));
  }
  assert.deepEqual(await bodies(second), []);
});

test("M33: where all fail the person is told so, once, and a resend begins at the first again", async () => {
  await first.fault({ status: 500 });
  await second.fault({ status: 500 });
  const { visitor, page } = await codePage();
  assert.match(textOf(page.body), /could not get a text to your phone/);
  server.advance(31_000);
  const again = await visitor.submit(await visitor.get(page.url.href), { action: "resend" });
  assert.match(textOf(again.body), /We sent the same code again/);
  assert.equal((await bodies(first)).length, 1);
});

test("M33: a message that ends undelivered goes on with the same code, unless the code was used meanwhile", async () => {
  await first.fault({ then: "undelivered", code: 30007 });
  const { visitor, page } = await codePage();
  await until("the spare sends", async () => (await bodies(second)).length === 1);
  assert.deepEqual(await bodies(second), await bodies(first));
  await until("it has arrived", async () =>
    /Our text reached your phone/.test(textOf((await visitor.get(page.url.href)).body)),
  );
  const [code = ""] = await bodies(second);
  const done = await visitor.submit(await visitor.get(page.url.href), { code });
  assert.deepEqual((await claims(server, done)).amr, ["pwd", "sms", "mfa"]);
});

/** Lets the next sweep of the running server see a clock that is ahead. */
async function later(ms: number): Promise<void> {
  server.advance(ms);
  await sleep(1500);
}

test("M33: a message of which nothing is heard goes on after its time, once; one that was used does not", {
  timeout: 60_000,
}, async () => {
  await first.fault({ then: "silent", times: 3 });
  const used = await codePage();
  const [code = ""] = await bodies(first);
  assert.ok(grantOf(await used.visitor.submit(used.page, { code })));
  const waiting = await codePage();
  await later(21_000);
  assert.equal((await bodies(second)).length, 1, "one of the two");
  assert.equal((await bodies(second))[0], (await bodies(first))[1]);
  await later(60_000);
  assert.equal((await bodies(second)).length, 1, "and not again");
  // Nor for a code that is over.
  await first.fault({ then: "silent" });
  await codePage();
  server.advance(301_000);
  await later(0);
  assert.equal((await bodies(second)).length, 1);
  const [late = ""] = await bodies(second);
  const over = await waiting.visitor.submit(await waiting.visitor.get(waiting.page.url.href), { code: late });
  assert.equal(grantOf(over), undefined);
});

test("a receipt in time keeps the next gateway quiet", { timeout: 30_000 }, async () => {
  const arrived = async () =>
    (await challengesOf(server)).filter(({ attempts }) => attempts.at(-1)?.state === "delivered").length;
  const before = await arrived();
  await codePage();
  await until("the receipt", async () => (await arrived()) > before);
  await later(25_000);
  assert.deepEqual(await bodies(second), []);
});

test("M33: what an operator must mend stands in the audit and the log, not on the page", async () => {
  await first.fault({ code: 21606 });
  await second.fault({ code: 21408 });
  const { page } = await codePage();
  const said = textOf(page.body);
  assert.match(said, /We cannot send to it at this moment/);
  assert.doesNotMatch(said, /sender|country|region|permission|Twilio/i);
  const problems = (await audited("gateway-problem")).map(({ facts: told }) => [told?.gateway, told?.reason]);
  assert.ok(problems.some(([gateway, reason]) => gateway === "spare" && reason === "region-not-enabled"));
  assert.ok(server.problems.some((line) => /^gateway spare: it may not send to a country/.test(line)));
});

test("every attempt and every change of it is told once, without a code", async () => {
  await first.fault({ status: 500 });
  await codePage();
  await until("delivered", async () => facts.some(({ state }) => state === "delivered"));
  assert.deepEqual(
    facts.map(({ gateway, channel, send, number, state, reason }) => [
      gateway,
      channel,
      send,
      number,
      state,
      reason,
    ]),
    [
      ["twilio_sms", "sms", 1, 1, "unknown", "provider-down"],
      ["spare", "sms", 1, 2, "accepted", undefined],
      ["spare", "sms", 1, 2, "sent", undefined],
      ["spare", "sms", 1, 2, "delivered", undefined],
    ],
  );
  const [fact] = facts;
  assert.equal(fact?.phone.reveal(), GRACE);
  assert.equal(fact?.purpose, "sign-in");
  assert.doesNotMatch(JSON.stringify(facts), /5550143/);
  const [code = ""] = await bodies(second);
  assert.ok(!JSON.stringify(facts).includes(code));
});
