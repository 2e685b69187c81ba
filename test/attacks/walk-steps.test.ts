/** One login, step by step: other verbs, double clicks, reloads, back, resume too early and twice, giving up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { notTakenUp } from "../kit/not-taken-up.ts";
import { PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";
import {
  begin,
  claims,
  codeAfter,
  finish,
  grantOf,
  rawRequest,
  signedIn,
  signIn,
  texts,
  toCodePage,
} from "./attacker.ts";

const server = await startServer();
/** What clients send; the others are not for everybody to know: 404 or 405. */
const USUAL = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];
const VERBS = [...USUAL, "TRACE", "PROPFIND", "QUERY"];

function assertRefused(verb: string, path: string, status: number, allow: unknown): void {
  if (!USUAL.includes(verb)) assert.ok([400, 404, 405, 501].includes(status), `${verb} ${path}: ${status}`);
  else assert.deepEqual([status, allow], [405, "GET, POST"], `${verb} ${path}`);
}

test("S02 every verb but GET and POST is 405 at each step, and has no effect", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const sent = await texts(server);
  for (const verb of VERBS) {
    const fields = { ...formOf(first).fields, username: "grace", password: PASSWORD };
    const answer = await visitor.send(verb, formOf(first).action, fields);
    assertRefused(verb, "the password step", answer.status, answer.headers.allow);
  }
  assert.equal(await texts(server), sent, "a password by another verb has sent a text");
  const codePage = await typePassword(visitor, first, "grace");
  const code = await codeAfter(server, sent);
  const before = await signedIn(server);
  for (const verb of VERBS) {
    const answer = await visitor.send(verb, formOf(codePage).action, { ...formOf(codePage).fields, code });
    assertRefused(verb, "the code step", answer.status, answer.headers.allow);
  }
  assert.equal(await signedIn(server), before, "a code by another verb has signed in");
  assert.ok(grantOf(await visitor.submit(codePage, { code })), "and the login is where it was");
});

test("S02 a verb in a header or in the query is not the verb", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const before = await signedIn(server);
  const { action, fields } = formOf(page);
  const query = new URLSearchParams({ ...fields, code, _method: "POST" });
  await visitor.get(`${action}?${query}`, { "x-http-method-override": "POST", "x-method-override": "POST" });
  assert.equal(await signedIn(server), before);
});

test("S02 every path takes its own verbs only, and says which they are", async () => {
  for (const [path, allowed] of [
    ["/token", "POST, OPTIONS"],
    ["/introspect", "POST"],
    ["/revoke", "POST"],
    ["/par", "POST"],
    ["/userinfo", "GET, POST, OPTIONS"],
    ["/jwks", "GET, HEAD, OPTIONS"],
    ["/.well-known/openid-configuration", "GET, HEAD, OPTIONS"],
    ["/authorize", "GET, POST"],
    ["/authorize/abc", "GET"],
    ["/login/abc", "GET, POST"],
    ["/end_session", "GET, POST"],
    ["/end_session/confirm", "POST"],
    ["/end_session/success", "GET"],
    ["/jans-auth/restv1/token", "POST, OPTIONS"],
    ["/assets/app.css", "GET, HEAD"],
  ] as const)
    for (const verb of ["GET", "POST", ...USUAL]) {
      const { status, text } = await rawRequest(server, {
        method: verb,
        target: path,
        headers: { "Content-Length": "0" },
      });
      if (allowed.split(", ").includes(verb)) {
        assert.notEqual(status, 405, `${verb} ${path}`);
        continue;
      }
      assert.equal(status, 405, `${verb} ${path}`);
      const told = /^allow: (.*)\r$/im.exec(text)?.[1]?.split(", ").sort();
      assert.deepEqual(told, allowed.split(", ").sort(), `${verb} ${path}`);
    }
  const nowhere = await rawRequest(server, { method: "DELETE", target: "/nowhere" });
  assert.equal(nowhere.status, 404);
});

test("S01 M08 resuming before the last factor is shown leads nowhere, at every step and for every acr", async () => {
  for (const acr of ["twilio_sms", "simple_password_auth", "twilio_sms simple_password_auth"]) {
    const visitor = server.visitor();
    const page = await begin(server, visitor, { acr_values: acr });
    const resume = page.url.pathname.replace("/login/", "/authorize/");
    for (const verb of ["GET", "POST", "PUT"])
      assert.equal(grantOf(await visitor.send(verb, resume, verb === "GET" ? undefined : {})), undefined);
    for (const path of [
      `${resume}/`,
      `${resume}/login`,
      `${resume}/abort`,
      `${resume}/submit`,
      `${resume}?code=1`,
    ])
      assert.equal(grantOf(await visitor.get(path)), undefined, path);
  }
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const sent = await texts(server);
  const seen = await visitor.get(page.url.pathname.replace("/login/", "/authorize/"));
  assert.equal(grantOf(seen), undefined);
  assert.equal(seen.url.pathname, page.url.pathname, "the login goes on where it is");
  assert.equal(await texts(server), sent);
  assert.ok(grantOf(await visitor.submit(seen, { code })));
});

test("S01 the fields of a later step sent to an earlier one are nothing: a code on the password page, everything at once", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const before = await signedIn(server);
  const sent = await texts(server);
  await visitor.submit(page, { code: "123456" });
  await visitor.submit(await visitor.get(page.url.href), { action: "resend" });
  await visitor.submit(await visitor.get(page.url.href), { action: "change-number", phone: "+12025550111" });
  const seen = await visitor.submit(await visitor.get(page.url.href), {
    username: "grace",
    password: PASSWORD,
    code: "123456",
    acr: "simple_password_auth",
    acr_values: "simple_password_auth",
    amr: "sms",
    step: "done",
    proven: "true",
    subject: "root",
  });
  assert.equal(await signedIn(server), before);
  assert.equal(await texts(server), sent + 1);
  assert.equal(formOf(seen).fields.code, "", "the code is what is asked next");
});

test("S01 acr_values in the query of a login's own URL change nothing", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor, { acr_values: "twilio_sms" });
  const weaker = await visitor.get(`${page.url.pathname}?acr_values=simple_password_auth`);
  const seen = await visitor.post(
    `${formOf(weaker).action}?acr_values=simple_password_auth`,
    new URLSearchParams({ ...formOf(weaker).fields, username: "grace", password: PASSWORD }).toString(),
  );
  assert.equal(grantOf(seen), undefined);
  assert.equal(formOf(seen).fields.code, "");
});

test("S01 a wrong password submitted twice at once counts once, a right one sends one text", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const login = page.url.pathname.split("/")[2] ?? "";
  await Promise.all([1, 2, 3, 4].map(() => typePassword(visitor, page, "grace", "neither door is open")));
  assert.equal((await server.parts.audit.query({ login, kind: "password-wrong", limit: 10 })).length, 1);
  const sent = await texts(server);
  const fresh = await visitor.get(page.url.href);
  await Promise.all([1, 2, 3, 4].map(() => typePassword(visitor, fresh, "grace")));
  assert.equal(await texts(server), sent + 1);
  assert.equal((await server.parts.audit.query({ login, kind: "password-right", limit: 10 })).length, 1);
});

test("S01 a double click on resend sends at most once, before and after it opens", async () => {
  const visitor = server.visitor();
  const { page } = await toCodePage(server, visitor);
  const sent = await texts(server);
  await Promise.all([1, 2, 3].map(() => visitor.submit(page, { action: "resend" })));
  assert.equal(await texts(server), sent, "before 30 s are over nothing is sent");
  server.advance(31_000);
  const fresh = await visitor.get(page.url.href);
  await Promise.all([1, 2, 3, 4].map(() => visitor.submit(fresh, { action: "resend" })));
  assert.equal(await texts(server), sent + 1);
});

test("S01 twenty reloads of each page send, spend and skip nothing", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const { page, code } = await toCodePage(server, visitor);
  const sent = await texts(server);
  for (let count = 0; count < 20; count += 1) {
    assert.equal(formOf(await visitor.get(first.url.href)).fields.password, "");
    assert.equal(formOf(await visitor.get(page.url.href)).fields.code, "");
  }
  assert.equal(await texts(server), sent);
  assert.ok(grantOf(await visitor.submit(page, { code })));
});

test("S01 a post is answered by 303 to the same URL, so that a reload repeats nothing", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const seen = await typePassword(visitor, page, "grace");
  assert.equal(seen.trail[0]?.status, 303);
  assert.equal(seen.url.pathname, page.url.pathname);
});

test("S01 the back button: an old form changes nothing and shows the page that is due", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const sent = await texts(server);
  const codePage = await typePassword(visitor, first, "grace");
  const code = await codeAfter(server, sent);
  const back = await typePassword(visitor, first, "root");
  assert.equal(formOf(back).fields.code, "", "the code page again");
  assert.equal(await texts(server), sent + 1);
  const seen = await visitor.submit(codePage, { code });
  assert.equal((await server.parts.directory.get((await claims(server, seen)).sub))?.username, "grace");
});

test("S01 after the end: reload, old forms and the login's own URL say that it has ended, and sign nobody in", async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const { page, code } = await toCodePage(server, visitor);
  assert.ok(grantOf(await visitor.submit(page, { code })));
  const before = await signedIn(server);
  for (const seen of [
    await visitor.get(page.url.href),
    await visitor.submit(page, { code }),
    await visitor.get(page.url.pathname.replace("/login/", "/authorize/")),
  ]) {
    assert.equal(grantOf(seen), undefined);
    assert.ok(seen.status < 500 && textOf(seen.body).length > 20, "a page that makes sense");
  }
  assert.equal(await signedIn(server), before);
  const otherTab = await visitor.get(first.url.href);
  assert.match(textOf(otherTab.body), /signed in already/, "the other tab knows");
  assert.match(otherTab.body, /href="\/authorize\?/, "and has a way on");
});

test("S01 a login that has run out says so and offers a new start", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  server.advance(601_000);
  const before = await signedIn(server);
  const seen = await visitor.submit(page, { code });
  assert.equal(grantOf(seen), undefined);
  assert.equal(await signedIn(server), before);
  assert.match(seen.body, /href="\/authorize\?/);
});

test("S01 giving up a step-up keeps the session and gives the relying party access_denied", async () => {
  const visitor = server.visitor();
  const weak = await typePassword(
    visitor,
    await begin(server, visitor, { acr_values: "simple_password_auth" }),
    "grace",
  );
  assert.ok(grantOf(weak));
  const { sub } = await claims(server, weak);
  const stepUp = await begin(server, visitor, { acr_values: "twilio_sms" });
  assert.equal(formOf(stepUp).fields.code, "", "only the missing factor is asked");
  const given = await visitor.submit(stepUp, { action: "cancel" });
  assert.equal(given.url.searchParams.get("error"), "access_denied");
  const again = await begin(server, visitor, { acr_values: "simple_password_auth" });
  assert.equal((await claims(server, again)).sub, sub, "still signed in, without a question");
  assert.deepEqual(
    (await claims(server, await begin(server, visitor, { acr_values: "simple_password_auth" }))).amr,
    ["pwd"],
  );
});

test("M08 what a cancelled login has proved counts in no later one", async () => {
  const visitor = server.visitor();
  const { page } = await toCodePage(server, visitor);
  await visitor.submit(page, { action: "cancel" });
  const next = await begin(server, visitor);
  assert.equal(formOf(next).fields.password, "", "from the start again");
});

test("M31 O03 the right code sent ten times at once signs in once, and every answer makes sense", async () => {
  const visitor = server.visitor();
  const before = await signedIn(server);
  const { page, code } = await toCodePage(server, visitor);
  const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.submit(page, { code })));
  const grants = answers.map(grantOf).filter((grant) => grant !== undefined);
  assert.equal(grants.length, 1, `${grants.length} codes of one login`);
  assert.equal(await signedIn(server), before + 1);
  for (const { status, body } of answers) {
    assert.ok(status === 303 || status === 200 || status === 400, `${status}`);
    if (status !== 303) assert.match(body, /class="main"/, "a page with a way on");
  }
  const late = await visitor.submit(page, { code });
  assert.equal(grantOf(late), undefined);
});

test("M31 resuming twice at once, and again by the back button, gives one code", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const resume = await notTakenUp(server, visitor, page, code);
  const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.get(resume)));
  const grants = answers.map(grantOf).filter((grant) => grant !== undefined);
  assert.equal(new Set(grants).size, 1, `${new Set(grants).size} codes of one login`);
  const late = await visitor.get(resume);
  assert.equal(grantOf(late), undefined);
  // Had the answer been lost, the person would stand here: a link begins it again, in this browser alone.
  assert.match(late.body, /<a class="main" href="\/authorize\?[^"]*client_id=/);
  assert.doesNotMatch((await server.visitor().get(resume)).body, /href="\/authorize/);
});

test("S01 a whole sign-in still works after all of this", async () => {
  const visitor = server.visitor();
  const { acr, amr } = await claims(server, await finish(server, visitor, await begin(server, visitor)));
  assert.equal(acr, "twilio_sms");
  assert.deepEqual([...amr].sort(), ["mfa", "pwd", "sms"]);
  assert.ok(grantOf(await signIn(server, server.visitor())));
});
