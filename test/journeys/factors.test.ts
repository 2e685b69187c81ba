/** Authenticator app and recovery codes from binding to signing in, and who may not bind them (O21, O22, O24, M33, T13). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { Secret } from "../../src/core/secret.ts";
import { CALLBACK, GRACE, PASSWORD, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const HALF_MINUTE = 30_000;
const ALL = ["simple_password_auth", "twilio_sms", "otp", "fido2", "recovery_code"];
const server = await startServer({
  settings: {
    acrs: { enabled: ALL, default: "twilio_sms" },
    limits: { passkeyOfferDays: 0, resendAfter: [10] },
  },
});
let skew = 0;
const advance = (ms: number) => {
  skew += ms;
  server.advance(ms);
};
const idOf = async (name: string) =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(`no ${name}`);
const boundOf = async (name: string, kind: string) =>
  server.parts.authenticators.list(await idOf(name), kind);
const secretOn = ({ body }: Seen): string =>
  /class="user-code shown secret"[^>]*>([^<]+)</.exec(body)?.[1]?.replaceAll(" ", "") ??
  assert.fail(textOf(body).slice(0, 300));
/** What an app shows now, or some steps away. */
const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + skew + steps * HALF_MINUTE });
const claimsOf = async (visitor: TestVisitor) =>
  JSON.parse((await visitor.get("/demo/claims")).body) as { acr: string; amr: string[] };
const begin = async (acr: string, visitor = server.visitor()) => ({
  visitor,
  page: await visitor.get(`/demo/login?acr_values=${acr}`),
});
async function newPerson(username: string): Promise<string> {
  const { write } = server.parts.directory;
  const made = await write?.add({ username, password: new Secret(PASSWORD) });
  assert.equal(made?.kind, "done", JSON.stringify(made));
  return username;
}
/** Signs in for the first time by an app; answers its secret. */
async function withApp(username: string): Promise<{ secret: string; visitor: TestVisitor; page: Seen }> {
  const { visitor, page } = await begin("otp");
  const enrol = await typePassword(visitor, page, username);
  const secret = secretOn(enrol);
  const done = await visitor.submit(enrol, { code: codeOf(secret), label: "Work phone" });
  return { secret, visitor, page: done };
}
/** What came back to the account pages, which had not asked for it and send it away. */
const answerOf = ({ trail }: Seen): URLSearchParams =>
  trail.find(({ url }) => url.pathname === "/account/callback")?.url.searchParams ?? new URLSearchParams();
const enrolUrl = (kind: string, more: Record<string, string> = {}) =>
  server.authorizeUrl({
    client_id: "sallyport-account",
    scope: "openid",
    redirect_uri: `${server.issuer}/account/callback`,
    enrol: kind,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...more,
  });

test("T13: who never had a second factor binds an app by otp, and is told as what was shown", async () => {
  await newPerson("olga");
  const { visitor, secret } = await withApp("olga");
  const claims = await claimsOf(visitor);
  assert.deepEqual([claims.acr, claims.amr], ["otp", ["pwd", "otp", "mfa"]]);
  const [bound] = await boundOf("olga", "totp");
  assert.equal(bound?.boundBy, "password-once");
  const everything = JSON.stringify(await server.parts.store.authenticators.list(await idOf("olga")));
  assert.ok(!everything.includes(secret), "the secret does not stand in the store");

  // O24: the code that bound it opens nothing, the next one does, and two steps away is too far.
  const next = await begin("otp");
  let page = await typePassword(next.visitor, next.page, "olga");
  page = await next.visitor.submit(page, { code: codeOf(secret) });
  assert.match(textOf(page.body), /not right, or has been used/);
  page = await next.visitor.submit(page, { code: codeOf(secret, 2) });
  assert.match(textOf(page.body), /not right, or has been used/);
  page = await next.visitor.submit(page, { code: "12 34" });
  assert.match(textOf(page.body), /no try was used up/);
  await next.visitor.submit(page, { code: codeOf(secret, 1) });
  assert.equal((await claimsOf(next.visitor)).acr, "otp");
});

test("O24: one code in two windows at once signs in once", async () => {
  await newPerson("pia");
  const { secret } = await withApp("pia");
  advance(2 * HALF_MINUTE);
  const windows = await Promise.all([1, 2, 3, 4].map(() => begin("otp")));
  const pages = [];
  for (const { visitor, page } of windows)
    pages.push({ visitor, page: await typePassword(visitor, page, "pia") });
  const code = codeOf(secret);
  const ends = await Promise.all(pages.map(({ visitor, page }) => visitor.submit(page, { code })));
  assert.equal(ends.filter(({ url }) => url.pathname === "/demo").length, 1);
});

test("O21: by the password alone nobody adds an app beside a phone, nor a phone beside an app", async () => {
  // grace has a phone: who asks for otp with her password is asked for the phone first.
  const sent = (await server.simulator.messages()).length;
  const { visitor, page } = await begin("otp");
  const asked = await typePassword(visitor, page, "grace");
  assert.doesNotMatch(asked.body, /class="qr"/);
  const enrol = await visitor.submit(asked, { code: await server.simulator.codeAfter(sent, GRACE) });
  assert.match(enrol.body, /class="qr"/);
  // The same page cannot be reached by its form: what is typed on the code page is a code.
  await newPerson("rita");
  await withApp("rita");
  const other = await begin("twilio_sms");
  const second = await typePassword(other.visitor, other.page, "rita");
  assert.doesNotMatch(second.body, /name="phone"/);
  assert.match(second.body, /authenticator app/);
  // Who has lost all of it is helped by an administrator's act, as before.
  await server.parts.enrolment.openWindow(await idOf("rita"), "sms", "test", "lost everything");
  const helped = await begin("twilio_sms");
  assert.match((await typePassword(helped.visitor, helped.page, "rita")).body, /name="phone"/);
});

test("M08: an app counts tries as codes by text are counted, and pauses over every login", async () => {
  await newPerson("sven");
  const { secret } = await withApp("sven");
  advance(2 * HALF_MINUTE);
  for (let login = 0; login < 2; login += 1) {
    const { visitor, page } = await begin("otp");
    let at = await typePassword(visitor, page, "sven");
    for (let times = 0; times < 5; times += 1) at = await visitor.submit(at, { code: "000000" });
  }
  const { visitor, page } = await begin("otp");
  const at = await typePassword(visitor, page, "sven");
  const paused = await visitor.submit(at, { code: codeOf(secret) });
  assert.match(textOf(paused.body), /Too many wrong answers/, "a right one is not compared in a pause");
});

test("the portal binds by `enrol`: after what is held was shown, once for each request, by no other client", async () => {
  const visitor = server.visitor();
  const signedIn = await twoSteps(server, visitor, await visitor.get("/demo/login?acr_values=twilio_sms"));
  assert.equal(signedIn.url.pathname, "/demo");
  const page = await visitor.get(enrolUrl("totp"));
  const secret = secretOn(page);
  const done = await visitor.submit(page, { code: codeOf(secret), label: "Tablet" });
  assert.ok(answerOf(done).has("code"), done.url.href);
  const [app] = await boundOf("grace", "totp");
  assert.equal(app?.boundBy, "two-factors");
  assert.equal((await claimsOf(visitor)).acr, "twilio_sms");

  // Once there is an app, a phone is not enough for another one.
  const again = await visitor.get(enrolUrl("totp"));
  assert.match(again.body, /authenticator app/);
  assert.doesNotMatch(again.body, /class="qr"/);
  advance(2 * HALF_MINUTE);
  const second = await visitor.submit(again, { code: codeOf(secret) });
  assert.match(second.body, /class="qr"/);
  const cancelled = await visitor.submit(second, { action: "cancel" });
  assert.equal(answerOf(cancelled).get("error"), "access_denied");

  const silent = await visitor.get(enrolUrl("totp", { prompt: "none" }));
  assert.equal(answerOf(silent).get("error"), "login_required");
  const foreign = await visitor.get(enrolUrl("totp", { client_id: "spa", redirect_uri: CALLBACK }));
  assert.equal(foreign.url.searchParams.get("error"), "invalid_request");
  const unheard = await visitor.get(enrolUrl("badge"));
  assert.equal(answerOf(unheard).get("error"), "invalid_request");
  for (const one of await boundOf("grace", "totp"))
    await server.parts.authenticators.unbind(one.id, "test", "tidy");
});

test("O22: ten recovery codes, kept as hashes; each signs in once beside the password, and few left bring new ones", async () => {
  const visitor = server.visitor();
  await twoSteps(server, visitor, await visitor.get("/demo/login?acr_values=twilio_sms"));
  const page = await visitor.get(enrolUrl("recovery-code"));
  const codes = [...page.body.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code = ""]) => code);
  assert.equal(new Set(codes).size, 10);
  assert.match(page.body, /download="recovery-codes\.txt"/);
  const unkept = await visitor.submit(page, {});
  assert.match(textOf(unkept.body), /Tick the box/);
  assert.equal((await boundOf("grace", "recovery-code")).length, 0, "nothing is bound before they are kept");
  const done = await visitor.submit(unkept, { kept: "yes" });
  assert.ok(answerOf(done).has("code"), done.url.href);
  const [list] = await boundOf("grace", "recovery-code");
  assert.ok(list !== undefined);
  const { hashes } = list.data as { hashes: string[] };
  assert.equal(new Set(hashes).size, 10);
  for (const code of codes) assert.ok(!JSON.stringify(list).includes(code));

  /** By another way from the code page; the page after the recovery code. */
  async function recover(code: string) {
    const next = await begin("twilio_sms");
    const codePage = await typePassword(next.visitor, next.page, "grace");
    const other = await next.visitor.submit(codePage, { action: "other-method" });
    assert.match(other.body, /code-recovery/, textOf(other.body));
    return { visitor: next.visitor, page: await next.visitor.submit(other, { code: code.toLowerCase() }) };
  }
  const first = await recover(codes[0] ?? "");
  const claims = await claimsOf(first.visitor);
  assert.deepEqual([claims.acr, claims.amr], ["recovery_code", ["pwd", "otp", "mfa"]]);
  const replayed = await recover(codes[0] ?? "");
  assert.match(textOf(replayed.page.body), /not right, or has been used/);
  // The tries of a race: one code in several windows.
  advance(120_000);
  const ends = await Promise.all([1, 2, 3].map(() => recover(codes[1] ?? "")));
  assert.equal(ends.filter(({ page: { url } }) => url.pathname === "/demo").length, 1);
  for (const code of codes.slice(2, 6)) {
    advance(3_600_000);
    assert.equal((await recover(code)).page.url.pathname, "/demo");
  }
  advance(3_600_000);
  const few = await recover(codes[6] ?? "");
  assert.match(textOf(few.page.body), /Few of your recovery codes are left/);
  const skipped = await few.visitor.submit(few.page, { action: "skip" });
  assert.equal(skipped.url.pathname, "/demo");
  assert.equal((await claimsOf(few.visitor)).acr, "recovery_code");
});

test("M33: a recovery code is no way where the relying party takes a stronger acr, or this acr alone", async () => {
  const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ["twilio_sms"] } } });
  const visitor = server.visitor();
  advance(3_600_000);
  const page = await visitor.get(
    server.authorizeUrl({
      client_id: "spa",
      claims,
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }),
  );
  const codePage = await typePassword(visitor, page, "grace");
  assert.match(codePage.body, /name="code"/);
  assert.doesNotMatch(codePage.body, /value="other-method"/);
});
