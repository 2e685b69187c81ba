/** Texts over the admin API: what they cost, what the guard decided, what stops them; and what a person sees then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { GRACE, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const get = async (path: string) => {
  const answer = await callApi(server, token, "GET", path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const put = (body: unknown) => callApi(server, token, "PUT", "/api/v1/config/settings", body);
const request = server.authorizeUrl({
  client_id: "spa",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
});
const texts = async () => (await server.simulator.messages()).length;

test("each text stands in the ledger with its country, client and estimate", async () => {
  const visitor = server.visitor();
  const seen = await twoSteps(server, visitor, await visitor.get(request));
  assert.ok(seen.url.searchParams.has("code"));
  await pause(1_300);
  const { rows, total } = await get("/api/v1/sms/spend");
  assert.deepEqual(
    rows.map(({ country, client, channel, count }: Record<string, unknown>) => [
      country,
      client,
      channel,
      count,
    ]),
    [["US", "spa", "sms", 1]],
  );
  assert.equal(total, 0.012);
  assert.deepEqual((await get("/api/v1/sms/spend?from=2020-01-01&to=2020-01-31")).rows, []);
});

test("the hard stop of the day: a clear page and no text; a higher one, and the sign-in goes on", async () => {
  assert.equal((await put({ spend: { dayHard: 0.01 } })).status, 200);
  const before = await texts();
  const visitor = server.visitor();
  const page = await typePassword(visitor, await visitor.get(request), "grace");
  assert.match(textOf(page.body), /cannot send texts for this at the moment/);
  assert.equal(await texts(), before);
  const [event] = await server.parts.audit.query({ kind: "spend-limit", limit: 5 });
  assert.deepEqual([event?.facts?.limit, event?.facts?.span], ["hard", "day"]);
  assert.ok(server.problems.some((line) => /Texts have cost 0\.01 this day/.test(line)));
  assert.equal((await put({ spend: { dayHard: 5 } })).status, 200);
  const after = await visitor.submit(page, { action: "resend" });
  const seen = await visitor.submit(after, { code: await server.simulator.codeAfter(before, GRACE) });
  assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
});

test("what the guard decided of a typed number, without the number", async () => {
  const visitor = server.visitor();
  const page = await typePassword(visitor, await visitor.get(request), "ada");
  await visitor.submit(page, { phone: "+44 7400 123456" });
  await pause(1_300);
  const { decisions } = await get("/api/v1/sms/decisions");
  assert.equal(decisions.length, 1);
  const [{ country, phone, blocked, evidence }] = decisions;
  assert.deepEqual([country, phone, blocked, evidence.countries], ["GB", "•••• 56", false, 1]);
  assert.equal(JSON.stringify(decisions).includes("7400123456"), false);
  const { status } = await callApi(server, token, "GET", "/api/v1/sms/decisions?cursor=made-up");
  assert.equal(status, 400);
});

test("bounds that no settings loosen, each named; a test number is listed without its code", async () => {
  const wrong = await put({
    limits: { pauseAfter: 50, disableAfter: 50, brakeFailures: 5_000, pauses: [90] },
    sending: { owners: { phone: { hour: 21 } } },
    testNumbers: [{ number: "+12025550177", code: "123456", owner: "x", reason: "a review of the app" }],
  });
  assert.equal(wrong.status, 400);
  for (const path of [
    "brakeFailures",
    "pauses",
    "owners.phone.hour",
    "testNumbers.0.owner",
    "testNumbers.0.until",
  ])
    assert.ok(
      wrong.text.includes(path) || wrong.text.includes(path.replace(".0.", "[0].")),
      `${path}: ${wrong.text}`,
    );
  const of = { from: new Date().toISOString(), until: new Date(Date.now() + 86_400_000).toISOString() };
  const right = {
    number: "+12025550177",
    code: "135790",
    owner: "Ines of the app team",
    reason: "a review of the app",
    ...of,
  };
  const done = await put({ testNumbers: [right] });
  assert.equal(done.status, 200, done.text);
  const listed = await get("/api/v1/sms/test-numbers");
  assert.equal(listed.length, 1);
  assert.equal(listed[0].active, true);
  assert.equal(JSON.stringify(listed).includes("135790"), false);
});
