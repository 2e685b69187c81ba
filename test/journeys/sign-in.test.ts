/** A person signs in to an application, and the application learns truthfully how. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { GRACE, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const server = await startServer();
const spa = await createRelyingParty(server);
const web = await createRelyingParty(server, { clientId: "web" });

const fieldsOf = (body: string): string[] =>
  [...body.matchAll(/<input\b[^>]*\bname="([^"]+)"/g)].map((match) => match[1] ?? "");

test("T13: grace signs in with password and SMS by default, and the ID token says exactly that", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin();
  const started = Math.floor(Date.now() / 1000);
  const claims = claimsOf(
    await spa.redeem(begun, await twoSteps(server, visitor, await visitor.get(begun.url.href))),
  );
  assert.equal(claims.acr, "twilio_sms");
  assert.deepEqual([...(claims.amr ?? [])].sort(), ["mfa", "pwd", "sms"]);
  const authTime = Number(claims.auth_time);
  assert.ok(
    authTime >= started - 1 && authTime <= Date.now() / 1000,
    "auth_time is the time of the password",
  );
  assert.equal(claims.nonce, begun.nonce);
  assert.equal(claims.iss, server.issuer);
  assert.equal(claims.aud, "spa");
});

test("T13: grace signs in by acr_values=simple_password_auth, and no code is sent", async () => {
  const before = (await server.simulator.messages()).length;
  const claims = claimsOf(await spa.byPassword(server.visitor(), "grace"));
  assert.equal(claims.acr, "simple_password_auth");
  assert.deepEqual(claims.amr, ["pwd"]);
  assert.equal((await server.simulator.messages()).length, before);
});

test("T14: from password to twilio_sms only the code is asked, of the same person, and auth_time stays the password's", async () => {
  const visitor = server.visitor();
  const weak = claimsOf(await spa.byPassword(visitor, "grace"));
  const before = (await server.simulator.messages()).length;
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const page = await visitor.get(begun.url.href);
  assert.deepEqual(
    fieldsOf(page.body).filter((name) => name === "username" || name === "password"),
    [],
    "no name and no password is asked again",
  );
  assert.ok(fieldsOf(page.body).includes("code"));
  const code = await server.simulator.codeAfter(before, GRACE);
  const strong = claimsOf(await spa.redeem(begun, await visitor.submit(page, { code })));
  assert.equal(strong.acr, "twilio_sms");
  assert.equal(strong.sub, weak.sub);
  assert.equal(strong.auth_time, weak.auth_time);
  assert.deepEqual([...(strong.amr ?? [])].sort(), ["mfa", "pwd", "sms"]);
});

test("T14 M09: a stepped-up session stays with its person, whatever name the form carries", async () => {
  const visitor = server.visitor();
  const weak = claimsOf(await spa.byPassword(visitor, "grace"));
  const before = (await server.simulator.messages()).length;
  const begun = await spa.begin({ acr_values: "twilio_sms", login_hint: "ada" });
  const page = await visitor.get(begun.url.href);
  const code = await server.simulator.codeAfter(before, GRACE);
  const seen = await visitor.submit(page, { code, username: "ada", password: "two doors, one open" });
  assert.equal(claimsOf(await spa.redeem(begun, seen)).sub, weak.sub);
});

test("T14: who gives up the step-up stays signed in as before, no stronger", async () => {
  const visitor = server.visitor();
  const weak = claimsOf(await spa.byPassword(visitor, "grace"));
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const page = await visitor.get(begun.url.href);
  const answer = refusalOf(await visitor.submit(page, { action: "cancel" }), begun);
  assert.equal(answer.get("error"), "access_denied");
  const still = claimsOf(await spa.silently(visitor, { acr_values: "simple_password_auth", prompt: "none" }));
  assert.equal(still.sub, weak.sub);
  assert.equal(still.acr, "simple_password_auth");
  assert.equal(still.auth_time, weak.auth_time);
  const stronger = await spa.refusal(visitor, { acr_values: "twilio_sms", prompt: "none" });
  assert.equal(stronger.get("error"), "login_required");
});

test("single sign-on: another application is told the same person and the same moment, and nothing is asked", async () => {
  const visitor = server.visitor();
  const first = claimsOf(await spa.byTwoSteps(visitor));
  const before = (await server.simulator.messages()).length;
  const second = claimsOf(await web.silently(visitor));
  assert.equal(second.sub, first.sub);
  assert.equal(second.auth_time, first.auth_time);
  assert.equal(second.acr, "twilio_sms");
  assert.equal(second.aud, "web");
  assert.equal((await server.simulator.messages()).length, before);
});

test("T13: a strong session that is asked for less tells what it is, not what was asked", async () => {
  const visitor = server.visitor();
  await spa.byTwoSteps(visitor);
  const claims = claimsOf(await spa.silently(visitor, { acr_values: "simple_password_auth" }));
  assert.equal(claims.acr, "twilio_sms");
});

test("a wrong password and then a wrong code lead nowhere, and the right ones still do", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin();
  const page = await visitor.get(begun.url.href);
  const again = await typePassword(visitor, page, "grace", "not the password at all");
  assert.ok(again.url.pathname.startsWith("/login/"), textOf(again.body));
  const before = (await server.simulator.messages()).length;
  const codePage = await typePassword(visitor, again, "grace");
  const code = await server.simulator.codeAfter(before, GRACE);
  const wrong = await visitor.submit(codePage, { code: code === "000000" ? "000001" : "000000" });
  assert.ok(formOf(wrong).action.startsWith("/login/"));
  assert.equal(claimsOf(await spa.redeem(begun, await visitor.submit(wrong, { code }))).acr, "twilio_sms");
});
