/**
 * What was ended stays ended, whatever is under way in that moment: forms that are being taken, pages that still stand in
 * a browser, requests that have read a session and write it back.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { TOTP } from "otpauth";
import { Secret } from "../../src/core/secret.ts";
import { holdCommit } from "../kit/held-commit.ts";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, PASSWORD, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";
import { plant, toCodePage } from "./attacker.ts";

const ALL = ["simple_password_auth", "twilio_sms", "otp", "fido2", "recovery_code"];
const server = await startServer({
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  settings: { acrs: { enabled: ALL, default: "twilio_sms" }, limits: { passkeyOfferDays: 0 } },
});
const { parts } = server;
const grace = (await parts.directory.find("grace"))?.id ?? assert.fail();
const rp = await createRelyingParty(server);
const alive = async () => (await parts.sessions.list({ subject: grace, limit: 100 })).sessions.length;
const endAll = () => parts.sessions.endAll(grace, "host", "test");
const silently = async (visitor: TestVisitor, acr = "simple_password_auth") => {
  const begun = await rp.begin({ prompt: "none", acr_values: acr });
  return { begun, seen: await visitor.get(begun.url.href) };
};
test("S07 M13: while browsers sign in by the old password without a pause, a new one leaves no session by it", async () => {
  const other = await startServer();
  const application = await createRelyingParty(other);
  const id = (await other.parts.directory.find("grace"))?.id ?? assert.fail();
  const change = async (to: string) => {
    const done = await other.parts.directory.write?.setPassword(id, new Secret(to));
    assert.equal(done?.kind, "done");
    await other.parts.sessions.endAll(id, id, "password-changed");
  };
  for (let round = 0; round < 8; round += 1) {
    let stop = false;
    const signsIn = async () => {
      while (!stop) {
        const visitor = other.visitor();
        const begun = await application.begin({ acr_values: "simple_password_auth" });
        await typePassword(visitor, await visitor.get(begun.url.href), "grace");
      }
    };
    const loops = [signsIn(), signsIn(), signsIn()];
    await pause(60 + round * 5);
    await change(`another long passphrase ${round}`);
    stop = true;
    await Promise.all(loops);
    const { sessions } = await other.parts.sessions.list({ subject: id, limit: 100 });
    assert.equal(sessions.length, 0, `round ${round}`);
    await change(PASSWORD);
    await other.parts.storage.records("password-throttle").remove(`person ${id}`);
  }
});

test("S07 M13: a login that is proven and just being handed on ends with everything else", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor, { acr_values: "twilio_sms" });
  const held = holdCommit(server, "oidc.Session", "oidc.Interaction");
  const slow = visitor.submit(page, { code });
  await held.reached;
  await endAll();
  held.release();
  const seen = await slow;
  assert.equal(seen.url.searchParams.get("code"), null, textOf(seen.body).slice(0, 200));
  assert.equal(seen.status, 400);
  assert.equal(await alive(), 0);
});

test("S03 S07: a request that has read a session before its end brings it back under no name", async () => {
  for (const what of ["logout", "another person", "a step-up"] as const) {
    const visitor = server.visitor();
    await rp.byPassword(visitor, "grace");
    const ask = await visitor.get("/end_session");
    const messages = (await server.simulator.messages()).length;
    const acr = what === "a step-up" ? "twilio_sms" : "simple_password_auth";
    const more = what === "another person" ? { prompt: "login" } : {};
    const page =
      what === "logout" ? ask : await visitor.get((await rp.begin({ acr_values: acr, ...more })).url.href);
    const code = what === "a step-up" ? await server.simulator.codeAfter(messages, GRACE) : "";
    const thief = server.visitor();
    plant(visitor, thief, "");
    const late = server.visitor();
    plant(visitor, late, "");
    const held = holdCommit(server, "oidc.Session");
    const renewal = silently(late);
    await held.reached;
    if (what === "logout") await visitor.submit(ask, { logout: "yes" });
    else if (what === "another person") await typePassword(visitor, page, "root");
    else assert.ok((await visitor.submit(page, { code })).url.searchParams.has("code"));
    held.release();
    const { seen } = await renewal;
    assert.equal(seen.url.searchParams.get("code"), null, what);
    assert.equal(await alive(), what === "a step-up" ? 1 : 0, what);
    assert.equal((await silently(thief)).seen.url.searchParams.get("code"), null, `${what}: the old cookie`);
    if (what === "another person") {
      const { begun, seen: mine } = await silently(visitor);
      assert.notEqual(claimsOf(await rp.redeem(begun, mine)).sub, grace);
    }
    await endAll();
  }
});

test("S10: renewals of one person without a pause do not get their session back from the next", async () => {
  for (let round = 0; round < 10; round += 1) {
    const visitor = server.visitor();
    await rp.byPassword(visitor, "grace");
    const begun = await rp.begin({ prompt: "login", acr_values: "simple_password_auth" });
    const page = await visitor.get(begun.url.href);
    let done = false;
    const sign = typePassword(visitor, page, "root").finally(() => {
      done = true;
    });
    const renewals: Promise<unknown>[] = [];
    while (!done) {
      renewals.push(silently(visitor));
      await pause(1);
    }
    await Promise.all([sign, ...renewals]);
    assert.equal(await alive(), 0, `round ${round}`);
  }
});

test("T16: a session in whose place another person signs in is told to the applications, and to the audit", async () => {
  const backchannel = { backchannel_logout_uri: "https://rp.example.test/logout" };
  const spa = {
    client_id: "spa",
    client_name: "Spa",
    trusted: true,
    redirect_uris: [CALLBACK],
    ...backchannel,
  };
  const other = await startServer({
    hashCost: { memory: 64, passes: 1, lanes: 1 },
    settings: { acrs: { enabled: ALL, default: "twilio_sms" }, clients: [spa] },
  });
  const id = (await other.parts.directory.find("grace"))?.id ?? assert.fail();
  const application = await createRelyingParty(other);
  const told = () => other.parts.audit.query({ kind: "signed-out", subject: id, limit: 10 });
  const promised = async () =>
    (await other.parts.storage.records("logout").page({ limit: 10 })).entries.length;
  for (const [times, how] of ["prompt=login", "switch"].entries()) {
    const visitor = other.visitor();
    await application.byPassword(visitor, "grace");
    const more = how === "switch" ? { max_age: "0" } : { prompt: "login" };
    const begun = await application.begin({ acr_values: "simple_password_auth", ...more });
    const page = await visitor.get(begun.url.href);
    if (how === "switch") await visitor.submit(page, { action: "switch" });
    else assert.ok((await typePassword(visitor, page, "root")).url.searchParams.has("code"));
    assert.equal((await told()).length, times + 1, how);
    assert.equal(await promised(), times + 1, how);
  }
});

test("S03: a crash at the end of a step-up loses no session: the one before is there, and goes on", async () => {
  const visitor = server.visitor();
  await rp.byPassword(visitor, "grace");
  const before = (await server.simulator.messages()).length;
  const page = await visitor.get((await rp.begin({ acr_values: "twilio_sms" })).url.href);
  const code = await server.simulator.codeAfter(before, GRACE);
  const old = visitor.cookie("sallyport_session");
  // Only what makes the new session of the login: the old one may go before.
  const held = holdCommit(server, "oidc.Session", "oidc.Interaction");
  const slow = visitor.submit(page, { code });
  await held.reached;
  held.breaks();
  assert.equal((await slow).status, 500);
  held.release();
  assert.equal(visitor.cookie("sallyport_session"), old);
  assert.equal(await alive(), 1);
  assert.ok((await silently(visitor)).seen.url.searchParams.has("code"), "still signed in, as before");
  await endAll();
});

const secretOn = ({ body }: Seen): string =>
  /class="user-code shown secret"[^>]*>([^<]+)</.exec(body)?.[1]?.replaceAll(" ", "") ??
  assert.fail(textOf(body).slice(0, 300));
const enrolUrl = (kind: string) =>
  server.authorizeUrl({
    client_id: "sallyport-account",
    redirect_uri: `${server.issuer}/account/callback`,
    enrol: kind,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
/** A browser in which grace is signed in and about to bind something. */
async function atEnrol(kind: string) {
  const visitor = server.visitor();
  const begun = await rp.begin({ acr_values: "twilio_sms" });
  await twoSteps(server, visitor, await visitor.get(begun.url.href));
  return { visitor, page: await visitor.get(enrolUrl(kind)) };
}

test("S07 S09: a page that builds on a session is over with it: it shows nothing more, and binds nothing", async () => {
  for (const how of ["from elsewhere", "logout", "all", "closed"] as const) {
    const { visitor, page } = await atEnrol("totp");
    const secret = secretOn(page);
    const { sessions } = await parts.sessions.list({ subject: grace, limit: 100 });
    if (how === "from elsewhere")
      for (const { sid } of sessions) await parts.sessions.end(sid, "grace", "test");
    if (how === "logout") await visitor.submit(await visitor.get("/end_session"), { logout: "yes" });
    if (how === "all") await endAll();
    if (how === "closed") await parts.directory.write?.setStatus(grace, "disabled");
    for (const name of [...visitor.jar.keys()])
      if (name.startsWith("sallyport_session")) visitor.jar.delete(name);
    if (how !== "closed") assert.doesNotMatch((await visitor.get(page.url.href)).body, /class="qr"/, how);
    await visitor.submit(page, { code: new TOTP({ secret }).generate(), label: "Mallory" });
    assert.equal((await parts.authenticators.list(grace, "totp")).length, 0, how);
    await parts.directory.write?.setStatus(grace, "active");
    await endAll();
  }
  const { visitor, page } = await atEnrol("recovery-code");
  assert.match(page.body, /recovery/i);
  const { sessions } = await parts.sessions.list({ subject: grace, limit: 100 });
  for (const { sid } of sessions) await parts.sessions.end(sid, "grace", "test");
  const again = await visitor.get(page.url.href);
  assert.doesNotMatch(textOf(again.body), /[A-Z0-9]{4}-[A-Z0-9]{4}/, "no recovery code is shown");
  await endAll();
});

test("M31: of two last forms at once the loser reads that the login has ended, stays signed in, and the application hears of one", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor, { acr_values: "twilio_sms" });
  const held = holdCommit(server, "oidc.Session", "oidc.Interaction");
  const first = visitor.submit(page, { code });
  await held.reached;
  const won = await visitor.submit(page, { code });
  assert.ok(won.url.searchParams.has("code"));
  held.release();
  const lost = await first;
  assert.equal(lost.status, 400);
  assert.equal(lost.url.origin, server.issuer, "not the application");
  assert.equal(/sallyport_session/.test(String(lost.headers["set-cookie"])), false);
  assert.ok((await silently(visitor, "twilio_sms")).seen.url.searchParams.has("code"), "still signed in");
  await endAll();
});
