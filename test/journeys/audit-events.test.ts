/**
 * L01: a person's story from the first phone to the last, and the events it leaves: these, in this order, and no others;
 * each with who, where, which login and which message, and none with a code or a whole number.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { AuditEntry, AuditKind } from "../../src/core/audit.ts";
import { AUDIT_WORDS } from "../../src/core/audit-words.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import type { Seen, TestVisitor } from "../kit/visitor.ts";

const PHONE = "+12025550177";
const TYPO = "+12025550178";
const simulator = await startSimulator();
after(() => simulator.close());
const server = await startServer({
  pace: 0.1,
  simulator,
  clients: machines,
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  settings: {
    limits: { triesPerCode: 10, pauseAfter: 9, disableAfter: 10, noticeAfter: 10 },
  },
});
const { audit, directory } = server.parts;
const spa = await createRelyingParty(server);
const ada = (await directory.find("ada"))?.id ?? assert.fail();
const codes: string[] = [];

/** What has happened since, oldest first. */
async function story(since: number): Promise<readonly AuditEntry[]> {
  const { entries } = await audit.page({ limit: 200 });
  // Notices go out behind everything else, whenever their turn comes.
  return entries.filter(({ seq, kind }) => seq > since && kind !== "notice-sent").reverse();
}
async function told(about: string): Promise<AuditEntry> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    const { entries } = await audit.page({ limit: 200, kinds: ["notice-sent"] });
    const found = entries.find(({ facts }) => facts?.notice === about);
    if (found !== undefined) return found;
    await pause(20);
  }
  assert.fail(`nobody was told of ${about}`);
}
const newest = async () => (await audit.page({ limit: 1 })).entries[0]?.seq ?? 0;
const kinds = (events: readonly AuditEntry[]) => events.map(({ kind }) => kind);

/** Waits for what the provider reports by itself, then answers the story. */
async function until(since: number, kind: AuditKind, times = 1): Promise<readonly AuditEntry[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const events = await story(since);
    if (kinds(events).filter((one) => one === kind).length >= times) return events;
    await pause(20);
  }
  assert.fail(`no ${kind}: ${kinds(await story(since)).join(" ")}`);
}

async function begin(): Promise<{
  visitor: TestVisitor;
  page: Seen;
  begun: Awaited<ReturnType<typeof spa.begin>>;
}> {
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  return { visitor, begun, page: await visitor.get(begun.url.href) };
}
async function code(before: number, to = PHONE): Promise<string> {
  const found = await server.simulator.codeAfter(before, to);
  codes.push(found);
  return found;
}
const wrongOf = (right: string) => (right.startsWith("0") ? `1${right.slice(1)}` : `0${right.slice(1)}`);
const count = async () => (await simulator.messages()).length;

/** Every event of a login says whose, where, at which client and in which login; all of them the same. */
function sameLogin(events: readonly AuditEntry[]): string {
  const login = events[0]?.login ?? assert.fail();
  for (const event of events) {
    assert.deepEqual(
      [event.login, event.subject, event.client, event.address],
      [login, ada, "spa", "127.0.0.1"],
      event.kind,
    );
    assert.ok(Math.abs(event.at - server.parts.now()) < 120_000, event.kind);
  }
  return login;
}

let first = "";
test("L01: a typing error, an enrolment by the second number, a resend by call, and the tokens", async () => {
  const since = await newest();
  const { visitor, page, begun } = await begin();
  let seen = await typePassword(visitor, page, "ada", "not the password");
  seen = await visitor.submit(seen, { username: "ada", password: PASSWORD });
  seen = await visitor.submit(seen, { phone: TYPO });
  await code(0, TYPO);
  await until(since, "code-delivered");
  seen = await visitor.submit(seen, { action: "change-number" });
  const before = await count();
  seen = await visitor.submit(seen, { phone: PHONE });
  const right = await code(before);
  await until(since, "code-delivered", 2);
  server.advance(61_000);
  seen = await visitor.submit(seen, { action: "resend" });
  await until(since, "code-delivered", 3);
  seen = await visitor.submit(seen, { code: wrongOf(right) });
  seen = await visitor.submit(seen, { code: right });
  const tokens = await spa.redeem(begun, seen);
  assert.ok(tokens.access_token);
  const events = await story(since);
  assert.deepEqual(kinds(events), [
    "password-wrong",
    "password-right",
    "code-issued",
    "code-sent",
    "code-delivered",
    "number-changed",
    "code-issued",
    "code-sent",
    "code-delivered",
    "code-resent",
    "code-sent",
    "code-delivered",
    "code-wrong",
    "code-right",
    "authenticator-bound",
    "signed-in",
    "consent-skipped",
    "tokens-issued",
  ]);
  first = sameLogin(events);
  const of = (kind: AuditKind) =>
    events.filter((event) => event.kind === kind).map(({ facts }) => facts ?? {});
  assert.deepEqual(
    of("code-issued").map(({ phone }) => phone),
    ["•••• 78", "•••• 77"],
  );
  const sids = (await simulator.messages())
    .filter(({ to }) => to === PHONE || to === TYPO)
    .map(({ sid }) => sid);
  assert.deepEqual(
    of("code-sent").map(({ messageId }) => messageId),
    sids,
    "in the order they were sent",
  );
  assert.deepEqual(of("code-delivered"), of("code-sent"), "what arrives is what was sent");
  assert.deepEqual(of("code-sent")[0], {
    factor: "sms",
    purpose: "enrol",
    phone: "•••• 78",
    country: "US",
    gateway: "twilio_sms",
    channel: "sms",
    messageId: sids[0],
  });
  const [right_] = of("code-right");
  assert.equal(right_?.messageId, sids[2], "a try names the message its code came by");
  assert.deepEqual([right_?.result, right_?.country], ["right", "US"]);
  assert.deepEqual(of("signed-in"), [
    { acr: "twilio_sms", amr: ["pwd", "sms", "mfa"], asked: ["twilio_sms"] },
  ]);
  assert.deepEqual(of("tokens-issued"), [
    { grant: "authorization_code", scope: "openid", acr: "twilio_sms", amr: ["pwd", "sms", "mfa"] },
  ]);
});

test("L01: a text that is refused, then one that never arrives", async () => {
  const since = await newest();
  await simulator.fault({ code: 21610 });
  const { visitor, page } = await begin();
  let seen = await typePassword(visitor, page, "ada");
  await simulator.fault({ code: 30003, then: "undelivered" });
  server.advance(61_000);
  seen = await visitor.submit(seen, { action: "resend" });
  const events = await until(since, "code-undelivered");
  await visitor.submit(seen, { action: "cancel" });
  const all = await story(since);
  assert.deepEqual(kinds(all), [
    "password-right",
    "code-issued",
    "code-send-failed",
    "code-resent",
    "code-sent",
    "code-undelivered",
    "login-cancelled",
  ]);
  sameLogin(all);
  const failed = events.find(({ kind }) => kind === "code-send-failed")?.facts;
  assert.deepEqual([failed?.reason, failed?.providerCode], ["number-blocked", 21610]);
  const lost = events.find(({ kind }) => kind === "code-undelivered")?.facts;
  assert.deepEqual([lost?.reason, lost?.providerCode], ["unreachable", 30003]);
  assert.equal(lost?.messageId, events.find(({ kind }) => kind === "code-sent")?.facts?.messageId);
  assert.deepEqual(all.at(-1)?.facts, { acr: "twilio_sms", reason: "cancelled" });
});

test("L01: pauses and the end: told where they begin, not at every try in them", async () => {
  const since = await newest();
  const { visitor, page } = await begin();
  const before = await count();
  let seen = await typePassword(visitor, page, "ada");
  const right = await code(before);
  await until(since, "code-delivered");
  for (let n = 0; n < 9; n += 1) seen = await visitor.submit(seen, { code: wrongOf(right) });
  seen = await visitor.submit(seen, { code: right });
  const paused = await story(since);
  assert.deepEqual(kinds(paused).slice(4), [
    ...Array.from({ length: 9 }, () => "code-wrong"),
    "factor-paused",
    "code-paused",
  ]);
  sameLogin(paused);
  const begins = paused.find(({ kind }) => kind === "factor-paused");
  assert.equal(begins?.facts?.failures, 9);
  assert.ok(Date.parse(String(begins?.facts?.until)) > server.parts.now());

  server.advance(3_600_000);
  const last = await newest();
  const next = await begin();
  const sent = await count();
  let other = await typePassword(next.visitor, next.page, "ada");
  const again = await code(sent);
  await until(last, "code-delivered");
  other = await next.visitor.submit(other, { code: wrongOf(again) });
  const disabled = await until(last, "login-stopped");
  assert.deepEqual(kinds(disabled).slice(4), ["code-wrong", "factor-disabled", "login-stopped"]);
  const login = sameLogin(disabled);
  assert.equal(disabled.find(({ kind }) => kind === "factor-disabled")?.facts?.failures, 10);
  assert.deepEqual(disabled.at(-1)?.facts, { acr: "twilio_sms", reason: "factor-disabled" });
  for (const about of ["password-known", "factor-disabled"]) {
    const notice = await told(about);
    assert.deepEqual([notice.subject, notice.login], [ada, login], about);
  }
  assert.ok(other.body.includes(login), "the person can read the login's id to whoever helps");
});

test("L01: unbound by an administrator, opened anew, signed out, a token taken back", async () => {
  const token = await tokenOf(server);
  const since = await newest();
  const path = `/mgt/configuser/${ada}`;
  const [phone] = (await callApi(server, token, "GET", `${path}/phones`)).json;
  assert.equal(
    (await callApi(server, token, "DELETE", `${path}/phones/${phone.id}?reason=lost`)).status,
    204,
  );
  const opened = await callApi(server, token, "POST", `${path}/enrolment`, {
    by: "window",
    reason: "new phone",
  });
  assert.equal(opened.status, 201, opened.text);
  const events = await story(since);
  assert.deepEqual(kinds(events), ["authenticator-unbound", "session-ended", "enrolment-opened"]);
  for (const { subject, client, facts } of events.filter(({ kind }) => kind !== "session-ended"))
    assert.deepEqual([subject, client, facts?.by, facts?.factor], [ada, "machine", "client machine", "sms"]);

  const later = await newest();
  const web = await createRelyingParty(server, { clientId: "web" });
  const visitor = server.visitor();
  const tokens = await web.byPassword(visitor, "ada");
  await web.revoke(tokens.access_token);
  let seen = await visitor.get(`${server.issuer}/end_session`);
  seen = await visitor.submit(seen, { logout: "yes" });
  const after = await story(later);
  assert.deepEqual(kinds(after), [
    "password-right",
    "signed-in",
    "consent-skipped",
    "tokens-issued",
    "tokens-revoked",
    "signed-out",
  ]);
  for (const { subject, address } of after) assert.deepEqual([subject, address], [ada, "127.0.0.1"]);
  assert.equal(new Set(after.slice(0, 5).map(({ login }) => login)).size, 1);
  assert.equal(after.at(-1)?.login, after[0]?.login, "a session goes back to its login");
});

test("L01, L02: every fact is in the reference, and none is a code or a whole number", async () => {
  const { entries } = await audit.page({ limit: 200 });
  assert.ok(entries.length > 30);
  for (const { kind, facts = {} } of entries)
    for (const name of Object.keys(facts))
      assert.ok(AUDIT_WORDS[kind].facts.includes(name), `${kind}: ${name} is not in src/core/audit-words.ts`);
  const text = JSON.stringify(entries.map(({ seq: _seq, at: _at, ...event }) => event));
  for (const secret of [...codes, PHONE.slice(2), TYPO.slice(2), PASSWORD, "not the password"])
    assert.ok(!text.includes(secret), secret);
  assert.ok(codes.length > 3 && first !== "");
});
