/** The factor policy at sign-in and on the account pages: told while there is time, led into it after, never let past. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { atAccount, SECOND, secondPhone, send, toldAfter } from "../kit/account.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { anotherDay, byPassword } from "../kit/remembered.ts";
import {
  GRACE,
  type ServerOptions,
  startServer,
  type TestServer,
  twoSteps,
  typePassword,
} from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const DAY = 86_400_000;
const ALL = ["simple_password_auth", "twilio_sms", "otp", "fido2", "recovery_code"];
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();

const startWith = (
  factorPolicy: Record<string, unknown>,
  settings: Record<string, unknown> = {},
  options: ServerOptions = {},
) =>
  startServer({
    ...options,
    settings: {
      acrs: { enabled: ALL, default: "twilio_sms" },
      limits: { passkeyOfferDays: 0 },
      factorPolicy,
      ...settings,
    },
  });
const rule = (over: Record<string, unknown>) => ({ rules: [{ name: "everybody", from: ago(30), ...over }] });
const claimsOf = async (visitor: TestVisitor) =>
  JSON.parse((await visitor.get("/demo/claims")).body) as { acr: string; amr: string[] };
const secretOn = ({ body }: Seen): string =>
  /class="user-code shown secret"[^>]*>([^<]+)</.exec(body)?.[1]?.replaceAll(" ", "") ??
  assert.fail(textOf(body).slice(0, 300));
const idOf = async (server: TestServer, name: string) =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(name);
const withApp = async (server: TestServer, name: string, secret = "JBSWY3DPEHPK3PXP") =>
  server.parts.authenticators.bind({
    subject: await idOf(server, name),
    kind: "totp",
    key: "the app",
    data: { secret, label: "Work phone", lastStep: 0 },
    boundBy: "demo",
  });
/** Everybody there has been here for long. */
const graceIsOld = (server: TestServer, days: number) => server.advance(days * DAY);

test("while there is time a person is told at sign-in, once a day, and goes on; on the account page as well", async () => {
  const server = await startWith(
    rule({ must: ["totp"], from: new Date(Date.now()).toISOString(), graceDays: 10 }),
  );
  const visitor = server.visitor();
  let page = await twoSteps(server, visitor, await visitor.get("/demo/login?acr_values=twilio_sms"));
  assert.match(textOf(page.body), /You are asked to have this\. 10 days are left/);
  assert.match(page.body, /class="qr"/, "it can be done right there");
  page = await visitor.submit(page, { action: "skip" });
  assert.equal(page.url.pathname, "/demo");
  assert.deepEqual((await claimsOf(visitor)).amr, ["pwd", "sms", "mfa"]);
  const second = server.visitor();
  page = await twoSteps(server, second, await second.get("/demo/login?acr_values=twilio_sms"));
  assert.equal(page.url.pathname, "/demo", "not a second time on one day");

  const account = await atAccount(server);
  assert.match(textOf(account.page.body), /You are asked to have an authenticator app by/);
});

test("after it no sign-in ends before the factor is bound, and it cannot be skipped; bound, it is over", async () => {
  const server = await startWith(rule({ must: ["totp"], graceDays: 1 }));
  graceIsOld(server, 3);
  const visitor = server.visitor();
  let page = await twoSteps(server, visitor, await visitor.get("/demo/login?acr_values=twilio_sms"));
  assert.match(textOf(page.body), /You need this before you can go on/);
  const secret = secretOn(page);
  for (const action of ["skip", "other-method", "resend"]) {
    page = await visitor.submit(page, { action, code: "" });
    assert.match(page.body, /class="qr"/, action);
    assert.notEqual(page.url.pathname, "/demo");
  }
  // Another application, another window: nothing of it is signed in.
  const rp = await createRelyingParty(server);
  assert.equal((await rp.refusal(visitor, { prompt: "none" })).get("error"), "login_required");
  const code = new TOTP({ secret }).generate({ timestamp: server.parts.now() });
  page = await visitor.submit(page, { code });
  assert.equal(page.url.pathname, "/demo");
  const claims = await claimsOf(visitor);
  assert.deepEqual(
    [claims.acr, claims.amr],
    ["twilio_sms", ["pwd", "sms", "mfa"]],
    "what was bound behind it is no part of it",
  );
  const next = server.visitor();
  page = await twoSteps(server, next, await next.get("/demo/login?acr_values=twilio_sms"));
  assert.equal(page.url.pathname, "/demo");
});

test("O21: by a password alone nobody is led round what they hold: it is shown before anything is bound", async () => {
  const server = await startWith(rule({ must: ["totp"], graceDays: 0 }));
  graceIsOld(server, 1);
  const visitor = server.visitor();
  const page = await typePassword(
    visitor,
    await visitor.get("/demo/login?acr_values=simple_password_auth"),
    "grace",
  );
  assert.match(page.body, /name="code"/);
  assert.doesNotMatch(page.body, /class="qr"/);
  const bound = await visitor.submit(page, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.match(bound.body, /class="qr"/);
});

test("who can bind nothing, because enrolment is off or needs a ticket, is not let in", async () => {
  for (const enrolment of ["off", "ticket"] as const) {
    const server = await startWith(rule({ least: 1, graceDays: 0 }), { enrolment });
    graceIsOld(server, 1);
    const visitor = server.visitor();
    const page = await typePassword(
      visitor,
      await visitor.get("/demo/login?acr_values=simple_password_auth"),
      "ada",
    );
    assert.notEqual(page.url.pathname, "/demo", enrolment);
    const rp = await createRelyingParty(server);
    const refused = await rp.refusal(visitor, { prompt: "none", acr_values: "simple_password_auth" });
    assert.equal(refused.get("error"), "login_required");
  }
});

test("a binding of one's own choice, and a remembered device, are no way past what is due", async () => {
  const server = await startWith(rule({ must: ["totp"], graceDays: 2 }), {
    rememberedDevices: { ask: "unknown-device" },
  });
  const kept = server.visitor();
  const seen = await byPassword(server, kept);
  const after = await kept.submit(seen.seen, {
    code: await server.simulator.codeAfter(0, GRACE),
    remember: "yes",
  });
  const done = /class="qr"/.test(after.body) ? await kept.submit(after, { action: "skip" }) : after;
  assert.ok(done.url.searchParams.has("code"));
  const spared = anotherDay(server, kept);
  assert.equal((await byPassword(server, spared)).askedForCode, false);
  graceIsOld(server, 3);
  assert.equal(
    (await byPassword(server, anotherDay(server, spared))).askedForCode,
    true,
    "the device spares nobody who owes",
  );

  const visitor = server.visitor();
  const enrol = server.authorizeUrl({
    client_id: "sallyport-account",
    scope: "openid",
    redirect_uri: `${server.issuer}/account/callback`,
    enrol: "recovery-code",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  let page = await twoSteps(server, visitor, await visitor.get(enrol));
  assert.match(page.body, /name="kept"/);
  page = await visitor.submit(page, { kept: "yes" });
  assert.match(page.body, /class="qr"/, "and then what is due");
});

test("the preferred factor is asked for first where it lowers nothing, and the other ways stay open", async () => {
  const server = await startWith(rule({ prefer: "totp" }));
  await withApp(server, "grace");
  const visitor = server.visitor();
  let page = await typePassword(visitor, await visitor.get("/demo/login?acr_values=twilio_sms"), "grace");
  assert.match(textOf(page.body), /app/);
  assert.equal((await server.simulator.messages()).length, 0, "no text was sent for it");
  const ways = await visitor.submit(page, { action: "other-method" });
  page = /name="way"/.test(ways.body)
    ? await visitor.submit(ways, { action: "other-method", way: "twilio_sms" })
    : ways;
  await visitor.submit(page, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.equal((await claimsOf(visitor)).acr, "twilio_sms");
  // By the app: what was shown is told.
  const app = server.visitor();
  page = await typePassword(app, await app.get("/demo/login?acr_values=twilio_sms"), "grace");
  await app.submit(page, {
    code: new TOTP({ secret: "JBSWY3DPEHPK3PXP" }).generate({ timestamp: server.parts.now() }),
  });
  assert.deepEqual(await claimsOf(app), { ...(await claimsOf(app)), acr: "otp", amr: ["pwd", "otp", "mfa"] });
  // A requirement, and a person without the factor, get what was asked for.
  const required = server.visitor();
  const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ["twilio_sms"] } } });
  const rp = await createRelyingParty(server);
  const begun = await rp.begin({ claims });
  page = await typePassword(required, await required.get(begun.url.href), "grace");
  assert.match(textOf(page.body), /text|phone/i);
  const root = server.visitor();
  page = await typePassword(root, await root.get("/demo/login?acr_values=twilio_sms"), "root");
  assert.match(page.body, /autocomplete="one-time-code"/);
});

test("the account pages do not take away what the policy demands", async () => {
  const server = await startWith(rule({ must: ["sms"], graceDays: 0 }), {
    acrs: { enabled: ALL, default: "simple_password_auth" },
  });
  await withApp(server, "grace");
  const [phone] = await server.parts.authenticators.list(await idOf(server, "grace"), "sms");
  const { visitor, page } = await atAccountByAll(server);
  const path = `/account/factors/${phone?.id}/remove`;
  const ask = await visitor.get(path);
  assert.match(textOf(ask.body), /You are asked to have this one/, textOf(ask.body).slice(0, 400));
  const posted = await send(visitor, page, path);
  assert.match(textOf(posted.body), /you need one/);
  assert.equal((await server.parts.authenticators.list(await idOf(server, "grace"), "sms")).length, 1);
});

/** At the account pages with the app, which is the strongest that grace has. */
async function atAccountByAll(server: TestServer): Promise<{ visitor: TestVisitor; page: Seen }> {
  const visitor = server.visitor();
  let page = await typePassword(visitor, await visitor.get("/account"), "grace");
  if (/name="code"/.test(page.body))
    page = await visitor.submit(page, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.equal(page.url.pathname, "/account", textOf(page.body).slice(0, 300));
  const asked = await visitor.get("/account/password");
  if (/name="code"/.test(asked.body))
    await visitor.submit(asked, {
      code: new TOTP({ secret: "JBSWY3DPEHPK3PXP" }).generate({ timestamp: server.parts.now() }),
    });
  return { visitor, page: await visitor.get("/account") };
}

test("people switch two steps on where it is left to them, once they have enough for it; it only ever adds a step", async () => {
  const server = await startWith(
    { selfService: { enabled: true, least: 2 } },
    { acrs: { enabled: ALL, default: "simple_password_auth" } },
  );
  const first = server.visitor();
  let page = await typePassword(first, await first.get("/account"), "grace");
  assert.match(textOf(page.body), /you need 2 other ways/);
  assert.match(textOf((await first.get("/account/two-step/on")).body), /cannot be switched/);
  assert.match(textOf((await send(first, page, "/account/two-step/on")).body), /cannot be switched/);

  await secondPhone(server, "grace", "demo", SECOND);
  page = await first.get("/account");
  assert.match(page.body, /href="\/account\/two-step\/on"/);
  const ask = await first.get("/account/two-step/on");
  assert.match(ask.url.pathname, /^\/login/, "a password is not enough for it");
  page = await first.submit(ask, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.match(textOf(page.body), /Ask for two steps/);
  page = await first.submit(page, {});
  assert.match(textOf(page.body), /Switched on/);

  const next = server.visitor();
  page = await typePassword(next, await next.get("/demo/login?acr_values=simple_password_auth"), "grace");
  assert.match(page.body, /name="code"/, "the application asked for a password, the person for more");
  // Somebody else is not touched by it.
  const ada = server.visitor();
  page = await typePassword(ada, await ada.get("/demo/login?acr_values=simple_password_auth"), "ada");
  assert.equal(page.url.pathname, "/demo");

  // The last one stays while it is on; switched off it is told.
  const subject = await idOf(server, "grace");
  const [phone] = await server.parts.authenticators.list(subject, "sms");
  page = await first.get("/account");
  const before = (await server.simulator.messages()).length;
  await server.parts.authenticators.unbind(
    (await server.parts.authenticators.list(subject, "sms"))[1]?.id ?? "",
    "test",
    "gone",
  );
  assert.match(textOf((await first.get(`/account/factors/${phone?.id}/remove`)).body), /your last one/);
  const off = await first.get("/account/two-step/off");
  page = await first.submit(off, {});
  assert.match(textOf(page.body), /Switched off/);
  await toldAfter(server, before, GRACE, /two steps were switched off/);
});

test("M33: two steps on and nothing to show is never a sign-in by the password alone", async () => {
  const server = await startWith(
    { selfService: { enabled: true, least: 1 } },
    { acrs: { enabled: ALL, default: "simple_password_auth" } },
  );
  const subject = await idOf(server, "grace");
  const visitor = server.visitor();
  await typePassword(visitor, await visitor.get("/account"), "grace");
  const ask = await visitor.get("/account/two-step/on");
  const sure = await visitor.submit(ask, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.match(textOf((await visitor.submit(sure, {})).body), /Switched on/);
  // The factor goes, by an administrator or in a directory; and the acrs that asked for one are switched off.
  for (const one of await server.parts.authenticators.list(subject))
    await server.parts.authenticators.unbind(one.id, "test", "gone");
  for (const acr of ["simple_password_auth", "", "urn:unheard"]) {
    const next = server.visitor();
    const seen = await typePassword(next, await next.get(`/demo/login?acr_values=${acr}`), "grace");
    assert.notEqual(seen.url.pathname, "/demo", acr);
    assert.match(seen.url.pathname, /^\/login/);
    const rp = await createRelyingParty(server);
    assert.equal((await rp.refusal(next, { prompt: "none" })).get("error"), "login_required");
  }
  await server.parts.settings.change({
    change: (document) => ({
      ...document,
      scripts: document.scripts.map((one) =>
        one.name === "simple_password_auth" ? one : { ...one, enabled: false },
      ),
    }),
    by: "test",
    what: "only a password",
  });
  const last = server.visitor();
  const seen = await typePassword(last, await last.get("/demo/login"), "grace");
  assert.notEqual(seen.url.pathname, "/demo", "nor where no acr has a second step any more");
});

test("a switch is nobody's where it is not left to people, and rules, roles and enough factors stand above it", async () => {
  const none = await startWith({}, { acrs: { enabled: ALL, default: "simple_password_auth" } });
  const visitor = none.visitor();
  const page = await typePassword(visitor, await visitor.get("/account"), "grace");
  assert.doesNotMatch(page.body, /two-step/);
  for (const path of ["/account/two-step/on", "/account/two-step/off"])
    assert.match(textOf((await send(visitor, page, path)).body), /cannot be switched/);

  const ruled = await startWith({ ...rule({ must: ["sms"] }), selfService: { enabled: true, least: 1 } });
  const at = await atAccount(ruled);
  assert.match(textOf((await send(at.visitor, at.page, "/account/two-step/off")).body), /cannot be switched/);
});

test("explain says what the policy does for a person; a rule that nobody could follow is refused", async () => {
  const server = await startWith(
    {
      rules: [
        {
          name: "staff",
          from: ago(30),
          graceDays: 0,
          must: ["totp"],
          prefer: "totp",
          claim: { name: "department", values: ["law"] },
        },
      ],
      selfService: { enabled: true, least: 1 },
    },
    {},
    { clients: machines },
  );
  graceIsOld(server, 1);
  const token = await tokenOf(server);
  const policy = async () => {
    const { json } = await callApi(server, token, "GET", "/api/v1/config/explain?client=spa&user=grace");
    const { reasons } = json as { reasons: { check: string; message: string }[] };
    return reasons.filter(({ check }) => check === "policy").map(({ message }) => message);
  };
  assert.match((await policy())[0] ?? "", /No rule of factorPolicy is for grace/);
  const user = await server.parts.directory.find("grace");
  await server.parts.directory.write?.setClaims(user?.id ?? "", { ...user?.claims, department: "law" });
  assert.match((await policy())[0] ?? "", /grace lacks totp, due since .* \(rule staff\).*asked for first/);
  await withApp(server, "grace");
  assert.match((await policy())[0] ?? "", /grace has what factorPolicy demands \(staff\)/);

  const refused = async (rule: Record<string, unknown>) =>
    server.parts.settings.change({
      change: (document) => ({
        ...document,
        scripts: document.scripts.map((one) => (one.name === "fido2" ? { ...one, enabled: false } : one)),
        factorPolicy: {
          ...document.factorPolicy,
          rules: [{ name: "x", from: ago(1), graceDays: 0, must: [], least: 0, ...rule }],
        } as typeof document.factorPolicy,
      }),
      by: "test",
      what: "a rule",
    });
  for (const rule of [{ must: ["passkey"] }, { prefer: "passkey" }, {}])
    assert.equal((await refused(rule)).kind, "faulty", JSON.stringify(rule));
});

test("without a rule and a switch nothing more is read of a person", async () => {
  const counted = async (factorPolicy: Record<string, unknown>) => {
    const server = await startWith(factorPolicy);
    const { store } = server.parts;
    const kinds: string[] = [];
    const { read } = store.records;
    Object.assign(store.records, {
      read: (...given: Parameters<typeof read>) => {
        kinds.push(given[0]);
        return read.apply(store.records, given);
      },
    });
    const visitor = server.visitor();
    await twoSteps(server, visitor, await visitor.get("/demo/login?acr_values=twilio_sms"));
    await typePassword(
      visitor,
      await visitor.get("/demo/login?acr_values=simple_password_auth&prompt=login"),
      "grace",
    );
    return kinds.filter((kind) => /two-step|factor-policy|remembered/.test(kind));
  };
  assert.deepEqual(await counted({}), []);
  assert.deepEqual(
    await counted({ selfService: { enabled: true } }),
    ["two-step"],
    "of a password alone only",
  );
});
