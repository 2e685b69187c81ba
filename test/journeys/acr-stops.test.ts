/** An acr whose factor the person lacks, or has lost the right to: a page says so, and nothing weaker is taken instead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelyingParty } from "../kit/relying-party.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { type Seen, textOf } from "../kit/visitor.ts";

const hashCost = { memory: 256, passes: 1, lanes: 1 };
const closed = await startServer({ hashCost, settings: { enrolment: "off" } });
const strict = await startServer({ hashCost, settings: { limits: { disableAfter: 10 } } });

const essential = (...values: string[]) => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
});
const REQUESTS: readonly Record<string, string>[] = [
  {},
  { acr_values: "twilio_sms" },
  { acr_values: "twilio_sms simple_password_auth" },
  essential("twilio_sms"),
  essential("twilio_sms", "simple_password_auth"),
];

function stopped(seen: Seen, words: RegExp): void {
  assert.equal(seen.status, 403, seen.url.href);
  assert.match(textOf(seen.body), words);
  assert.equal(seen.url.searchParams.get("code"), null);
}

for (const request of REQUESTS)
  test(`T13: a person without a phone is stopped, whatever else would do: ${JSON.stringify(request)}`, async () => {
    const spa = await createRelyingParty(closed);
    const visitor = closed.visitor();
    const begun = await spa.begin(request);
    stopped(
      await typePassword(visitor, await visitor.get(begun.url.href), "ada"),
      /no phone is registered for you/,
    );
    const none = await spa.refusal(visitor, { ...request, prompt: "none" });
    assert.equal(none.get("error"), "login_required", "a login that was stopped is no session");
    const weaker = await spa.byPassword(visitor, "ada");
    assert.equal(weaker.claims()?.acr, "simple_password_auth", "who asks for less gets it");
    const again = await spa.begin(request);
    const page = await visitor.get(again.url.href);
    // Both were named: the session's password is one of them.
    if (/simple_password_auth/.test(JSON.stringify(request))) assert.ok(page.url.searchParams.get("code"));
    else stopped(page, /no phone is registered for you/);
  });

test("T13: when codes are switched off for a person, the acr stops them and a password is not taken for it", async () => {
  const spa = await createRelyingParty(strict);
  for (let login = 0; login < 2; login += 1) {
    const visitor = strict.visitor();
    const begun = await spa.begin({ acr_values: "twilio_sms" });
    const before = (await strict.simulator.messages()).length;
    let page = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
    const right = await strict.simulator.codeAfter(before, "+12025550143");
    const wrong = right.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
    for (let tries = 0; tries < 5; tries += 1) page = await visitor.submit(page, { code: wrong });
    assert.equal(page.url.searchParams.get("code"), null);
  }
  for (const request of REQUESTS) {
    const visitor = strict.visitor();
    const begun = await spa.begin(request);
    stopped(await typePassword(visitor, await visitor.get(begun.url.href), "grace"), /too many wrong codes/);
  }
});
