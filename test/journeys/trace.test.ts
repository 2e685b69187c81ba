/** Support reads a login: by its id from the person's page or from their list, from the password to the tokens. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { timeline } from "../../src/surfaces/admin/cli/trace.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const server = await startServer({
  simulator,
  clients: machines,
  hashCost: { memory: 64, passes: 1, lanes: 1 },
});
const spa = await createRelyingParty(server);
const token = await tokenOf(server);
const call = (path: string) => callApi(server, token, "GET", `/api/v1/logins${path}`);
const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail();

/** The trace once it holds a step of this kind so often. */
async function traced(login: string, kind: string, times = 1) {
  for (let tries = 0; tries < 200; tries += 1) {
    const { json } = await call(`/${login}`);
    if (json?.steps?.filter((step: { kind: string }) => step.kind === kind).length >= times) return json;
    await pause(20);
  }
  assert.fail(`no ${kind} in ${login}`);
}

test("L01: a text that did not come, the same code again, and what came of it, as one timeline of 80 columns", async () => {
  await simulator.fault({ code: 30003, then: "undelivered" });
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const before = (await simulator.messages()).length;
  let seen = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  const login = seen.url.pathname.split("/").at(-1) ?? assert.fail();
  await traced(login, "code-undelivered");
  server.advance(31_000);
  seen = await visitor.submit(seen, { action: "resend" });
  await traced(login, "code-delivered");
  const code = await server.simulator.codeAfter(before, GRACE);
  await spa.redeem(begun, await visitor.submit(seen, { code }));

  const trace = await traced(login, "tokens-issued");
  assert.deepEqual(
    [trace.login, trace.username, trace.subject, trace.client, trace.outcome, trace.more],
    [login, "grace", grace, "spa", "signed-in", false],
  );
  const sids = (await simulator.messages()).map(({ sid }) => sid).slice(before);
  const text = timeline(trace);
  const lines = text.split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  const steps = lines
    .slice(lines.indexOf("") + 1)
    .map((line) => line.replace(/^ *\+([\d.]+) s +\S+ +/, "+ "));
  assert.deepEqual(
    steps.map((line) => line.replace(/ [\d.]+ s after/, " N s after").trim()),
    [
      "+ password right",
      "+ code made for •••• 43 (sign-in)",
      "+ text to •••• 43 taken by twilio_sms",
      sids[0],
      "+ text to •••• 43 not delivered: the phone is off or has no",
      "signal (30003)",
      sids[0],
      "+ asked for the same code again, by text",
      "+ text to •••• 43 taken by twilio_sms",
      sids[1],
      "+ text to •••• 43 delivered",
      sids[1],
      "+ right code, N s after it was sent",
      sids[1],
      "+ signed in: twilio_sms (pwd sms mfa)",
      "+ not asked, trusted: openid",
      "+ tokens given out (authorization_code; openid)",
    ],
  );
  const at = lines.map((line) => /^ *\+([\d.]+) s/.exec(line)?.[1]).filter((one) => one !== undefined);
  assert.equal(at[0], "0.0");
  assert.ok(Number(at.at(-1)) >= 31, "times count from the start");
  for (const secret of [code, GRACE.slice(2), PASSWORD]) assert.ok(!JSON.stringify(trace).includes(secret));
});

test("a person's logins, the newest first, each with how it ended", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const page = await visitor.get(begun.url.href);
  const login = page.url.pathname.split("/").at(-1);
  const wrong = await typePassword(visitor, page, "grace", "not it");
  assert.equal((await call(`/${login}`)).json.outcome, "open");
  await visitor.submit(wrong, { action: "cancel" });
  const { entries } = (await call(`?subject=${grace}`)).json;
  assert.deepEqual(
    entries.map((one: { outcome: string }) => one.outcome),
    ["login-cancelled", "signed-in"],
  );
  assert.equal(entries[0].login, login);
  assert.deepEqual((await call(`?subject=${grace}&limit=1`)).json.entries, entries.slice(0, 1));
  assert.deepEqual((await call("?subject=nobody")).json.entries, []);
  assert.equal((await call("")).status, 400);
});

test("a login that nobody has is told in a sentence", async () => {
  const answer = await call("/there-is-no-such-login");
  assert.equal(answer.status, 404);
  assert.match(answer.json.description, /nothing was tried in a login with this id/);
});
