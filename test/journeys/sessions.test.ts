/** Sessions as an administrator sees and ends them: what dies with a session, what is never shown, and what goes on. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { SessionInfo } from "../../src/core/sessions.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { claimsOf, createRelyingParty, errorOf, type Tokens } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import type { TestVisitor } from "../kit/visitor.ts";

const server = await startServer();
const spa = await createRelyingParty(server);
const web = await createRelyingParty(server, { clientId: "web" });
const { sessions, audit, directory, authenticators, enrolment } = server.parts;
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";

const browser = (agent = FIREFOX) => server.visitor({ headers: { "user-agent": agent } });

const isOut = async (visitor: TestVisitor): Promise<boolean> => {
  const begun = await spa.begin({ prompt: "none", acr_values: "simple_password_auth" });
  return (await visitor.get(begun.url.href)).url.searchParams.get("error") === "login_required";
};

async function offline(visitor: TestVisitor, rp = spa): Promise<Tokens & { refresh_token: string }> {
  const wish = { acr_values: "simple_password_auth", scope: "openid offline_access", prompt: "consent" };
  const begun = await rp.begin(wish);
  const tokens = await rp.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  assert.ok(tokens.refresh_token);
  return tokens as Tokens & { refresh_token: string };
}

const sessionsOf = async (subject: string): Promise<readonly SessionInfo[]> =>
  (await sessions.list({ subject, limit: 100 })).sessions;

async function only(subject: string): Promise<SessionInfo> {
  const [one, ...others] = await sessionsOf(subject);
  assert.ok(one);
  assert.deepEqual(others, []);
  return one;
}

const subjectOf = async (username: string): Promise<string> =>
  (await directory.find(username))?.id ?? assert.fail(username);

test("a session shows who, when, how, where and for which applications; never a cookie or a token", async () => {
  const visitor = browser();
  const tokens = await spa.byTwoSteps(visitor);
  await web.silently(visitor);
  const subject = claimsOf(tokens).sub;
  const info = await only(subject);
  const { sid, startedAt, lastUsedAt = 0, expiresAt, authTime = 0, ...rest } = info;
  assert.deepEqual(rest, {
    subject,
    acr: "twilio_sms",
    amr: ["pwd", "sms", "mfa"],
    clients: ["spa", "web"],
    address: "127.0.0.1",
    userAgent: "Firefox on Windows",
  });
  const now = Date.now();
  for (const time of [startedAt, lastUsedAt, authTime]) assert.ok(Math.abs(now - time) < 10_000);
  assert.ok(expiresAt > now && expiresAt <= now + 3_600_000);
  assert.equal(authTime / 1000, claimsOf(tokens).auth_time);
  assert.deepEqual(await sessions.find(sid), info);

  const shown = JSON.stringify(info);
  const cookie = decodeURIComponent(visitor.cookie("sallyport_session") ?? "");
  assert.ok(cookie.length > 20);
  for (const secret of [
    cookie,
    cookie.split(".")[0] ?? cookie,
    tokens.access_token,
    String(claimsOf(tokens).sid),
  ])
    assert.ok(!shown.includes(secret));
  await sessions.end(sid, "test", "over");
});

test("S07: what an auditor sees of a session opens nothing", async () => {
  const visitor = browser();
  await spa.byPassword(visitor, "grace");
  const { sid } = await only(await subjectOf("grace"));
  const thief = browser();
  await thief.get("/demo");
  for (const [key, cookie] of visitor.jar)
    thief.jar.set(key, key.startsWith("sallyport_session") ? { ...cookie, value: sid } : { ...cookie });
  assert.equal(await isOut(thief), true);
  const digest = createHash("sha256").update(sid).digest("base64url");
  for (const guess of ["", "x", digest, `${sid}x`]) {
    assert.equal(await sessions.find(guess), undefined);
    assert.equal(await sessions.end(guess, "test", "guess"), false);
  }
  assert.equal(await sessions.end(sid, "test", "over"), true);
});

test("S07: an ended session takes its cookie, its access and its refresh tokens with it; the other one lives", async () => {
  const [first, second] = [browser(), browser("something else")];
  const tokens = await spa.byPassword(first, "grace");
  const given = await offline(first);
  const alsoGiven = await offline(first, web);
  const others = await spa.byPassword(second, "grace");
  const kept = await offline(second);
  const subject = claimsOf(tokens).sub;
  const all = await sessionsOf(subject);
  assert.equal(all.length, 2);
  const { sid, userAgent } = all.find(({ clients }) => clients.includes("web")) ?? assert.fail();
  assert.equal(userAgent, "Firefox on Windows");
  const old = new Map([...first.jar].map(([key, cookie]) => [key, { ...cookie }]));

  assert.equal(await sessions.end(sid, "root", "a lost laptop"), true);
  const [event] = await audit.query({ subject, kind: "session-ended", limit: 1 });
  assert.deepEqual(event?.facts, { by: "root", reason: "a lost laptop", sid, clients: ["spa", "web"] });

  assert.equal(await isOut(first), true);
  for (const [key, cookie] of old) first.jar.set(key, cookie);
  assert.equal(await isOut(first), true, "nor does the cookie of before");
  await assert.rejects(spa.userinfo(tokens));
  await assert.rejects(spa.userinfo(given));
  assert.equal(await errorOf(spa.refresh(given.refresh_token)), "invalid_grant");
  assert.equal(await errorOf(web.refresh(alsoGiven.refresh_token)), "invalid_grant", "of every application");
  assert.deepEqual(await web.introspect(alsoGiven.access_token), { active: false });
  assert.equal(await sessions.find(sid), undefined);
  assert.equal(await sessions.end(sid, "root", "again"), false, "it ends once");

  assert.equal(await isOut(second), false);
  await spa.userinfo(others);
  assert.ok((await spa.refresh(kept.refresh_token)).access_token);
  assert.equal((await only(subject)).userAgent, "", "words of ours, or none");
  assert.equal(await sessions.endAll(subject, "root", "over"), 1);
});

test("S07: a request under way does not bring an ended session back, nor get a code through", async () => {
  const visitor = browser();
  await spa.byPassword(visitor, "grace");
  const subject = await subjectOf("grace");
  const { sid } = await only(subject);
  const begun = await spa.begin({ acr_values: "simple_password_auth" });
  const back = await visitor.get(begun.url.href);
  assert.ok(back.url.searchParams.has("code"));
  // What a request that has read the session before it ended writes afterwards: the rows as they were.
  await server.parts.store.settle();
  const rows = await server.parts.store.database.run(everyRow);
  assert.equal(await sessions.end(sid, "root", "now"), true);
  for (const { kind, key, bytes, version, expires_at: expiresAt, grp } of rows.rows)
    await server.parts.store.records.commit(
      [{ kind, key, bytes, version, expiresAt, group: grp ?? undefined }],
      Date.now(),
    );
  assert.equal(await isOut(visitor), true);
  assert.equal(await errorOf(spa.redeem(begun, back)), "invalid_grant");
  assert.deepEqual(await sessionsOf(subject), []);
});

const everyRow = statement<{
  kind: string;
  key: string;
  bytes: Uint8Array;
  version: number;
  expires_at: number;
  grp: string | null;
}>("select kind, key, bytes, version, expires_at, grp from records where kind like 'oidc.%'");

test("all sessions of everybody are listed page by page, and those of one person apart", async () => {
  const [grace, ada] = [await subjectOf("grace"), await subjectOf("ada")];
  for (let n = 0; n < 7; n += 1) await spa.byPassword(browser(), n < 4 ? "grace" : "ada");
  const visitor = browser();
  await spa.byPassword(visitor, "ada");
  const page = await visitor.get("/end_session");
  await visitor.submit(page, { logout: "yes" });
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const found = await sessions.list({ limit: 2, after });
    assert.ok(found.sessions.length <= 2);
    seen.push(...found.sessions.map(({ sid }) => sid));
    after = found.next;
  } while (after !== undefined);
  assert.equal(seen.length, 7, "who has signed out is not among them");
  assert.equal(new Set(seen).size, 7);
  assert.equal((await sessionsOf(grace)).length, 4);
  assert.equal((await sessionsOf(ada)).length, 3);
  assert.equal(await sessions.endAll(grace, "root", "all of them"), 4);
  assert.deepEqual(await sessionsOf(grace), []);
  assert.equal((await sessionsOf(ada)).length, 3);
  assert.equal(await sessions.endAll(ada, "root", "all of them"), 3);
});

test("S08: ending all of a person's sessions also ends what outlived a logout", async () => {
  const visitor = browser();
  await spa.byPassword(visitor, "grace");
  const given = await offline(visitor);
  await visitor.submit(await visitor.get("/end_session"), { logout: "yes" });
  const next = await spa.refresh(given.refresh_token);
  assert.equal(await sessions.endAll(await subjectOf("grace"), "root", "left the company"), 0);
  assert.equal(await errorOf(spa.refresh(String(next.refresh_token))), "invalid_grant");
});

test("P17: a removed person is gone with sessions, phones and ways to enrol; the audit stays", async () => {
  const visitor = browser();
  const tokens = await spa.byTwoSteps(visitor);
  const given = await offline(visitor);
  const subject = claimsOf(tokens).sub;
  await enrolment.openTicket(subject, "sms", "root", "lost phone");
  const { version } = (await directory.get(subject)) ?? assert.fail();
  assert.deepEqual(await server.parts.removePerson(subject, "root", "left", version + 1), {
    kind: "changed-meanwhile",
  });
  assert.equal((await authenticators.list(subject)).length, 1, "a refused removal takes nothing");
  assert.equal(await isOut(visitor), false);

  assert.deepEqual(await server.parts.removePerson(subject, "root", "left", version), { kind: "done" });
  assert.equal(await isOut(visitor), true);
  await assert.rejects(spa.userinfo(tokens));
  assert.equal(await errorOf(spa.refresh(given.refresh_token)), "invalid_grant");
  assert.deepEqual(await authenticators.list(subject), []);
  assert.deepEqual(await authenticators.find("sms", server.parts.phoneKey(GRACE)), []);
  assert.deepEqual(await enrolment.openings(subject, "sms"), []);
  assert.deepEqual(await sessionsOf(subject), []);
  // The provider may tell of the text before it at any time.
  const kinds = (await audit.query({ subject, limit: 8 }))
    .map(({ kind }) => kind)
    .filter((kind) => kind !== "code-delivered");
  assert.deepEqual(kinds.slice(0, 3), ["authenticator-unbound", "session-ended", "user-removed"]);
  const begun = await spa.begin({ acr_values: "simple_password_auth" });
  const page = await typePassword(visitor, await visitor.get(begun.url.href), "grace", PASSWORD);
  assert.ok(page.url.pathname.startsWith("/login/"));
  assert.deepEqual(await server.parts.removePerson(subject, "root", "left"), { kind: "unknown-user" });
});
