/** Two people at one browser, and one person at two: no token, session id or step is ever shared between people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";
import {
  begin,
  claims,
  codeAfter,
  finish,
  grantOf,
  nameOf,
  plant,
  ROOT,
  signIn,
  texts,
  toCodePage,
} from "./attacker.ts";

const server = await startServer();
const SIMPLE = { acr_values: "simple_password_auth" };
const rest = () => server.advance(60_000);

/** Every sub with every session id (`sid`) it was given; no sid may have two subs. */
const pairs = new Map<string, string>();
function remember({ sub, sid }: { sub: string; sid?: unknown }): void {
  if (typeof sid !== "string") return;
  assert.equal(pairs.get(sid) ?? sub, sub, "one sid for two people");
  pairs.set(sid, sub);
}

test("S10 max_age asks for both factors again, and only the same person can answer", async () => {
  const visitor = server.visitor();
  await signIn(server, visitor);
  await sleep(2_100);
  const page = await begin(server, visitor, { max_age: "1" });
  assert.equal(grantOf(page), undefined);
  assert.equal(formOf(page).fields.password, "");
  assert.equal(formOf(page).fields.username, "grace");
  const sent = await texts(server);
  const other = await typePassword(visitor, page, "root");
  assert.equal(formOf(other).fields.password, "", "somebody else is not taken here");
  assert.equal(await texts(server), sent);
  const done = await finish(server, visitor, other);
  const { amr, auth_time } = await claims(server, done);
  assert.deepEqual([...amr].sort(), ["mfa", "pwd", "sms"]);
  assert.ok(auth_time >= Math.floor(Date.now() / 1000) - 2);
});

test("S10 prompt=login as somebody else: a new session, its own proofs, and nothing of the first person", async () => {
  const visitor = server.visitor();
  const first = await signIn(server, visitor);
  const firstSession = visitor.cookie("sallyport_session");
  const grace = await claims(server, first);
  remember(grace);
  const page = await begin(server, visitor, { prompt: "login", ...SIMPLE });
  const asRoot = await typePassword(visitor, page, "root");
  assert.equal(await nameOf(server, asRoot).catch(() => undefined), "root");
  rest();
  const silent = await begin(server, visitor, SIMPLE);
  const root = await claims(server, silent);
  remember(root);
  assert.notEqual(root.sub, grace.sub);
  assert.equal(root.acr, "simple_password_auth", "her phone says nothing about him");
  assert.notEqual(visitor.cookie("sallyport_session"), firstSession);
  const strong = await begin(server, visitor, { acr_values: "twilio_sms" });
  assert.equal(grantOf(strong), undefined, "and his own phone is asked for");
});

test("S10 prompt=login as somebody else and given up: the first person's session is as it was", async () => {
  const visitor = server.visitor();
  const grace = await claims(server, await signIn(server, visitor));
  rest();
  const { page } = await toCodePage(server, visitor, { prompt: "login" }, ["root", ROOT]);
  const given = await visitor.submit(page, { action: "cancel" });
  assert.equal(given.url.searchParams.get("error"), "access_denied");
  const after = await claims(server, await begin(server, visitor));
  assert.equal(after.sub, grace.sub);
  assert.equal(after.auth_time, grace.auth_time, "and no younger than it is");
  remember(after);
});

test("S10 prompt=login as oneself: a fresh auth_time, the same sub, a new session cookie", async () => {
  const visitor = server.visitor();
  const first = await claims(server, await signIn(server, visitor));
  const cookie = visitor.cookie("sallyport_session");
  rest();
  const second = await claims(server, await signIn(server, visitor, { prompt: "login" }));
  assert.equal(second.sub, first.sub);
  assert.ok(second.auth_time > first.auth_time);
  assert.notEqual(visitor.cookie("sallyport_session"), cookie);
  remember(first);
  remember(second);
});

test("M09 a signed-in person's step-up is pinned: somebody else's name in the form changes nobody", async () => {
  const visitor = server.visitor();
  const weak = await typePassword(visitor, await begin(server, visitor, SIMPLE), "grace");
  const grace = await claims(server, weak);
  const sent = await texts(server);
  const stepUp = await begin(server, visitor, { acr_values: "twilio_sms" });
  const code = await codeAfter(server, sent);
  const seen = await visitor.submit(stepUp, {
    code,
    username: "root",
    user: "root",
    subject: "root",
    account: "root",
    login_hint: "root",
  });
  assert.equal((await claims(server, seen)).sub, grace.sub);
});

test("M09 two tabs, two people, interleaved: each tab ends as the one who signed in there, or says why not", async () => {
  const visitor = server.visitor();
  const tabA = await toCodePage(server, visitor);
  const tabB = await toCodePage(server, visitor, {}, ["root", ROOT]);
  const crossed = await visitor.submit(tabA.page, { code: tabB.code });
  if (tabA.code !== tabB.code) assert.equal(grantOf(crossed), undefined, "the other person's code");
  const endA = await visitor.submit(await visitor.get(tabA.page.url.href), { code: tabA.code });
  const grace = await claims(server, endA);
  remember(grace);
  assert.equal((await server.parts.directory.get(grace.sub))?.username, "grace");
  const endB = await visitor.submit(tabB.page, { code: tabB.code });
  if (grantOf(endB) === undefined) {
    assert.ok(endB.status < 500 && textOf(endB.body).length > 20, "a page that makes sense");
    return;
  }
  const root = await claims(server, endB);
  remember(root);
  assert.equal((await server.parts.directory.get(root.sub))?.username, "root");
});

test("M09 the username of the first step stays: a code page posted with another name proves only its own person", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const seen = await visitor.submit(page, { code, username: "root", password: "two doors, one open" });
  assert.equal(await nameOf(server, seen), "grace");
});

test("S10 a session that changed hands in another tab ends the step-up that was open for the first person", async () => {
  const visitor = server.visitor();
  await typePassword(visitor, await begin(server, visitor, SIMPLE), "grace");
  const sent = await texts(server);
  const stepUp = await begin(server, visitor, { acr_values: "twilio_sms" });
  const code = await codeAfter(server, sent);
  const asRoot = await typePassword(
    visitor,
    await begin(server, visitor, { prompt: "login", ...SIMPLE }),
    "root",
  );
  assert.ok(grantOf(asRoot));
  const seen = await visitor.submit(stepUp, { code });
  assert.equal(grantOf(seen), undefined, "grace's step-up cannot end in root's session");
  assert.ok(seen.status < 500);
  const now = await claims(server, await begin(server, visitor, SIMPLE));
  assert.equal((await server.parts.directory.get(now.sub))?.username, "root");
  remember(now);
});

test("S10 every form of 'not you?' ends the old session before the new person is asked", async () => {
  const visitor = server.visitor();
  await typePassword(visitor, await begin(server, visitor, SIMPLE), "grace");
  const thief = server.visitor();
  assert.ok(plant(visitor, thief, "session") > 0);
  const page = await begin(server, visitor, { max_age: "0", ...SIMPLE });
  const fresh = await visitor.submit(page, { action: "switch" });
  assert.equal(formOf(fresh).fields.username, "");
  assert.equal(grantOf(await begin(server, thief, { prompt: "none", ...SIMPLE })), undefined);
  const asRoot = await typePassword(visitor, fresh, "root");
  assert.equal(await nameOf(server, asRoot), "root");
});
