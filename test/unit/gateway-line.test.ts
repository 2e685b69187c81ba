/** M33: which gateway a send goes to next: the order, breakers that open and probe, limits, and what operators are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBreaker, createPace } from "../../src/core/breaker.ts";
import { createGatewayLine, type GatewayEntry, type GatewayProblem } from "../../src/core/gateway-line.ts";
import type { Receipt, SmsGateway } from "../../src/core/sms.ts";

const gateway: SmsGateway = {
  send: async () => ({ kind: "accepted", id: "x" }),
  check: async () => [{ level: "ok", message: "It works." }],
};
const NONE: ReadonlySet<string> = new Set();
const down: Receipt = { kind: "refused", reason: "provider-down" };

function createLine(entries: readonly GatewayEntry[]) {
  let time = 1_000_000;
  const problems: GatewayProblem[] = [];
  const line = createGatewayLine({
    entries: async () => entries,
    now: () => time,
    onProblem: (problem) => problems.push(problem),
  });
  const nextName = async (tried = NONE, channel: "sms" | "call" = "sms") => {
    const next = await line.next(channel, tried);
    return typeof next === "object" ? next.name : next;
  };
  return { line, problems, nextName, advance: (ms: number) => (time += ms) };
}

test("gateways are asked in their order, each once, and only those that can call for a call", async () => {
  const calls = { ...gateway, call: gateway.send as never };
  const { line, nextName } = createLine([
    { name: "one", gateway },
    { name: "two", gateway: calls },
  ]);
  assert.equal(await nextName(), "one");
  assert.equal(await nextName(new Set(["one"])), "two");
  assert.equal(await nextName(new Set(["one", "two"])), undefined);
  assert.equal(await nextName(NONE, "call"), "two");
  assert.equal(await line.hasNext("call", new Set(["two"])), false);
});

test("M33: a gateway that does nothing but fail is left alone, then probed by one send at a time", async () => {
  const { line, nextName, advance } = createLine([
    { name: "one", gateway, breaker: { failures: 3, windowMs: 60_000, restMs: 30_000 } },
    { name: "two", gateway },
  ]);
  await nextName();
  for (let failure = 0; failure < 2; failure += 1) line.told("one", down);
  assert.equal(await nextName(), "one", "not yet");
  line.told("one", down);
  assert.equal(await nextName(), "two");
  assert.match(JSON.stringify(await line.check()), /one: It has failed so often/);
  advance(30_000);
  assert.equal(await nextName(), "one", "one probe");
  assert.equal(await nextName(), "two", "and no second one beside it");
  line.told("one", down);
  advance(29_000);
  assert.equal(await nextName(), "two", "a failed probe begins the rest anew");
  advance(1_000);
  assert.equal(await nextName(), "one");
  line.told("one", { kind: "accepted", id: "x" });
  for (let send = 0; send < 3; send += 1) assert.equal(await nextName(), "one");
});

test("failures that are old, and refusals over a number, open no breaker", () => {
  let time = 0;
  const breaker = createBreaker({ failures: 3, windowMs: 1000, restMs: 1000 }, () => time);
  for (let failure = 0; failure < 10; failure += 1) {
    time += 600;
    breaker.told(false);
    assert.ok(breaker.admits(), `failure ${failure}`);
  }
  const { line, nextName } = createLine([
    { name: "one", gateway, breaker: { failures: 1 } },
    { name: "two", gateway },
  ]);
  return nextName().then(async () => {
    line.told("one", { kind: "refused", reason: "number-unusable" });
    assert.equal(await nextName(), "one");
  });
});

test("where every breaker is open, the first gateway is tried all the same", async () => {
  const { line, nextName } = createLine([{ name: "one", gateway, breaker: { failures: 1 } }]);
  await nextName();
  line.told("one", down);
  assert.equal(await nextName(), "one");
});

test("a gateway at its own limit is passed over, and says busy where there is no other", async () => {
  const limited = { name: "one", gateway, perMinute: 2 };
  const { nextName, advance } = createLine([limited, { name: "two", gateway }]);
  assert.deepEqual([await nextName(), await nextName(), await nextName()], ["one", "one", "two"]);
  assert.equal(await nextName(new Set(["two"])), "busy");
  advance(60_000);
  assert.equal(await nextName(), "one");
});

test("a pace allows so many in any second and any minute", () => {
  let time = 0;
  const pace = createPace({ perSecond: 2, perMinute: 5 }, () => time);
  const taken: number[] = [];
  for (; time < 61_000; time += 100) if (pace.take() === 0) taken.push(time);
  assert.deepEqual(taken, [0, 100, 1000, 1100, 2000, 60_000, 60_100]);
});

test("what an operator must mend is told once in ten minutes per gateway and reason, and stands in the self-check", async () => {
  const { line, problems, nextName, advance } = createLine([{ name: "one", gateway }]);
  await nextName();
  const refused = { kind: "refused", reason: "credentials", providerCode: 20003 } as const;
  for (let send = 0; send < 5; send += 1) line.told("one", refused);
  line.told("one", { kind: "reported", reason: "sender", providerCode: 30034 });
  line.told("one", { kind: "refused", reason: "number-blocked" });
  assert.deepEqual(
    problems.map(({ reason, providerCode }) => [reason, providerCode]),
    [
      ["credentials", 20003],
      ["sender", 30034],
    ],
  );
  const findings = await line.check();
  assert.ok(findings.some(({ level, message }) => level === "error" && /credentials.*20003/.test(message)));
  advance(600_000);
  line.told("one", refused);
  assert.equal(problems.length, 3);
});
