/** Attacks on the account pages: a stolen cookie, another person's things, other sites, old tabs, numbers that have just come. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  atAccount,
  csrfOf,
  linkIn,
  numbersOf,
  SECOND,
  secondPhone,
  send,
  toldAfter,
} from "../kit/account.ts";
import { GRACE, startServer, type TestServer, twoSteps } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const HOUR = 3_600_000;
const ROOT = "+12025550199";

/** Six minutes by our clock; the protocol engine has its own, by which it has to be more than a second. */
async function tooOld(server: TestServer): Promise<void> {
  await pause(2100);
  server.advance(6 * 60_000);
}

test("P09: nothing that matters is done on the cookie alone: after five minutes every act asks again", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const { visitor, page } = await atAccount(server);
  const ask = await visitor.get(`/account/factors/${second.id}/remove`);
  await tooOld(server);
  const acts = [
    `/account/factors/${second.id}/remove`,
    `/account/factors/${second.id}/default`,
    `/account/factors/${second.id}/change`,
    "/account/add/sms",
    "/account/password",
  ];
  for (const path of acts) {
    assert.match((await visitor.get(path)).url.pathname, /^\/login/, path);
    const posted = await send(visitor, page, path, {
      password: "one long password here",
      repeat: "one long password here",
    });
    assert.match(posted.url.pathname, /^\/login/, `POST ${path}`);
  }
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
  // With both factors anew it goes on where it was.
  const again = await twoSteps(server, visitor, await visitor.get(ask.url.pathname));
  assert.equal(again.url.pathname, ask.url.pathname);
  assert.match(textOf((await visitor.submit(again, {})).body), /It is removed/);
});

test("P09: a session of a password alone changes nothing of a person who has a phone", async () => {
  const server = await startServer({
    pace: 0.1,
    settings: { acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "simple_password_auth" } },
  });
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/account"), {
    username: "grace",
    password: "two doors, one open",
  });
  assert.equal(page.url.pathname, "/account");
  const id = /\/account\/factors\/([\w-]+)/.exec(page.body)?.[1];
  for (const path of [`/account/factors/${id}/remove`, "/account/password", "/account/add/sms"]) {
    const seen = await visitor.get(path);
    assert.match(seen.url.pathname, /^\/login/, path);
    assert.match(seen.body, /name="code"/, `${path} wants the code`);
  }
  await send(visitor, page, `/account/factors/${id}/remove`);
  assert.deepEqual(await numbersOf(server), [GRACE]);
});

test("IDOR: of another person's phones, sessions, events and applications there is nothing here", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const grace = await atAccount(server);
  const root = await atAccount(server, "root", ROOT);
  const { directory, sessions, audit } = server.parts;
  const subject = (await directory.find("grace"))?.id ?? assert.fail();
  for (const act of ["", "/remove", "/default", "/change"]) {
    const seen = await root.visitor.get(`/account/factors/${second.id}${act}`);
    assert.match(textOf(seen.body), /not there/, act);
    if (act === "") continue;
    await send(root.visitor, root.page, `/account/factors/${second.id}${act}`);
  }
  await send(root.visitor, root.page, `/account/factors/${second.id}/name`, { nickname: "mine" });
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
  assert.equal(
    (await server.parts.authenticators.list(subject, "sms")).some(
      ({ data }) => "nickname" in (data as object),
    ),
    false,
  );

  const [session] = (await sessions.list({ subject, limit: 1 })).sessions;
  assert.match(
    textOf((await send(root.visitor, root.page, `/account/sessions/${session?.sid}/end`)).body),
    /not there/,
  );
  assert.equal((await grace.visitor.get("/account")).url.pathname, "/account");

  const { entries } = await audit.page({ subject, kinds: ["signed-in"], limit: 1 });
  const seen = await root.visitor.get(`/account/activity/${entries[0]?.seq}/not-me`);
  assert.match(textOf(seen.body), /not there/);
  await send(root.visitor, root.page, `/account/activity/${entries[0]?.seq}/not-me`);
  assert.equal((await audit.query({ kind: "reported", limit: 5 })).length, 0);
  for (const [path, has] of [
    ["sessions", /Last|this one/],
    ["activity", /You signed in/],
  ] as const)
    assert.match(textOf((await root.visitor.get(`/account/${path}`)).body), has);
});

test("CSRF: a form of another site, of another session or without its token does nothing", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const { visitor, page } = await atAccount(server);
  const root = await atAccount(server, "root", ROOT);
  const remove = `/account/factors/${second.id}/remove`;
  const tries = [
    visitor.send("POST", remove, {}),
    visitor.send("POST", remove, { csrf: "0.aaaaaaaaaaaaaaaaaaaaaaaaaaa" }),
    visitor.send("POST", remove, { csrf: csrfOf(root.page) }),
    send(visitor, page, remove, {}, { "sec-fetch-site": "cross-site" }),
    send(visitor, page, remove, {}, { origin: "https://evil.test" }),
  ];
  for (const one of tries) assert.match(textOf((await one).body), /out of date/);
  const json = await visitor.post(remove, JSON.stringify({ csrf: csrfOf(page) }), {
    "content-type": "application/json",
  });
  assert.equal(json.status, 415);
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
  for (const path of [remove, "/account/sessions/end", "/account/logout"]) {
    const got = await visitor.get(path);
    assert.ok([200, 404, 405].includes(got.status), path);
  }
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort(), "a GET changes nothing");
  assert.equal((await visitor.get("/account")).url.pathname, "/account");
});

test("fixation: a cookie that was planted before the sign-in is not the session after it", async () => {
  const server = await startServer({ pace: 0.1 });
  const visitor = server.visitor();
  visitor.jar.set("sallyport_account\n/", { value: "planted".repeat(7), path: "/" });
  await twoSteps(server, visitor, await visitor.get("/account"));
  const first = visitor.cookie("sallyport_account");
  assert.notEqual(first, "planted".repeat(7));
  const thief = server.visitor();
  thief.jar.set("sallyport_account\n/", { value: "planted".repeat(7), path: "/" });
  assert.match((await thief.get("/account")).url.pathname, /^\/login/);
  // And a step-up makes a new one: what was copied before is worth nothing after it.
  await tooOld(server);
  await twoSteps(server, visitor, await visitor.get("/account/password"));
  assert.notEqual(visitor.cookie("sallyport_account"), first);
  thief.jar.set("sallyport_account\n/", { value: String(first), path: "/" });
  assert.match((await thief.get("/account")).url.pathname, /^\/login/);
});

test("login CSRF: an answer that another browser asked for signs nobody in here, and none works twice", async () => {
  const server = await startServer({ pace: 0.1 });
  const attacker = server.visitor({ stopAt: [`${server.issuer}/account/callback`] });
  const answer = await twoSteps(server, attacker, await attacker.get("/account"));
  assert.equal(answer.url.pathname, "/account/callback");
  const victim = server.visitor();
  const seen = await victim.get(answer.url.href);
  assert.equal(seen.url.pathname, "/account/out");
  assert.equal(victim.cookie("sallyport_account"), undefined);
  // Taken once, even by the wrong browser: the right one begins anew.
  const own = server.visitor();
  for (const [key, cookie] of attacker.jar) own.jar.set(key, cookie);
  assert.equal((await own.get(answer.url.href)).url.pathname, "/account/out");
});

test("S10: a step-up by somebody else is no step-up, and mixes no two people", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const { visitor } = await atAccount(server);
  await tooOld(server);
  const page = await visitor.get(`/account/factors/${second.id}/remove`);
  const switched = await visitor.submit(page, { action: "switch" });
  const seen = await twoSteps(server, visitor, switched, "root", ROOT);
  assert.equal(seen.url.pathname, "/account");
  assert.match(textOf(seen.body), /Signed in as root/);
  assert.match(textOf((await visitor.get(`/account/factors/${second.id}/remove`)).body), /not there/);
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
});

test("M14: a new number opens no other change for a day, and no link that takes changes back is sent to it", async () => {
  const server = await startServer({ pace: 0.1 });
  const young = await secondPhone(server, "grace", "window");
  const { visitor } = await atAccount(server);
  // Chosen by whoever has the old phone: from now on codes go to the new number.
  await visitor.submit(await visitor.get(`/account/factors/${young.id}/default`), {});
  await tooOld(server);
  const told = await visitor.get("/account/password");
  assert.match(textOf(told.body), /too new for this/);
  for (const path of [`/account/factors/${young.id}/remove`, "/account/add/sms"])
    assert.match(textOf((await visitor.get(path)).body), /too new for this/, path);
  server.advance(24 * HOUR);
  const later = server.visitor();
  const page = await twoSteps(server, later, await later.get("/account/password"), "grace", SECOND);
  assert.equal(page.url.pathname, "/account/password");

  const before = (await server.simulator.messages()).length;
  await later.submit(await later.get(`/account/factors/${young.id}/remove`), {});
  linkIn(await toldAfter(server, before, GRACE, /removed/));
  assert.doesNotMatch(await toldAfter(server, before, SECOND, /removed/), /undo/i);
});

test("undo: only by a post of our own page, once, and whoever guesses a link finds nothing", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const { visitor } = await atAccount(server);
  const before = (await server.simulator.messages()).length;
  await visitor.submit(await visitor.get(`/account/factors/${second.id}/remove`), {});
  const link = linkIn(await toldAfter(server, before, SECOND, /Undo/));
  const stranger = server.visitor();
  await stranger.send("POST", link, {});
  const page = await stranger.get(link);
  await stranger.send("POST", link, { csrf: csrfOf(page) }, { "sec-fetch-site": "cross-site" });
  const other = server.visitor();
  await other.send("POST", link, { csrf: csrfOf(page) });
  assert.deepEqual(await numbersOf(server), [GRACE], "none of these was our form in its own browser");
  const both = await Promise.all([stranger.submit(page, {}), stranger.submit(page, {})]);
  assert.equal(both.filter(({ url }) => url.pathname === "/account/undo/done").length, 1);
  assert.equal((await server.visitor().get(`/account/undo/${"a".repeat(43)}`)).status, 404);
  assert.ok(!server.problems.join(" ").includes(link.slice(-43)), "no log has the link");
});

test("two removals at once never take the last two away", async () => {
  const server = await startServer({ pace: 0.1 });
  const second = await secondPhone(server);
  const { visitor, page } = await atAccount(server);
  const ids = [...page.body.matchAll(/\/account\/factors\/([\w-]+)/g)].map(([, id]) => id);
  assert.ok(ids.includes(second.id) && ids.length === 2);
  await Promise.all(ids.map((id) => send(visitor, page, `/account/factors/${id}/remove`)));
  assert.equal((await numbersOf(server)).length, 1);
});

test("S11: over https the cookie is __Host-, HttpOnly, Secure and Lax", async () => {
  const server = await startServer({ pace: 0.1, httpsIssuer: "https://login.example.test" });
  const { visitor } = await atAccount(server);
  assert.ok(visitor.cookie("__Host-sallyport_account") !== undefined);
});

test("enrol is for our own pages: `next` leads nowhere else", async () => {
  const server = await startServer({ pace: 0.1 });
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await visitor.get("/account?next=https://evil.test"));
  assert.equal(page.url.href, `${server.issuer}/account`);
  const odd = await visitor.get("/account//evil.test");
  assert.equal(odd.status, 404);
});

test("M14: past the pages, by a URL of the walk itself, a new number binds nothing further either", async () => {
  const server = await startServer({ pace: 0.1 });
  const young = await secondPhone(server, "grace", "two-factors");
  const { visitor } = await atAccount(server);
  await visitor.submit(await visitor.get(`/account/factors/${young.id}/default`), {});
  await tooOld(server);
  const wish = new URLSearchParams({
    client_id: "sallyport-account",
    response_type: "code",
    scope: "openid",
    redirect_uri: `${server.issuer}/account/callback`,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    enrol: "sms",
  });
  const thief = server.visitor();
  const seen = await twoSteps(server, thief, await thief.get(`/authorize?${wish}`), "grace", SECOND);
  assert.doesNotMatch(seen.body, /name="phone"[^>]*>(?![\s\S]*name="ticket")/);
  assert.match(textOf(seen.body), /ticket|administrator/i);
});
