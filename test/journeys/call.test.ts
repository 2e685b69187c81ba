/** The same code by a call: as a person's choice and where a text does not come; `amr` tells the truth. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Challenge } from "../../src/core/codes.ts";
import { begin, claims, grantOf } from "../attacks/attacker.ts";
import { challengesOf } from "../kit/callbacks.ts";
import { changeSettings } from "../kit/gateways.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { codeOf, startSimulator } from "../kit/simulator.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const server = await startServer({ simulator });
beforeEach(async () => {
  await simulator.clearFaults();
  server.advance(61_000);
});

interface Call {
  readonly to: string;
  readonly body: string;
  readonly said: string;
  readonly status: string;
}
const calls = async () => (await (await fetch(`${simulator.url}/calls`)).json()) as Call[];
/** Texts that bring a code; a notice of an earlier test may come in between. */
const texts = async () => (await simulator.messages()).filter(({ body }) => /#\d+$/.test(body));
const codePage = async (): Promise<{ visitor: TestVisitor; page: Seen; code: string }> => {
  const before = (await texts()).length;
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  const text = (await texts())[before];
  return { visitor, page, code: text === undefined ? "" : codeOf(text) };
};
const digitsOf = ({ said }: Call): string => /(?:\b\d ){6}/.exec(`${said} `)?.[0].replaceAll(" ", "") ?? "";

test("a person who asks is called with the same code, and is told to have used the telephone", async () => {
  const { visitor, page, code } = await codePage();
  assert.match(page.body, /value="call"/);
  const soon = await visitor.submit(page, { action: "call" });
  assert.match(textOf(soon.body), /You can ask again in \d+ seconds/);
  server.advance(31_000);
  const before = (await calls()).length;
  const called = await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  assert.match(textOf(called.body), /We are calling you with the same code/);
  const [call, ...more] = (await calls()).slice(before);
  assert.ok(call !== undefined && more.length === 0);
  assert.equal(call.to, GRACE);
  assert.equal(digitsOf(call), code);
  assert.equal(call.said.split(code.split("").join(" ")).length - 1, 3, call.said);
  assert.match(call.said, /^Hello\. This is your code to sign in to Spa\. Never tell it to anybody\./);
  const done = await visitor.submit(called, { code });
  const { acr, amr } = await claims(server, done);
  assert.deepEqual([acr, amr], ["twilio_sms", ["pwd", "tel", "mfa"]]);
});

test("L10: a report on the text in the very moment of the click does not swallow the call", async (t) => {
  const { visitor, page } = await codePage();
  server.advance(31_000);
  const before = (await calls()).length;
  const { storage } = server.parts;
  const { commit } = storage;
  t.after(() => Object.assign(storage, { commit }));
  let reported = 0;
  Object.assign(storage, {
    async commit(...[writes, events]: Parameters<typeof commit>) {
      if (reported < 3 && events?.some(({ kind }) => kind === "code-resent")) {
        reported += 1;
        const login = events.at(-1)?.login;
        const mine = (await challengesOf(server)).find(({ boundTo }) => boundTo === login);
        await storage.records<Challenge>("challenge").update(mine?.id ?? "", (row) => ({
          result: undefined,
          write: row ?? assert.fail(),
          expiresAt: server.parts.now() + 600_000,
        }));
      }
      return commit(writes, events);
    },
  });
  const called = await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  assert.match(textOf(called.body), /We are calling you with the same code/);
  assert.equal(reported, 3);
  assert.equal((await calls()).length, before + 1);
});

test("a call gives back no try and has the limits of a resend", async () => {
  const { visitor, page, code } = await codePage();
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  let at = page;
  for (let guess = 0; guess < 4; guess += 1) at = await visitor.submit(at, { code: wrong });
  server.advance(31_000);
  at = await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  assert.equal((await visitor.submit(at, { code: wrong })).status, 200);
  assert.equal(
    grantOf(await visitor.submit(await visitor.get(page.url.href), { code })),
    undefined,
    "five tries",
  );
  const before = (await calls()).length + (await texts()).length;
  for (let more = 0; more < 8; more += 1) {
    server.advance(59_000);
    await visitor.submit(await visitor.get(page.url.href), { action: more % 2 === 0 ? "call" : "resend" });
  }
  const sent = (await calls()).length + (await texts()).length - before;
  assert.ok(sent <= 3, `${sent} after the first two`);
});

test("where the text cannot come, the call is the best way on; where nobody took it, the text's own method is told", async () => {
  await simulator.fault({ code: 21635 });
  const { visitor, page } = await codePage();
  assert.match(page.body, /<button class="second" name="action" value="call"/);
  server.advance(31_000);
  const called = await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  const code = digitsOf((await calls()).at(-1) ?? assert.fail("no call"));
  assert.deepEqual((await claims(server, await visitor.submit(called, { code }))).amr, ["pwd", "tel", "mfa"]);

  server.advance(61_000);
  const second = await codePage();
  server.advance(31_000);
  await simulator.fault({ match: { path: "/Calls" }, then: "no-answer" });
  await second.visitor.submit(await second.visitor.get(second.page.url.href), { action: "call" });
  let seen = second.page;
  for (let tries = 0; tries < 100 && !/Nobody took the call/.test(textOf(seen.body)); tries += 1) {
    await sleep(20);
    seen = await second.visitor.get(second.page.url.href);
    if (/Our text reached your phone/.test(textOf(seen.body))) break;
  }
  const [challenge] = (await challengesOf(server)).filter(({ attempts }) =>
    attempts.some(({ reason }) => reason === "not-answered"),
  );
  assert.ok(challenge, textOf(seen.body));
  assert.match(textOf(seen.body), /Nobody took the call\. We can tell you the same code in a call/);
  const done = await second.visitor.submit(seen, { code: second.code });
  assert.deepEqual((await claims(server, done)).amr, ["pwd", "sms", "mfa"]);
});

test("a call's code is in no URL, no log and no audit", async () => {
  const { visitor, page, code } = await codePage();
  server.advance(31_000);
  await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  const audit = JSON.stringify(await server.parts.audit.query({ limit: 500 }));
  for (const form of [code, code.split("").join(" "), code.split("").join('<break time="600ms"/>')]) {
    assert.ok(!audit.includes(form));
    assert.ok(!server.problems.join().includes(form));
  }
});

test("where no gateway can call there is no such button, and asking for it sends nothing", async () => {
  await changeSettings(server, (document) => ({
    ...document,
    scripts: document.scripts.map((entry) => ({
      ...entry,
      configurationProperties: entry.configurationProperties.map((property) =>
        property.value1 === "from_number" ? { ...property, value2: "Harbour" } : property,
      ),
    })),
  }));
  const { visitor, page } = await codePage();
  assert.doesNotMatch(page.body, /value="call"/);
  server.advance(31_000);
  const before = (await calls()).length;
  const refused = await visitor.submit(await visitor.get(page.url.href), { action: "call" });
  assert.match(textOf(refused.body), /We cannot call at this moment/);
  assert.equal((await calls()).length, before);
});
