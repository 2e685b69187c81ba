/** O16, O17: when the SMS provider refuses, hangs or vanishes, the person stays at the code step with a sentence and a way on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { codeOf } from "../kit/simulator.ts";
import { formOf, type Seen, textOf } from "../kit/visitor.ts";
import { begin, codeAfter, grantOf, ROOT, signedIn, texts, toCodePage } from "./attacker.ts";

const server = await startServer();

const faults: readonly (readonly [string, FaultRequest])[] = [
  ["401", { status: 401, code: 20003 }],
  ["429 with Retry-After", { status: 429, code: 20429, retryAfter: 30 }],
  ["500", { status: 500 }],
  ["503", { status: 503 }],
  ["21211", { status: 400, code: 21211 }],
  ["21408", { status: 400, code: 21408 }],
  ["21608", { status: 400, code: 21608 }],
  ["21610", { status: 400, code: 21610 }],
  ["21614", { status: 400, code: 21614 }],
  ["an error nobody knows", { status: 400, code: 29999 }],
  ["a reset", { then: "reset" }],
];

/** The code page says that the text could not be sent; no code signs in; a resend half a minute later works. */
async function staysAndRecovers(story: string, fault: FaultRequest): Promise<string> {
  const before = await signedIn(server);
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  await server.simulator.fault(fault);
  const started = Date.now();
  const page = await typePassword(visitor, first, "grace");
  assert.ok(Date.now() - started < 6_000, `${story}: the person was held ${Date.now() - started} ms`);
  await server.simulator.clearFaults();
  assert.equal(page.url.pathname, first.url.pathname, story);
  assert.equal(formOf(page).fields.code, "", `${story}: the code step`);
  const said = textOf(page.body);
  assert.doesNotMatch(
    said,
    /2\d{4}\b|twilio|ECONN|undefined|\[object|null|stack/i,
    `${story}: no provider talk`,
  );
  for (const code of ["000000", "", "undefined", "null"])
    assert.equal(grantOf(await visitor.submit(await visitor.get(page.url.href), { code })), undefined, story);
  assert.equal(await signedIn(server), before, `${story} has let somebody through`);
  server.advance(31_000);
  const count = await texts(server);
  const again = await visitor.submit(await visitor.get(page.url.href), { action: "resend" });
  const code = await codeAfter(server, count);
  assert.ok(grantOf(await visitor.submit(again, { code })), `${story}: the resend works`);
  return said;
}

for (const [story, fault] of faults)
  test(`O16 ${story}: at the code step, one sentence, a working resend, nobody through`, async () => {
    await staysAndRecovers(story, fault);
    assert.ok(
      (await server.parts.audit.query({ kind: "code-send-failed", limit: 1 })).length === 1,
      "and the audit knows",
    );
  });

test("O16 a provider that takes 30 s does not hold the person, and the resend works", {
  timeout: 30_000,
}, async () => {
  await staysAndRecovers("30 s", { delayMs: 30_000, status: 500 });
});

test("O16 the same sentence for everybody: what went wrong tells nothing about whose phone it is", async () => {
  const said: string[] = [];
  for (const [username, phone] of [
    ["grace", GRACE],
    ["root", ROOT],
  ] as const) {
    const visitor = server.visitor();
    const first = await begin(server, visitor);
    await server.simulator.fault({ status: 500 });
    const page = await typePassword(visitor, first, username);
    await server.simulator.clearFaults();
    said.push(textOf(page.body).replaceAll(phone.slice(-2), "##"));
    await visitor.submit(page, { action: "cancel" });
  }
  assert.equal(said[0], said[1]);
});

test("O16 a failed resend leaves the code of the first text good", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  server.advance(31_000);
  await server.simulator.fault({ status: 500 });
  const failed: Seen = await visitor.submit(await visitor.get(page.url.href), { action: "resend" });
  await server.simulator.clearFaults();
  assert.equal(formOf(failed).fields.code, "");
  assert.ok(grantOf(await visitor.submit(failed, { code })));
});

test("O17 a provider that takes the message and drops the answer: the last text that arrived works", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const before = await texts(server);
  await server.simulator.fault({ then: "drop-after-accept" });
  const page = await typePassword(visitor, first, "grace");
  await server.simulator.clearFaults();
  server.advance(31_000);
  await visitor.submit(await visitor.get(page.url.href), { action: "resend" });
  await codeAfter(server, before + 1);
  const sent = (await server.simulator.messages()).slice(before);
  assert.equal(sent.length, 2);
  const codes = sent.map(codeOf);
  assert.equal(codes[0], codes[1], "a code on its way is never killed");
  assert.ok(grantOf(await visitor.submit(await visitor.get(page.url.href), { code: codes.at(-1) ?? "" })));
});

test("O17 even without asking again the dropped text's code signs in", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const before = await texts(server);
  await server.simulator.fault({ then: "drop-after-accept" });
  const page = await typePassword(visitor, first, "grace");
  await server.simulator.clearFaults();
  const code = await codeAfter(server, before);
  assert.ok(grantOf(await visitor.submit(page, { code })));
});
