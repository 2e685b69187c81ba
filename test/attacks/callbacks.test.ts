/** L09, M25: a provider's word is believed only when it is the provider's, and only of the attempt that it is about. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Challenge } from "../../src/core/codes.ts";
import { challengesOf, createTwilio, type SentCallback, signCallback } from "../kit/callbacks.ts";
import { startServer } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import { textOf } from "../kit/visitor.ts";
import { claims, grantOf, toCodePage } from "./attacker.ts";

// The simulator keeps silent: every word in here is ours.
const simulator = await startSimulator({ paceMs: 3_600_000 });
after(() => simulator.close());
const server = await startServer({ simulator });
const twilio = createTwilio(server);

/** Opens a login up to the code page; answers its challenge and the message that was sent. */
async function opened() {
  const visitor = server.visitor();
  const before = new Set((await challengesOf(server)).map(({ id }) => id));
  const { page, code } = await toCodePage(server, visitor);
  const challenge = (await challengesOf(server)).find(({ id }) => !before.has(id));
  assert.ok(challenge);
  const message = (await simulator.messages()).at(-1)?.sid ?? "";
  return { visitor, page, code, challenge, message };
}

const stateOf = async ({ id }: Challenge) =>
  (await challengesOf(server)).find((one) => one.id === id)?.attempts.map(({ state }) => state);
const whole = async ({ id }: Challenge) =>
  JSON.stringify((await challengesOf(server)).find((one) => one.id === id));
const events = async () =>
  (await server.parts.audit.query({ limit: 500 })).filter(({ kind }) => /delivered/.test(kind)).length;

test("L09: a genuine word is answered 204 at once and shown on the page", async () => {
  const { visitor, page, challenge, message } = await opened();
  assert.match(textOf(page.body), /We sent a text to your phone/);
  const url = twilio.urlOf(challenge);
  assert.equal(await twilio.post({ url, fields: twilio.fieldsOf(message, "sent") }), 204);
  assert.equal(await twilio.post({ url, fields: twilio.fieldsOf(message, "delivered") }), 204);
  assert.deepEqual(await stateOf(challenge), ["delivered"]);
  assert.match(
    textOf((await visitor.get(page.url.href)).body),
    /Our text reached your phone •••• 43 just now/,
  );
});

test("L09, M25: whatever is not the provider's word about this attempt is 403 and changes nothing", async () => {
  const { challenge, message } = await opened();
  const other = await opened();
  const url = twilio.urlOf(challenge);
  const fields = twilio.fieldsOf(message, "undelivered", { ErrorCode: "30003" });
  const good = signCallback(twilio.token, url, fields);
  const signed = (changed: string): SentCallback => ({ url: changed, fields });
  const without = Object.fromEntries(Object.entries(fields).slice(1));
  const forgeries: readonly (readonly [string, SentCallback])[] = [
    ["unsigned", { url, fields, signature: undefined }],
    ["a signature of nothing", { url, fields, signature: "" }],
    ["signed with a guess", { url, fields, signature: signCallback("0".repeat(32), url, fields) }],
    [
      "signed for https",
      { url, fields, signature: signCallback(twilio.token, url.replace("http:", "https:"), fields) },
    ],
    [
      "signed for another path",
      { url, fields, signature: signCallback(twilio.token, url.replace(".1.1", ".1.2"), fields) },
    ],
    ["an extra field", { url, fields: { ...fields, Extra: "1" }, signature: good }],
    ["a field less", { url, fields: without, signature: good }],
    ["another state", { url, fields: { ...fields, MessageStatus: "delivered" }, signature: good }],
    ["replayed at another login's attempt", { url: twilio.urlOf(other.challenge), fields, signature: good }],
    ["replayed at a later send", { url: twilio.urlOf(challenge, 2), fields, signature: good }],
    // From here on the provider's signature is right, and ours in the URL is not.
    ["no signature of ours", signed(url.replace(/&sig=.*/, ""))],
    ["ours cut short", signed(url.slice(0, -1))],
    ["ours twice", signed(`${url}&sig=${new URL(url).searchParams.get("sig")}`)],
    ["another attempt under ours", signed(url.replace(".1.1?", ".1.2?"))],
    ["a longer life under ours", signed(url.replace(/until=\d+/, "until=9999999999"))],
    ["another gateway under ours", signed(url.replace("via=twilio_sms", "via=other"))],
    ["no attempt", signed(url.replace(challenge.id, ""))],
    ["a gateway that there is not", { url: twilio.urlOf(challenge, 1, 1, "nowhere"), fields }],
    ["another account", { url, fields: { ...fields, AccountSid: `AC${"f".repeat(32)}` } }],
    ["as text", { url, fields, headers: { "content-type": "text/plain" } }],
    ["an empty body", { url, fields, body: "" }],
    [
      "JSON without its digest",
      { url, fields: {}, body: JSON.stringify(fields), headers: { "content-type": "application/json" } },
    ],
  ];
  const before = [await whole(challenge), await whole(other.challenge), await events()];
  for (const [name, sent] of forgeries) assert.equal(await twilio.post(sent), 403, name);
  assert.deepEqual([await whole(challenge), await whole(other.challenge), await events()], before);
  // And the genuine one is still taken.
  assert.equal(await twilio.post({ url, fields }), 204);
  assert.deepEqual(await stateOf(challenge), ["undelivered"]);
});

test("L09: the same word again is harmless, and so is every order", async () => {
  const { challenge, message } = await opened();
  const url = twilio.urlOf(challenge);
  const say = (status: string) => twilio.post({ url, fields: twilio.fieldsOf(message, status) });
  const before = await events();
  for (const status of [
    "delivered",
    "sent",
    "queued",
    "failed",
    "undelivered",
    "sending",
    "delivered",
    "canceled",
  ])
    assert.equal(await say(status), 204, status);
  assert.deepEqual(await stateOf(challenge), ["delivered"]);
  assert.equal(await events(), before + 1, "the audit hears of it once");
  await Promise.all(Array.from({ length: 20 }, () => say("delivered")));
  assert.equal(await events(), before + 1);
});

test("L09: of twenty words at once, one end stays", async () => {
  const { challenge, message } = await opened();
  const url = twilio.urlOf(challenge);
  const before = await events();
  const all = Array.from(
    { length: 20 },
    (_, at) => ["sent", "delivered", "failed", "undelivered"][at % 4] ?? "",
  );
  const answers = await Promise.all(
    all.map((status) => twilio.post({ url, fields: twilio.fieldsOf(message, status) })),
  );
  assert.deepEqual([...new Set(answers)], [204]);
  assert.equal(await events(), before + 1);
  const [state] = (await stateOf(challenge)) ?? [];
  assert.match(state ?? "", /^(delivered|failed|undelivered)$/);
});

test("L09: a word about an earlier send changes nothing of what is said of the later one", async () => {
  const { visitor, page, challenge, message } = await opened();
  server.advance(31_000);
  const again = await visitor.submit(page, { action: "resend" });
  assert.match(textOf(again.body), /We sent the same code again/);
  const [now] = (await challengesOf(server)).filter(({ id }) => id === challenge.id);
  assert.ok(now?.sends === 2);
  const fields = twilio.fieldsOf(message, "undelivered", { ErrorCode: "30003" });
  assert.equal(await twilio.post({ url: twilio.urlOf(challenge, 1), fields }), 204);
  assert.deepEqual(await stateOf(challenge), ["undelivered", "accepted"]);
  const seen = textOf((await visitor.get(page.url.href)).body);
  assert.match(seen, /We sent a text to your phone/);
  assert.doesNotMatch(seen, /switched off/);
});

test("L09: a word about a message of another name is not taken for this one", async () => {
  const { challenge } = await opened();
  const fields = twilio.fieldsOf(`SM${"0".repeat(32)}`, "undelivered");
  const before = await whole(challenge);
  assert.equal(await twilio.post({ url: twilio.urlOf(challenge), fields }), 204);
  assert.equal(await whole(challenge), before);
});

test("L09: a word of an attempt that was never made is kept by nobody", async () => {
  const { challenge, message } = await opened();
  const before = await whole(challenge);
  const fields = twilio.fieldsOf(message, "delivered");
  for (const [send, number] of [
    [1, 2],
    [2, 1],
    [1, 9],
    [0, 1],
    [9, 1],
  ] as const) {
    const answer = await twilio.post({ url: twilio.urlOf(challenge, send, number), fields });
    assert.equal(answer, 204);
  }
  assert.equal(await whole(challenge), before);
});

test("L09: a word that comes before the answer to the send is kept", async () => {
  const visitor = server.visitor();
  const before = new Set((await challengesOf(server)).map(({ id }) => id));
  await simulator.fault({ delayMs: 700 });
  const first = await visitor.get(
    server.authorizeUrl({
      client_id: "spa",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }),
  );
  const page = visitor.submit(first, { username: "grace", password: "two doors, one open" });
  let challenge: Challenge | undefined;
  while (challenge === undefined) {
    await sleep(5);
    challenge = (await challengesOf(server)).find(({ id }) => !before.has(id));
  }
  assert.deepEqual(challenge.attempts, []);
  const early = `SM${"e".repeat(32)}`;
  assert.equal(
    await twilio.post({ url: twilio.urlOf(challenge), fields: twilio.fieldsOf(early, "delivered") }),
    204,
  );
  assert.deepEqual(await stateOf(challenge), ["delivered"]);
  assert.match(textOf((await page).body), /Our text reached your phone/);
  assert.deepEqual(await stateOf(challenge), ["delivered"]);
});

test("L09: a URL is good until an hour after its code, and of no use then", async () => {
  const { challenge, message } = await opened();
  const url = twilio.urlOf(challenge);
  const fields = twilio.fieldsOf(message, "delivered");
  server.advance(challenge.endsAt - Date.now() + 3_500_000);
  server.advance(700_000);
  assert.equal(await twilio.post({ url, fields }), 403);
});

test("S02: only POST, only so many bytes, only by our name", async () => {
  const { challenge, message } = await opened();
  const url = twilio.urlOf(challenge);
  const fields = twilio.fieldsOf(message, "delivered");
  const before = await whole(challenge);
  for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    assert.equal(await twilio.post({ url, fields, method }), 405, method);
  assert.equal(await twilio.post({ url, fields, body: `${"a=".repeat(20_000)}` }), 413);
  assert.equal(await twilio.post({ url, fields, headers: { host: "evil.example" } }), 421);
  assert.equal(await twilio.post({ url, fields, headers: { "x-forwarded-host": "evil.example" } }), 421);
  assert.equal(await whole(challenge), before);
});

test("M25: no word of a provider signs anybody in, brings back tries, or makes a used code good", async () => {
  const { visitor, page, code, challenge, message } = await opened();
  const url = twilio.urlOf(challenge);
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  let at = page;
  for (let guess = 0; guess < 4; guess += 1) {
    at = await visitor.submit(at, { code: wrong });
    await twilio.post({ url, fields: twilio.fieldsOf(message, guess % 2 ? "delivered" : "sent") });
  }
  assert.equal((await challengesOf(server)).find(({ id }) => id === challenge.id)?.tries, 4);
  const done = await visitor.submit(at, { code });
  assert.ok(grantOf(done));
  assert.deepEqual((await claims(server, done)).amr, ["pwd", "sms", "mfa"]);
  await twilio.post({ url, fields: twilio.fieldsOf(message, "undelivered") });
  assert.equal((await challengesOf(server)).find(({ id }) => id === challenge.id)?.spent, true);
});
