/**
 * Attacks that take two features: each of them holds alone. A thief with a mailbox and a phone, a copied cookie, somebody
 * of the help desk on their own, a person who is gone, and what should have ended with a password or a factor.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { atAccount, linkIn, SECOND, secondPhone, send, toldAfter } from "../kit/account.ts";
import { callApi, machines, startApi, tokenOf } from "../kit/admin.ts";
import { applications, callEnrolment, machineToken, personToken } from "../kit/enrolment-api.ts";
import { forgets, linkOf, NEXT, startForgetful, toNewPassword } from "../kit/forgotten.ts";
import { takesTwo } from "../kit/help-desk.ts";
import { notTakenUp } from "../kit/not-taken-up.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { anotherDay, byPassword, rememberedVisitor, startRemembering } from "../kit/remembered.ts";
import { GRACE, PASSWORD, startServer, type TestServer, twoSteps, typePassword } from "../kit/server.ts";
import { type TestVisitor, textOf } from "../kit/visitor.ts";

const hashCost = { memory: 64, passes: 1, lanes: 1 };
const REASON = "seen in person";
const idOf = async (server: TestServer, name: string) =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(name);
/** Tokens that outlive a logout: the person is asked, and allows it. */
async function offline(
  server: TestServer,
  rp: Awaited<ReturnType<typeof createRelyingParty>>,
  visitor: TestVisitor,
) {
  const begun = await rp.begin({
    acr_values: "twilio_sms",
    scope: "openid offline_access",
    prompt: "consent",
  });
  const first = await visitor.get(begun.url.href);
  const consent = /name="password"/.test(first.body) ? await twoSteps(server, visitor, first) : first;
  return rp.redeem(begun, await visitor.submit(consent, {}));
}
const isStill = async (server: TestServer, name = "grace", password = PASSWORD) =>
  (await server.parts.directory.checkPassword(name, new Secret(password))).kind === "right";

test("S18: where handing out a ticket takes two, a ticket for a password does as well", async () => {
  const server = await startServer({ hashCost });
  const api = await startApi(server);
  const [henry, hannah] = [await api.person("henry", ["helpdesk"]), await api.person("hannah", ["helpdesk"])];
  // Somebody who has never had a second factor: the ticket would be the whole account.
  const { id } = await api.person("newcomer", []);
  const path = `/mgt/configuser/${id}/password-ticket`;
  await takesTwo(server, "hand-out-ticket");
  const asked = await henry.call("POST", path, { reason: REASON });
  assert.equal(asked.status, 202, asked.text);
  assert.equal(asked.json.ticket, undefined);
  assert.equal((await server.parts.audit.query({ kind: "password-ticket", limit: 1 })).length, 0);
  const own = await henry.call("POST", `/mgt/approvals/${asked.json.id}/approve`);
  assert.equal(own.status, 403, "not by oneself");
  const given = await hannah.call("POST", `/mgt/approvals/${asked.json.id}/approve`);
  assert.equal(given.status, 200, given.text);
  assert.doesNotMatch(given.text, /[2-9A-Z]{4}-[2-9A-Z]{4}/, "the approver never sees it");
  const ticket = await henry.call("POST", `/mgt/approvals/${asked.json.id}/ticket`);
  assert.equal(ticket.status, 200, ticket.text);
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/forgotten/ticket"), {
    username: "newcomer",
    ticket: ticket.json.ticket,
  });
  assert.match(page.body, /autocomplete="new-password"/, textOf(page.body).slice(0, 300));
});

test("S07: a password that the person changes ends what outlived a logout, and what goes on is here alone", async () => {
  const server = await startServer({ hashCost });
  const rp = await createRelyingParty(server);
  const elsewhere = server.visitor();
  const { refresh_token: old = "" } = await offline(server, rp, elsewhere);
  const out = await elsewhere.submit(await elsewhere.get("/end_session"), { logout: "yes" });
  const subject = await idOf(server, "grace");
  const { sessions } = await server.parts.sessions.list({ subject, limit: 10 });
  assert.equal(sessions.length, 0, textOf(out.body).slice(0, 300));
  const kept = (await rp.refresh(old)).refresh_token ?? "";
  assert.ok(kept, "a logout leaves it");

  const { visitor, page } = await atAccount(server);
  const own = await offline(server, rp, visitor);
  const form = await visitor.get("/account/password");
  const done = await send(visitor, form, "/account/password", { password: NEXT, repeat: NEXT });
  assert.equal(done.url.pathname, "/account", textOf(done.body).slice(0, 200));
  assert.equal(await isStill(server, "grace", NEXT), true);
  await assert.rejects(rp.refresh(kept), "the refresh token of before");
  assert.ok((await rp.refresh(own.refresh_token ?? "")).access_token, "of this browser's own session");
  assert.equal((await visitor.get("/account")).url.pathname, "/account", "this browser goes on");
  assert.ok(page);
});

/** Whoever has the mailbox and grace's phone has shown its code, and waits before the new password. */
async function thiefBeforeNewPassword() {
  const { server, letter } = await startForgetful();
  await forgets(server.visitor(), "grace");
  const thief = server.visitor();
  const page = await toNewPassword(server, thief, linkOf(await letter(1)));
  assert.match(page.body, /autocomplete="new-password"/);
  return { server, thief, page };
}

test("P13: a forgotten walk that a phone has opened is over once that phone is taken away, and the window is no way in", async () => {
  const { server, thief, page } = await thiefBeforeNewPassword();
  const api = await startApi(server);
  const desk = await api.person("desk", ["helpdesk"]);
  const id = await idOf(server, "grace");
  const lost = await desk.call("POST", `/mgt/configuser/${id}/enrolment`, {
    by: "window",
    lost: true,
    reason: REASON,
  });
  assert.equal(lost.status, 201, lost.text);
  const seen = await thief.submit(page, { password: NEXT });
  assert.notEqual(seen.url.pathname, "/forgotten/done");
  assert.equal(await isStill(server), true, "the password is the owner's");
});

test("P13: the same when the owner takes the phone away, or says that it was not them", async () => {
  for (const act of ["remove", "end"] as const) {
    const { server, thief, page } = await thiefBeforeNewPassword();
    const id = await idOf(server, "grace");
    const { authenticators, sessions } = server.parts;
    const [phone] = await authenticators.list(id, "sms");
    if (act === "remove") {
      await secondPhone(server, "grace", "demo");
      await authenticators.unbind(phone?.id ?? "", id, "removed by the person");
    } else await sessions.endAll(id, id, "reported");
    await thief.submit(page, { password: NEXT });
    assert.equal(await isStill(server), true, act);
  }
});

test("M14: a number that has just come is no second half of a forgotten password, also where an older one is", async () => {
  const { server, letter } = await startForgetful();
  const young = await secondPhone(server, "grace", "two-factors");
  await forgets(server.visitor(), "grace");
  const thief = server.visitor();
  const code = await thief.submit(await thief.get(linkOf(await letter(1))), {});
  assert.match(code.body, /name="code"/);
  assert.doesNotMatch(code.body, /name="phone"/, "it is not offered");
  const before = (await server.simulator.messages()).length;
  await thief.submit(code, { phone: young.id });
  const sent = (await server.simulator.messages()).slice(before);
  assert.deepEqual(
    sent.filter(({ to }) => to === SECOND),
    [],
  );
});

test("M14: nor does it open the account pages where an older one is, by no form", async () => {
  const server = await startServer({ hashCost });
  const young = await secondPhone(server, "grace", "two-factors");
  const visitor = server.visitor();
  const code = await typePassword(visitor, await visitor.get("/account"), "grace");
  assert.doesNotMatch(code.body, /name="phone"/);
  const before = (await server.simulator.messages()).length;
  await visitor.submit(code, { phone: young.id });
  assert.deepEqual((await server.simulator.messages()).slice(before), []);
  server.advance(25 * 3_600_000);
  const later = server.visitor();
  const page = await typePassword(later, await later.get("/account"), "grace");
  assert.match(
    page.body,
    new RegExp(`name="phone" value="${young.id}"`),
    "a day later it is a phone like any other",
  );
});

test("L04: an erased person leaves nothing that brings a phone back or names them", async () => {
  const server = await startServer({ hashCost, clients: machines });
  const { authenticators, passwordOpenings, storage, directory } = server.parts;
  const id = await idOf(server, "grace");
  await secondPhone(server, "grace", "demo");
  const before = (await server.simulator.messages()).length;
  const { visitor, page } = await atAccount(server);
  const [phone] = (await authenticators.list(id, "sms")).filter(({ data }) =>
    JSON.stringify(data).includes(SECOND),
  );
  await send(visitor, page, `/account/factors/${phone?.id}/remove`);
  const link = linkIn(await toldAfter(server, before, SECOND, /account\/undo/));
  await takesTwo(server, "remove-factor");
  const api = await startApi(server);
  const desk = await api.person("desk", ["helpdesk"]);
  const [first] = await authenticators.list(id, "sms");
  const waits = await desk.call("DELETE", `/mgt/configuser/${id}/phones/${first?.id}?reason=of+grace`);
  assert.equal(waits.status, 202, waits.text);
  const user = (await directory.get(id)) ?? assert.fail();
  const token = await passwordOpenings.link(user, 600_000);
  await storage.records<true>("factor-policy-told").put(id, true, server.parts.now() + 60_000);

  const erased = await callApi(server, await tokenOf(server), "POST", `/mgt/configuser/${id}/erasure`);
  assert.equal(erased.status, 200, erased.text);
  const stranger = server.visitor();
  const seen = await stranger.get(link);
  assert.equal(seen.status, 404, "the way back is gone");
  assert.deepEqual(await authenticators.list(id), []);
  assert.equal(await passwordOpenings.whose(token), undefined);
  assert.equal(await storage.records<true>("factor-policy-told").get(id), undefined);
  const list = await desk.call("GET", "/mgt/approvals");
  assert.doesNotMatch(list.text, /grace/);
});

test("S18: somebody of the help desk does not become their own second one: a role is never to be had by a ticket alone", async () => {
  const server = await startServer({ hashCost });
  const api = await startApi(server);
  const henry = await api.person("henry", ["helpdesk"]);
  // A colleague who has not been here yet.
  const { id } = await api.person("hannah", ["helpdesk"]);
  const asked = await henry.call("POST", `/mgt/configuser/${id}/password-ticket`, { reason: REASON });
  assert.equal(asked.status, 409, asked.text);
  // Nor where the role, or the loss, came after the ticket.
  const user = (await server.parts.directory.get(id)) ?? assert.fail();
  const { ticket } = await server.parts.passwordOpenings.ticket(user, "henry");
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/forgotten/ticket"), {
    username: "hannah",
    ticket: ticket.reveal(),
  });
  assert.doesNotMatch(page.body, /autocomplete="new-password"/);
});

/** The mechanism sends codes to the number that stands under `mobile`; answers a token of a machine that may do everything. */
async function codesToAttribute(server: TestServer): Promise<string> {
  const whole = await tokenOf(server);
  const scripts = await callApi(server, whole, "GET", "/api/v1/config/scripts/name/twilio_sms");
  const script = String(scripts.json.script).replace(
    /^export const mechanism.*$/m,
    'export const mechanism: MechanismScript = { requires: ["password", "sms"], phoneAttribute: "mobile" };',
  );
  const saved = await callApi(server, whole, "PUT", "/api/v1/config/scripts", { ...scripts.json, script });
  assert.equal(saved.status, 200, saved.text);
  return whole;
}

test("S18: where codes go to an attribute, writing it is changing a phone, by PUT and by SCIM", async () => {
  const server = await startServer({ hashCost, clients: machines });
  const whole = await codesToAttribute(server);
  const USERS = ["user.readonly", "user.write"].map((one) => `https://jans.io/oauth/config/${one}`);
  const provisioning = await tokenOf(server, "machine", USERS);
  const id = await idOf(server, "grace");
  const numberOf = async () => (await server.parts.directory.get(id))?.claims.phone_number;
  const put = async (token: string) => {
    const { json } = await callApi(server, token, "GET", `/mgt/configuser/${id}`);
    const customAttributes = [{ name: "mobile", multiValued: false, values: [SECOND] }];
    return callApi(server, token, "PUT", "/mgt/configuser", { ...json, customAttributes });
  };
  const scim = async (token: string) =>
    fetch(`${server.issuer}/scim/v2/Users/${id}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      body: JSON.stringify({
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        Operations: [{ op: "replace", path: "phoneNumbers", value: [{ value: SECOND, type: "mobile" }] }],
      }),
    });
  assert.equal((await put(provisioning)).status, 403);
  assert.equal((await scim(provisioning)).status, 403);
  await takesTwo(server, "add-phone");
  const two = await put(whole);
  assert.equal(two.status, 409, two.text);
  assert.equal(await numberOf(), undefined, "nothing was written");
  await takesTwo(server);
  const done = await put(whole);
  assert.equal(done.status, 200, done.text);
  assert.equal(await numberOf(), SECOND);
  assert.ok((await server.parts.audit.query({ subject: id, kind: "session-ended", limit: 1 })).length > 0);
});

test("O21: an application binds no first phone beside one that codes go to in the directory, by no token", async () => {
  const server = await startServer({
    hashCost,
    clients: [...applications, ...machines],
    settings: { portal: { applicationsAlone: "first-phone" } },
  });
  await codesToAttribute(server);
  const id = await idOf(server, "ada");
  const number = "+12025550181";
  await server.parts.directory.write?.setClaims(id, { phone_number: number });
  const body = { userid: id, number: SECOND };
  const before = (await server.simulator.messages()).length;
  const alone = await callEnrolment(
    server,
    await machineToken(server),
    "POST",
    "/enrollment/twilio_sms/send-code",
    body,
  );
  assert.equal(alone.status, 401, JSON.stringify(alone.json));
  const own = await personToken(
    server,
    async (visitor, url) => typePassword(visitor, await visitor.get(url), "ada"),
    "shop",
    "simple_password_auth",
  );
  const byPassword = await callEnrolment(server, own, "POST", "/enrollment/twilio_sms/send-code", body);
  assert.equal(byPassword.status, 401, JSON.stringify(byPassword.json));
  assert.deepEqual((await server.simulator.messages()).slice(before), []);
});

const ALL = {
  enabled: ["simple_password_auth", "twilio_sms", "otp", "recovery_code"],
  default: "twilio_sms",
};

test("T03: of two links that have both come to the new password, the second sets none", async () => {
  const { server, letter } = await startForgetful();
  const pages = [];
  for (const nth of [1, 2]) {
    await forgets(server.visitor(), "grace");
    const visitor = server.visitor();
    pages.push({ visitor, page: await toNewPassword(server, visitor, linkOf(await letter(nth))) });
  }
  const [one, other] = pages;
  assert.ok(one !== undefined && other !== undefined);
  await Promise.all([
    one.visitor.submit(one.page, { password: NEXT }),
    other.visitor.submit(other.page, { password: "another quiet harbour at dusk" }),
  ]);
  const good = [
    await isStill(server, "grace", NEXT),
    await isStill(server, "grace", "another quiet harbour at dusk"),
  ];
  assert.equal(good.filter(Boolean).length, 1);
  // And it is no sign-in: nothing of the walk is a session.
  for (const { visitor } of pages) assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
});

test("S07: a password that SCIM sets ends the device, the refresh token, the account pages and the link", async () => {
  const server = await startRemembering({}, { hashCost, clients: machines });
  const remembered = await rememberedVisitor(server);
  const rp = await createRelyingParty(server);
  const { refresh_token: refresh = "" } = await offline(server, rp, server.visitor());
  const { visitor } = await atAccount(server);
  const id = await idOf(server, "grace");
  const user = (await server.parts.directory.get(id)) ?? assert.fail();
  const link = await server.parts.passwordOpenings.link(user, 600_000);
  const answer = await fetch(`${server.issuer}/scim/v2/Users/${id}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${await tokenOf(server)}`,
      "content-type": "application/scim+json",
    },
    body: JSON.stringify({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      Operations: [{ op: "replace", path: "password", value: PASSWORD }],
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  assert.equal((await byPassword(server, anotherDay(server, remembered))).askedForCode, true);
  await assert.rejects(rp.refresh(refresh));
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/);
  assert.equal((await server.visitor().get(`/forgotten/link?t=${link}`)).status, 404);
});

test("M33: two steps that a person wants are asked for also where a device is remembered, and no other way lowers them", async () => {
  const server = await startRemembering(
    {},
    { hashCost, settings: { acrs: ALL, factorPolicy: { selfService: { enabled: true, least: 1 } } } },
  );
  const remembered = await rememberedVisitor(server);
  const { visitor } = await atAccount(server);
  const form = await visitor.get("/account/two-step/on");
  await send(visitor, form, "/account/two-step/on");
  const parameters = { acr_values: "simple_password_auth" };
  const came = await byPassword(server, anotherDay(server, remembered), { parameters });
  assert.equal(came.askedForCode, true);
  const other = server.visitor();
  const asked = await byPassword(server, other, { parameters });
  for (const way of ["simple_password_auth", "factor:password", "remembered_device"]) {
    const seen = await other.submit(await other.get(asked.seen.url.href), { action: "other-method", way });
    assert.ok(!seen.url.searchParams.has("code"), way);
    assert.match(seen.body, /name="code"/, way);
  }
});

test("O21: what is due is bound also by whoever comes to bind another thing, or to change a password that was handed out", async () => {
  const rules = [{ name: "everybody", from: "2026-01-01T00:00:00.000Z", must: ["totp"], graceDays: 0 }];
  const server = await startServer({ hashCost, settings: { acrs: ALL, factorPolicy: { rules } } });
  server.advance(86_400_000);
  const due = server.visitor();
  const first = await twoSteps(server, due, await due.get("/account"));
  assert.match(first.body, /class="qr"/, "no way into the account pages round it");
  await server.parts.directory.write?.change(await idOf(server, "grace"), { mustChange: true });
  const visitor = server.visitor();
  const next = await twoSteps(server, visitor, await visitor.get("/account"));
  assert.match(next.body, /autocomplete="new-password"/);
  const after = await visitor.submit(next, { password: NEXT });
  assert.match(after.body, /class="qr"/, "and after it the one that is due");
});

test("S07: a login that was under way ends with everything else: who has shown the old password goes no further", async () => {
  for (const act of ["portal", "admin", "not-me", "closed and opened"] as const) {
    const server = await startServer({ hashCost, clients: machines });
    const id = await idOf(server, "grace");
    const thief = server.visitor();
    const own = await atAccount(server);
    const before = (await server.simulator.messages()).length;
    const rp = await createRelyingParty(server);
    const begun = await rp.begin({ acr_values: "twilio_sms" });
    const page = await typePassword(thief, await thief.get(begun.url.href), "grace");
    const code = await server.simulator.codeAfter(before, GRACE);
    if (act === "portal") {
      const form = await own.visitor.get("/account/password");
      await send(own.visitor, form, "/account/password", { password: NEXT, repeat: NEXT });
      assert.equal(await isStill(server, "grace", NEXT), true);
    } else if (act === "admin") {
      const body = { password: NEXT, mustChange: false, reason: REASON };
      const path = `/mgt/configuser/${id}/password`;
      assert.equal((await callApi(server, await tokenOf(server), "POST", path, body)).status, 200);
    } else if (act === "not-me") await server.parts.sessions.endAll(id, id, "reported");
    else
      for (const status of ["disabled", "active"]) {
        const token = await tokenOf(server);
        const { json } = await callApi(server, token, "GET", `/mgt/configuser/${id}`);
        await callApi(server, token, "PUT", "/mgt/configuser", { ...json, status, jansStatus: status });
      }
    const seen = await thief.submit(page, { code });
    assert.ok(!seen.url.searchParams.has("code"), act);
    assert.match((await thief.get("/account")).url.pathname, /^\/login/, act);
  }
});

test("S07: nor is a login taken up that was proven before, by whoever has kept the last redirect for later", async () => {
  const server = await startServer({ hashCost });
  const thief = server.visitor();
  const begun = await (await createRelyingParty(server)).begin({ acr_values: "twilio_sms" });
  const before = (await server.simulator.messages()).length;
  const page = await typePassword(thief, await thief.get(begun.url.href), "grace");
  const kept = await notTakenUp(server, thief, page, await server.simulator.codeAfter(before, GRACE));
  const id = await idOf(server, "grace");
  await server.parts.sessions.endAll(id, id, "reported");
  const seen = await thief.get(kept);
  assert.ok(!seen.url.searchParams.has("code"), seen.url.href);
  assert.match(seen.body, /name="password"/);
  assert.match((await thief.get("/account")).url.pathname, /^\/login/);
});
