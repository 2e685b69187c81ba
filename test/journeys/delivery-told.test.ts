/** O16: the person reads what became of the text and what is best done next, for every way it can end. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { begin } from "../attacks/attacker.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const server = await startServer({ simulator });
beforeEach(async () => {
  await simulator.clearFaults();
  // Past any breaker, and past the budgets of the number.
  server.advance(26 * 3_600_000);
});

const codePage = async (fault?: FaultRequest): Promise<{ visitor: TestVisitor; page: Seen }> => {
  if (fault !== undefined) await simulator.fault(fault);
  const visitor = server.visitor();
  return { visitor, page: await typePassword(visitor, await begin(server, visitor), "grace") };
};

interface Told {
  readonly status: number;
  readonly state?: string;
  readonly seconds?: number;
}
async function ask(visitor: TestVisitor, page: Seen): Promise<Told> {
  const seen = await visitor.get(`${page.url.pathname}/delivery`, { accept: "application/json" });
  return { status: seen.status, ...(JSON.parse(seen.body) as object) };
}

/** The code page once its text has come to this end. */
async function ended(visitor: TestVisitor, page: Seen, state: string): Promise<Seen> {
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await ask(visitor, page)).state === state) return visitor.get(page.url.href);
    await sleep(20);
  }
  assert.fail(`the text never was ${state}`);
}

const says = (seen: Seen): string => textOf(/<div class="delivery[\s\S]*?<\/div>/.exec(seen.body)?.[0] ?? "");
const mainWay = (seen: Seen): string | undefined =>
  [...seen.body.matchAll(/<button class="second[^"]*"[^>]*value="([\w-]+)"/g)]
    .map(([, value]) => value)
    .at(-1);

const NEUTRAL = /We cannot send to it at this moment\./;
const table: readonly (readonly [number, RegExp, string])[] = [
  [20003, NEUTRAL, "resend"],
  [10002, NEUTRAL, "resend"],
  [21211, /cannot receive texts\. We can tell you the same code in a call/, "call"],
  [21614, /cannot receive texts\. We can tell you/, "call"],
  [21635, /landline .* We can tell you the same code in a call/, "call"],
  [21212, NEUTRAL, "resend"],
  [21606, NEUTRAL, "resend"],
  [21601, NEUTRAL, "resend"],
  [21408, NEUTRAL, "resend"],
  [21608, NEUTRAL, "resend"],
  [21610, /opted out .* Send START .* We can tell you the same code in a call/, "call"],
  [21611, /Too many texts are waiting/, "resend"],
  [21612, NEUTRAL, "call"],
  [21617, NEUTRAL, "resend"],
  [30002, NEUTRAL, "resend"],
  [30032, NEUTRAL, "resend"],
  [30034, NEUTRAL, "resend"],
  [30450, /We cannot send .* ask your administrator/, "resend"],
];
for (const [code, words, way] of table)
  test(`O16: refused with ${code}: the right sentence and the best way on`, async () => {
    const { visitor, page } = await codePage({ code });
    assert.match(says(page), words);
    assert.equal(mainWay(page), way);
    assert.doesNotMatch(textOf(page.body), /\d{5}|Twilio|sender|trial|credential|country/i);
    assert.equal((await ask(visitor, page)).state, "failed");
  });

const reported: readonly (readonly [number, RegExp, string])[] = [
  [30003, /switched off or has no signal.* Wait a moment, then send it again/, "resend"],
  [30004, /phone company did not let it through\. We can tell you/, "call"],
  [30005, /nobody has this number\. Check it\. If it stays, ask your administrator/, "resend"],
  [30006, /landline .* We can tell you the same code in a call/, "call"],
  [30007, /phone company did not let it through\. We can tell you/, "call"],
  [30008, /phone company did not let it through\. Wait a moment, then send it again/, "resend"],
  [30034, NEUTRAL, "resend"],
];
for (const [code, words, way] of reported)
  test(`O16: taken, then undelivered with ${code}: the page finds out and says it`, async () => {
    const { visitor, page } = await codePage({ code, then: "undelivered" });
    const after = await ended(visitor, page, "failed");
    assert.match(says(after), words);
    assert.equal(mainWay(after), way);
  });

test("the page says that the text was sent, then that it has arrived and when", async () => {
  const { visitor, page } = await codePage();
  const arrived = await ended(visitor, page, "delivered");
  assert.match(says(arrived), /^Our text reached your phone •••• 43 just now\.$/);
  const at = Number(/data-at="(\d+)"/.exec(arrived.body)?.[1]);
  assert.ok(Math.abs(at - server.parts.now() / 1000) < 60);
  server.advance(130_000);
  assert.match(says(await visitor.get(page.url.href)), /2 minutes ago\.$/);
  assert.ok(((await ask(visitor, page)).seconds ?? 0) >= 129);
});

test("what the page asks tells a stranger nothing: one answer for all that is not this browser's code page", async () => {
  const { visitor, page } = await codePage();
  const stranger = server.visitor();
  await begin(server, stranger);
  const answers = [
    await ask(stranger, page),
    await ask(server.visitor(), page),
    await ask(visitor, { ...page, url: new URL("/login/there-is-no-such-login", page.url) }),
  ];
  const fresh = server.visitor();
  answers.push(await ask(fresh, await begin(server, fresh)));
  for (const answer of answers) assert.deepEqual(answer, { status: 404 });
  const seen = await visitor.get(`${page.url.pathname}/delivery`);
  assert.deepEqual(Object.keys(JSON.parse(seen.body) as object).sort(), ["seconds", "state"]);
  assert.match(String(seen.headers["cache-control"]), /no-store/);
  assert.equal((await visitor.send("POST", `${page.url.pathname}/delivery`, {})).status, 405);
});

test("asking for the state sends nothing, spends nothing and holds no code or number", async () => {
  const { visitor, page } = await codePage();
  const before = (await simulator.messages()).length;
  for (let times = 0; times < 30; times += 1) await ask(visitor, page);
  assert.equal((await simulator.messages()).length, before);
});
