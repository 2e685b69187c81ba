/** A password that has to be changed: it opens one page, behind every factor that is asked for, and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, type TestServer, twoSteps, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const NEXT = "seven quiet harbours at dawn";
const hashCost = { memory: 256, passes: 1, lanes: 1 };

async function started(settings: Record<string, unknown> = {}) {
  const server = await startServer({ hashCost, settings });
  const rp = await createRelyingParty(server);
  return { server, rp };
}

async function mustChange(server: TestServer, name: string, until: true | number = true) {
  const user = (await server.parts.directory.find(name)) ?? assert.fail();
  const done = await server.parts.directory.write?.change(user.id, { mustChange: until });
  assert.equal(done?.kind, "done");
  return user.id;
}

const begin = (server: TestServer, visitor: TestVisitor, wish: Record<string, string> = {}): Promise<Seen> =>
  visitor.get(
    server.authorizeUrl({
      client_id: "spa",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      ...wish,
    }),
  );
const ended = (seen: Seen) => seen.url.origin === "https://rp.example.test";
const kinds = async (server: TestServer, subject: string) =>
  (await server.parts.audit.query({ subject, limit: 100 })).map(({ kind }) => kind);

test("P17: after password and code the person sets a new password, and is signed in", async () => {
  const { server } = await started();
  const subject = await mustChange(server, "grace");
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await begin(server, visitor));
  assert.match(textOf(page.body), /Your password has to be changed before you go on/);
  assert.match(page.body, /name="password"[^>]*autocomplete="new-password"/);
  assert.doesNotMatch(page.body, /name="present"/, "it was shown a moment ago");
  assert.ok(!(await kinds(server, subject)).includes("signed-in"));

  const none = await visitor.submit(page, { password: "" });
  assert.match(textOf(none.body), /Type a new password/);
  const same = await visitor.submit(none, { password: PASSWORD });
  assert.match(textOf(same.body), /That is the password you have now/);
  const short = await visitor.submit(same, { password: "short" });
  assert.match(textOf(short.body), /cannot be taken: It has 5 characters/);
  const done = await visitor.submit(short, { password: NEXT });
  assert.ok(ended(done), textOf(done.body));
  assert.ok(done.url.searchParams.has("code"));

  const told = await kinds(server, subject);
  for (const kind of ["password-changed", "password-refused", "session-ended", "signed-in"] as const)
    assert.ok(told.includes(kind), kind);
  const again = server.visitor();
  const code = await typePassword(again, await begin(server, again), "grace", NEXT);
  assert.match(code.body, /name="code"/, "the next sign-in asks for no new password");
  const old = server.visitor();
  assert.match(textOf((await typePassword(old, await begin(server, old), "grace")).body), /is not right/);
});

test("P17: a stolen first password alone opens nothing where two steps are asked for", async () => {
  const { server } = await started();
  await mustChange(server, "grace");
  const thief = server.visitor();
  const code = await typePassword(thief, await begin(server, thief), "grace");
  assert.match(code.body, /name="code"/);
  for (const form of [
    { password: NEXT },
    { password: NEXT, action: "skip" },
    { password: NEXT, code: "000000" },
  ]) {
    const seen = await thief.submit(code, form);
    assert.doesNotMatch(seen.body, /new-password/, "never before the second factor");
  }
  assert.equal(
    (await server.parts.directory.checkPassword("grace", new Secret(PASSWORD))).kind,
    "must-change",
  );
});

test("P17: where the acr asks for one step, whoever holds a second factor shows it all the same", async () => {
  const { server } = await started();
  await mustChange(server, "grace");
  const visitor = server.visitor();
  const start = await begin(server, visitor, { acr_values: "simple_password_auth" });
  const page = await twoSteps(server, visitor, start);
  assert.match(textOf(page.body), /has to be changed/);
  assert.ok(ended(await visitor.submit(page, { password: NEXT })));
});

test("P17: whoever has no second factor yet binds one first, by the rules of enrolment", async () => {
  const { server } = await started();
  await mustChange(server, "ada");
  const visitor = server.visitor();
  const phone = await typePassword(visitor, await begin(server, visitor), "ada");
  assert.match(phone.body, /name="phone"/);
  const before = (await server.simulator.messages()).length;
  const code = await visitor.submit(phone, { phone: "+447911123456" });
  const page = await visitor.submit(code, {
    code: await server.simulator.codeAfter(before, "+447911123456"),
  });
  assert.match(textOf(page.body), /has to be changed/);
  assert.ok(ended(await visitor.submit(page, { password: NEXT })));

  const strict = await started({ enrolment: "ticket" });
  await mustChange(strict.server, "ada");
  const other = strict.server.visitor();
  const asked = await typePassword(other, await begin(strict.server, other), "ada");
  assert.match(asked.body, /name="ticket"/, "with tickets a first password alone binds nothing");
});

test("S09: every other session and every refresh token end, the session of this browser goes on", async () => {
  const { server, rp } = await started();
  const elsewhere = server.visitor();
  const begun = await rp.begin({ scope: "openid offline_access", prompt: "consent" });
  const asks = await twoSteps(server, elsewhere, await elsewhere.get(begun.url.href));
  const there = await rp.redeem(begun, await elsewhere.submit(asks, {}));
  const visitor = server.visitor();
  await rp.byTwoSteps(visitor);
  const subject = await mustChange(server, "grace");
  const page = await twoSteps(server, visitor, await begin(server, visitor, { prompt: "login" }));
  assert.match(textOf(page.body), /has to be changed/);
  const done = await visitor.submit(page, { password: NEXT });
  assert.ok(ended(done) && done.url.searchParams.has("code"), textOf(done.body));
  const { sessions } = await server.parts.sessions.list({ subject, limit: 10 });
  assert.equal(sessions.length, 1);
  const silent = await begin(server, visitor, { prompt: "none" });
  assert.ok(silent.url.searchParams.has("code"), silent.url.search);
  await assert.rejects(rp.refresh(there.refresh_token ?? assert.fail()));
});

test("a temporary password is nobody's once its time is over", async () => {
  const { server } = await started();
  await mustChange(server, "grace", Date.now() + 60_000);
  assert.equal(
    (await server.parts.directory.checkPassword("grace", new Secret(PASSWORD))).kind,
    "must-change",
  );
  server.advance(61_000);
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  assert.match(textOf(page.body), /The username or the password is not right/);
});

test("M11: the page counts once, however often its form is sent; a cancelled one changes nothing", async () => {
  const { server } = await started();
  const subject = await mustChange(server, "grace");
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await begin(server, visitor));
  await Promise.all([1, 2, 3, 4].map((n) => visitor.submit(page, { password: `${NEXT} ${n}` })));
  const changed = (await kinds(server, subject)).filter((kind) => kind === "password-changed");
  assert.equal(changed.length, 1);

  await mustChange(server, "grace");
  const other = server.visitor();
  const before = (await server.simulator.messages()).length;
  let at: Seen | undefined;
  for (let n = 1; n <= 4 && at === undefined; n += 1) {
    const seen = await typePassword(other, await begin(server, other), "grace", `${NEXT} ${n}`);
    if (/name="code"/.test(seen.body)) at = seen;
  }
  const next = await other.submit(at ?? assert.fail(), {
    code: await server.simulator.codeAfter(before, GRACE),
  });
  assert.match(textOf(next.body), /has to be changed/);
  const left = await other.submit(next, { action: "cancel" });
  assert.equal(left.url.searchParams.get("error"), "access_denied");
});
