/** The account pages, by a browser without JavaScript: around, and the changes that a person makes there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { atAccount, linkIn, numbersOf, SECOND, secondPhone, send, toldAfter } from "../kit/account.ts";
import { GRACE, PASSWORD, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const fresh = () => startServer({ pace: 0.1 });
const MINUTES = 60_000;

test("the overview says how strong the account is, and what it is signed in to with", async () => {
  const server = await fresh();
  const { page, visitor } = await atAccount(server);
  const text = textOf(page.body);
  assert.match(text, /Hello, Grace/);
  assert.match(text, /two steps/);
  assert.match(text, /•••• 43/);
  assert.match(text, /Last used/);
  assert.ok(!page.body.includes(GRACE.slice(1)), "no whole number on the page");
  assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
  for (const path of ["password", "sessions", "applications", "activity", "preferences"]) {
    const seen = await visitor.get(`/account/${path}`);
    assert.equal(seen.status, 200);
    assert.equal(seen.url.pathname, `/account/${path}`);
  }
});

test("a better way is spoken of where there is one to add, and nowhere else", async () => {
  const without = await atAccount(await fresh());
  assert.match(textOf(without.page.body), /far better than a password alone/);
  assert.doesNotMatch(textOf(without.page.body), /without texts/);
  const acrs = { enabled: ["twilio_sms", "otp"], default: "twilio_sms" };
  const withApps = await atAccount(await startServer({ pace: 0.1, settings: { acrs } }));
  assert.match(textOf(withApps.page.body), /A way without texts would protect you better still/);
});

test("a page deep inside leads through the sign-in and back to itself", async () => {
  const server = await fresh();
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await visitor.get("/account/activity"));
  assert.equal(page.url.pathname, "/account/activity");
  assert.match(textOf(page.body), /You signed in/);
});

test("P18: two phones: names, the one that gets the codes, and one removed; each told and undoable", async () => {
  const server = await fresh();
  const second = await secondPhone(server);
  const { visitor, page } = await atAccount(server);
  assert.match(textOf(page.body), /gets the codes/);

  const named = await send(visitor, page, `/account/factors/${second.id}/name`, {
    nickname: "  work\nphone ",
  });
  assert.match(textOf(named.body), /The name is saved/);
  assert.match(textOf(named.body), /work phone/);

  let before = (await server.simulator.messages()).length;
  const ask = await visitor.get(`/account/factors/${second.id}/default`);
  assert.match(textOf(ask.body), /Send codes to work phone\?/);
  const chosen = await visitor.submit(ask, {});
  assert.match(textOf(chosen.body), /Codes go to this phone from now on/);
  await server.parts.storage.sweep(1);
  const other = server.visitor();
  const code = await typePassword(other, await other.get("/account"), "grace");
  assert.match(textOf(code.body), /•••• 56/, "the next code goes to the chosen phone");

  before = (await server.simulator.messages()).length;
  const list = await visitor.get("/account");
  const grace = /\/account\/factors\/([\w-]+)">\s*<span><strong><bdi>•••• 43/.exec(list.body)?.[1];
  const removed = await visitor.submit(await visitor.get(`/account/factors/${grace}/remove`), {});
  assert.match(textOf(removed.body), /It is removed/);
  assert.deepEqual(await numbersOf(server), [SECOND]);

  const told = await toldAfter(server, before, GRACE, /removed/);
  assert.match(told, /Undo it within 72 hours/, "the old number has the way back");
  await toldAfter(server, before, SECOND, /removed/);

  const stranger = server.visitor();
  const undo = await stranger.get(linkIn(told));
  assert.match(textOf(undo.body), /Put it back\?/);
  assert.deepEqual(await numbersOf(server), [SECOND], "a look does nothing");
  const done = await stranger.submit(undo, {});
  assert.match(textOf(done.body), /as it was before/);
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
  assert.equal((await visitor.get("/account")).url.pathname.slice(0, 6), "/login", "every session has ended");
  assert.match(textOf((await stranger.get(linkIn(told))).body), /no longer good/);
  const undone = await server.parts.audit.query({ kind: "change-undone", limit: 5 });
  assert.equal(undone.length, 1);
});

test("P18: the link of a change works for 72 hours and not longer", async () => {
  const server = await fresh();
  const second = await secondPhone(server);
  const { visitor } = await atAccount(server);
  const before = (await server.simulator.messages()).length;
  await visitor.submit(await visitor.get(`/account/factors/${second.id}/remove`), {});
  const link = linkIn(await toldAfter(server, before, GRACE, /Undo/));
  server.advance(71 * 60 * MINUTES);
  assert.equal((await server.visitor().get(link)).status, 200);
  server.advance(2 * 60 * MINUTES);
  assert.equal((await server.visitor().get(link)).status, 404);
});

test("P18: the last second step cannot be removed while the server's default asks for one", async () => {
  const server = await fresh();
  const { visitor, page } = await atAccount(server);
  const grace = /\/account\/factors\/([\w-]+)/.exec(page.body)?.[1];
  const seen = await visitor.get(`/account/factors/${grace}/remove`);
  assert.match(textOf(seen.body), /This is your last one/);
  const forced = await send(visitor, page, `/account/factors/${grace}/remove`);
  assert.match(textOf(forced.body), /you need one/);
  assert.deepEqual(await numbersOf(server), [GRACE]);
});

test("S09: a new password ends every other session, keeps this one, and is told", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const other = await atAccount(server);
  const page = await visitor.get("/account/password");
  const bad = await visitor.submit(page, { password: "short", repeat: "short" });
  assert.match(textOf(bad.body), /cannot be taken/);
  const differ = await visitor.submit(bad, {
    password: "one long password here",
    repeat: "another long one",
  });
  assert.match(textOf(differ.body), /not the same/);
  const before = (await server.simulator.messages()).length;
  const next = "seven quiet harbours at dawn";
  const done = await visitor.submit(differ, { password: next, repeat: next });
  assert.match(textOf(done.body), /every other session has ended/);
  assert.equal((await visitor.get("/account")).url.pathname, "/account");
  assert.match((await other.visitor.get("/account")).url.pathname, /^\/login/);
  await toldAfter(server, before, GRACE, /password was changed/);
  const late = server.visitor();
  const old = await typePassword(late, await late.get("/account"), "grace", PASSWORD);
  assert.match(textOf(old.body), /not right/);
});

test("S07: sessions with device and place; another one is ended, then all of them", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const other = await atAccount(server);
  const page = await visitor.get("/account/sessions");
  assert.match(textOf(page.body), /this one/);
  assert.match(textOf(page.body), /127\.0\.0\.1/);
  const path =
    /action="(\/account\/sessions\/[\w-]+\/end)"/.exec(page.body)?.[1] ?? assert.fail("no session");
  const ended = await send(visitor, page, path);
  assert.match(textOf(ended.body), /The session has ended/);
  assert.match((await other.visitor.get("/account")).url.pathname, /^\/login/);
  const ask = await visitor.get("/account/sessions/end");
  const out = await visitor.submit(ask, {});
  assert.match(textOf(out.body), /You are signed out/);
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("S08: a session that an administrator has ended ends the account pages at once", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const user = (await server.parts.directory.find("grace")) ?? assert.fail();
  await server.parts.sessions.endAll(user.id, "root", "test");
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("S08: whoever is disabled is out at once", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const user = (await server.parts.directory.find("grace")) ?? assert.fail();
  await server.parts.directory.write?.setStatus(user.id, "disabled");
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("signing out asks the server, and then nobody is there", async () => {
  const server = await fresh();
  const { visitor, page } = await atAccount(server);
  const asks = await send(visitor, page, "/account/logout");
  assert.equal(asks.url.pathname, "/end_session");
  const out = await visitor.submit(asks, { logout: "yes" });
  assert.match(textOf(out.body), /signed out/);
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("applications: what was allowed is shown, taken back, and asked for anew", async () => {
  const server = await fresh();
  const visitor = server.visitor();
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const wish = server.authorizeUrl({
    client_id: "asks",
    scope: "openid profile",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  const consent = await twoSteps(server, visitor, await visitor.get(wish));
  assert.match(textOf(consent.body), /asks for your consent/);
  await visitor.submit(consent, {});
  const page = await visitor.get("/account/applications");
  assert.match(textOf(page.body), /Asks/);
  assert.match(textOf(page.body), /see your name and profile/);
  assert.doesNotMatch(textOf(page.body), /Your account.*know that it is you.*Your account/);
  const gone = await visitor.submit(await visitor.get("/account/applications/asks/revoke"), {});
  assert.match(textOf(gone.body), /It is taken back/);
  assert.match(textOf((await visitor.get(wish)).body), /asks for your consent/);
});

test("M13: “this was not me” ends every session, asks for everything anew, and calls the administrators", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const other = await atAccount(server);
  const list = await visitor.get("/account/activity");
  const path = /href="(\/account\/activity\/\d+\/not-me)"/.exec(list.body)?.[1] ?? assert.fail("no event");
  const before = (await server.simulator.messages()).length;
  const again = await visitor.submit(await visitor.get(path), {});
  assert.match(again.url.pathname, /^\/login/);
  assert.match((await other.visitor.get("/account")).url.pathname, /^\/login/);
  await toldAfter(server, before, "+12025550199", /grace says that something/);
  const check = await twoSteps(server, visitor, again);
  assert.equal(check.url.pathname, "/account/check");
  assert.match(textOf(check.body), /look after your account/);
  assert.equal((await server.parts.audit.query({ kind: "reported", limit: 5 })).length, 1);
});

test("language and time zone are the person's own, on every page and in every browser", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const page = await visitor.get("/account/preferences");
  const saved = await visitor.submit(page, { language: "de", zone: "Europe/Berlin" });
  assert.match(textOf(saved.body), /Gespeichert/);
  const user = await server.parts.directory.find("grace");
  assert.equal(user?.claims.locale, "de");
  assert.equal(user?.claims.zoneinfo, "Europe/Berlin");
  const hostile = await visitor.submit(saved, { language: "xx", zone: "Mars/Olympus" });
  assert.match(textOf(hostile.body), /Saved/);
  assert.equal((await server.parts.directory.find("grace"))?.claims.zoneinfo, undefined);
});

test("switched off in the settings, there is no such page, and nobody can sign in to it", async () => {
  const server = await startServer({ pace: 0.1, settings: { portal: { enabled: false } } });
  for (const path of ["", "/password", "/callback", "/out"])
    assert.equal((await server.visitor().get(`/account${path}`)).status, 404, path);
  const refused = await server.visitor().get(
    server.authorizeUrl({
      client_id: "sallyport-account",
      redirect_uri: `${server.issuer}/account/callback`,
    }),
  );
  assert.equal(refused.status, 400);
});

test("whoever gives up the sign-in is not sent round in circles", async () => {
  const server = await fresh();
  const visitor = server.visitor();
  const out = await visitor.submit(await visitor.get("/account"), { action: "cancel" });
  assert.equal(out.url.pathname, "/account/out");
});

test("P08: a phone is added by the server's own walk, told to the old one with a way back, and new for a day", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const ask = await visitor.get("/account/add/sms");
  assert.match(textOf(ask.body), /For 24 hours/);
  const before = (await server.simulator.messages()).length;
  const phone = await visitor.submit(ask, {});
  assert.match(phone.url.pathname, /^\/login/);
  const code = await visitor.submit(phone, { phone: SECOND });
  assert.match(code.body, /<button class="main">Add the phone</, "nobody signs in here");
  const page = await visitor.submit(code, { code: await server.simulator.codeAfter(before, SECOND) });
  assert.equal(page.url.pathname, "/account");
  assert.match(textOf(page.body), /It is added/);
  assert.match(textOf(page.body), /New/);
  assert.deepEqual(await numbersOf(server), [GRACE, SECOND].sort());
  const told = await toldAfter(server, before, GRACE, /Undo/);
  const stranger = server.visitor();
  const undo = await stranger.get(linkIn(told));
  assert.match(textOf(undo.body), /Take it back\?/);
  await stranger.submit(undo, {});
  assert.deepEqual(await numbersOf(server), [GRACE]);
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("P08: a number is changed: the new one is proven, the old one goes and has the way back", async () => {
  const server = await fresh();
  const { visitor, page } = await atAccount(server);
  const grace = /\/account\/factors\/([\w-]+)/.exec(page.body)?.[1];
  const before = (await server.simulator.messages()).length;
  const phone = await visitor.submit(await visitor.get(`/account/factors/${grace}/change`), {});
  const code = await visitor.submit(phone, { phone: SECOND });
  const done = await visitor.submit(code, { code: await server.simulator.codeAfter(before, SECOND) });
  assert.match(textOf(done.body), /Your number is changed/);
  assert.deepEqual(await numbersOf(server), [SECOND]);
  const told = await toldAfter(server, before, GRACE, /removed/);
  // The new number alone opens nothing further.
  assert.match(textOf((await visitor.get("/account/password")).body), /too new/);
  const stranger = server.visitor();
  await stranger.submit(await stranger.get(linkIn(told)), {});
  assert.ok((await numbersOf(server)).includes(GRACE));
});

test("what was begun and given up adds nothing", async () => {
  const server = await fresh();
  const { visitor } = await atAccount(server);
  const phone = await visitor.submit(await visitor.get("/account/add/sms"), {});
  const back = await visitor.submit(phone, { action: "cancel" });
  assert.equal(back.url.pathname, "/account");
  assert.match(textOf(back.body), /Nothing was changed/);
  assert.deepEqual(await numbersOf(server), [GRACE]);
});
