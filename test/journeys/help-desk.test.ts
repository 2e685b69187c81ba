/** S18, O23, P17: the help desk's pages, without JavaScript: found, seen masked, helped, told; with two where two are wanted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { Secret } from "../../src/core/secret.ts";
import { send, toldAfter } from "../kit/account.ts";
import { agentAt, DESK, find, idOf, takesTwo } from "../kit/help-desk.ts";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

test("S18: somebody is found by username, mail, or full name with the last digits, and never by a part", async () => {
  const server = await startServer({ pace: 0.1 });
  const { directory, audit } = server.parts;
  const grace = await idOf(server, "grace");
  const claims = { name: "Grace Brewster Hopper", email: "grace@navy.example" };
  await directory.write?.setClaims(grace, claims);
  const henry = await agentAt(server, "henry");
  const there = `${DESK}/people/${grace}`;
  for (const [who, digits] of [
    ["grace", ""],
    ["GRACE", "43"],
    ["Grace@Navy.example", ""],
    ["grace brewster HOPPER", "0143"],
  ] as const)
    assert.equal((await find(henry, who, digits)).url.pathname, there, who);
  for (const [who, digits] of [
    ["grac", ""],
    ["Grace Brewster Hopper", ""],
    ["Grace Brewster Hopper", "44"],
    ["Hopper", "43"],
    ["grace", "99"],
    ["%", "43"],
  ] as const) {
    const seen = await find(henry, who, digits);
    assert.equal(seen.url.pathname, DESK, who);
    assert.match(textOf(seen.body), /Nobody fits/, who);
  }
  const looked = await audit.query({ subject: grace, kind: "person-looked-up", limit: 20 });
  assert.deepEqual(
    looked.map(({ facts }) => facts),
    Array.from({ length: 4 }, () => ({ by: "henry", found: true })),
  );
  const two = await directory.write?.add({
    username: "hopper2",
    password: new Secret(PASSWORD),
    claims: { email: "grace@navy.example" },
  });
  assert.equal(two?.kind, "done");
  assert.match(textOf((await find(henry, "grace@navy.example")).body), /Several people fit/);
});

test("S18 O23: the phone is lost: what is there is seen masked, a ticket is shown once, the person is told, all of it in the audit", async () => {
  const server = await startServer({ pace: 0.1 });
  const { enrolment, audit, authenticators } = server.parts;
  const grace = await idOf(server, "grace");
  const henry = await agentAt(server, "henry");
  const person = await find(henry, "grace");
  assert.match(textOf(person.body), /Phones •+ ?43/);
  assert.doesNotMatch(person.body, /2025550143/);
  assert.match(textOf(person.body), /Active/);
  const before = (await server.simulator.messages()).length;
  const ask = await henry.visitor.get(`${DESK}/people/${grace}/lost`);
  assert.match(textOf(ask.body), /Has grace lost the phone/);
  const again = await henry.visitor.submit(ask, { by: "ticket", reason: "  " });
  assert.deepEqual([again.status, /Write a reason/.test(textOf(again.body))], [422, true]);
  const shown = await henry.visitor.submit(ask, { by: "ticket", reason: "stolen; badge 4711 seen" });
  assert.equal(shown.url.pathname, `${DESK}/ticket`);
  const ticket = /<code>([A-Z0-9-]+)<\/code>/.exec(shown.body)?.[1] ?? assert.fail(textOf(shown.body));
  assert.equal(shown.headers["cache-control"], "no-store");
  assert.equal(await enrolment.knowsTicket(grace, "sms", ticket), true);
  const reload = await henry.visitor.get(`${DESK}/ticket`);
  assert.doesNotMatch(reload.body, new RegExp(ticket));
  assert.match(textOf(reload.body), /shown once/);
  assert.deepEqual(await authenticators.list(grace, "sms"), []);
  await toldAfter(server, before, GRACE, /phone of your account was removed/);
  for (const kind of ["authenticator-unbound", "enrolment-opened"] as const) {
    const [event] = await audit.query({ subject: grace, kind, limit: 1 });
    assert.deepEqual([event?.facts?.by, event?.facts?.reason], ["henry", "stolen; badge 4711 seen"], kind);
  }
  const opened = await henry.visitor.get(`${DESK}/people/${grace}`);
  assert.match(textOf(opened.body), /Ticket Phones: Until .*, opened by henry/);
  assert.match(textOf(opened.body), /A new way to sign in was allowed/);
  const close = await henry.visitor.get(`${DESK}/people/${grace}/close`);
  assert.match(
    textOf((await henry.visitor.submit(close, { reason: "found it" })).body),
    /permission is taken back/,
  );
  assert.deepEqual(await enrolment.openings(grace, "sms"), []);
});

test("S07 O23: sessions of a person are ended, and a factor is removed, each with a reason", async () => {
  const server = await startServer({ pace: 0.1 });
  const { sessions, authenticators } = server.parts;
  const grace = await idOf(server, "grace");
  const { atAccount } = await import("../kit/account.ts");
  const hers = await atAccount(server);
  const henry = await agentAt(server, "henry");
  const person = await find(henry, "grace");
  assert.match(textOf(person.body), /1 session/);
  const ask = await henry.visitor.get(`${DESK}/people/${grace}/sign-out`);
  assert.match(
    textOf((await henry.visitor.submit(ask, { reason: "left at a library" })).body),
    /All sessions have ended/,
  );
  assert.equal((await sessions.list({ subject: grace, limit: 9 })).sessions.length, 0);
  assert.match((await hers.visitor.get("/account")).url.pathname, /^\/login/);
  const [phone] = await authenticators.list(grace);
  const remove = await henry.visitor.get(`${DESK}/people/${grace}/factors/${phone?.id}/remove`);
  assert.match(textOf(remove.body), /Phones: remove it for grace\?/);
  assert.match(textOf((await henry.visitor.submit(remove, { reason: "new one" })).body), /It is removed/);
  assert.deepEqual(await authenticators.list(grace), []);
});

test("S18: with two wanted, an agent asks on the page, another approves there, and the asker gets the ticket", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "hand-out-ticket");
  const { enrolment, authenticators } = server.parts;
  const grace = await idOf(server, "grace");
  const [henry, hannah] = [await agentAt(server, "henry"), await agentAt(server, "hannah")];
  await find(henry, "grace");
  const ask = await henry.visitor.get(`${DESK}/people/${grace}/lost`);
  const told = await henry.visitor.submit(ask, { by: "ticket", reason: "stolen" });
  assert.match(textOf(told.body), /Not done yet: a second administrator has to approve it until/);
  assert.equal((await authenticators.list(grace)).length, 1);
  const list = await hannah.visitor.get(`${DESK}/approvals`);
  assert.match(textOf(list.body), /grace: hand out a ticket waits Asked for by henry/);
  const url = /\/account\/help-desk\/approvals\/[\w-]+/.exec(list.body)?.[0] ?? assert.fail();
  const one = await hannah.visitor.get(url);
  assert.match(textOf(one.body), /stolen/);
  const done = await send(hannah.visitor, one, `${url}/approve`);
  assert.match(textOf(done.body), /Approved and done/);
  const mine = await henry.visitor.get(url);
  const shown = await send(henry.visitor, mine, `${url}/ticket`);
  const ticket = /<code>([A-Z0-9-]+)<\/code>/.exec(shown.body)?.[1] ?? assert.fail(textOf(shown.body));
  assert.equal(await enrolment.knowsTicket(grace, "sms", ticket), true);
});

test("S18: who has forgotten the password gets a ticket from an agent, for the page where it is typed; where two are wanted it waits", async () => {
  const server = await startServer({ pace: 0.1 });
  const { audit } = server.parts;
  const grace = await idOf(server, "grace");
  const [henry, hannah] = [await agentAt(server, "henry"), await agentAt(server, "hannah")];
  const page = await find(henry, "grace");
  assert.match(textOf(page.body), /The password is forgotten/);
  const ask = await henry.visitor.get(`${DESK}/people/${grace}/password`);
  assert.match(textOf(ask.body), /Has grace forgotten the password\?/);
  const shown = await henry.visitor.submit(ask, { reason: "seen with her badge" });
  assert.match(textOf(shown.body), /within an hour, at this address: .*\/forgotten\/ticket/);
  const ticket = /<code>([A-Z0-9-]+)<\/code>/.exec(shown.body)?.[1] ?? assert.fail(textOf(shown.body));
  const hers = server.visitor();
  const typed = await hers.submit(await hers.get("/forgotten/ticket"), { username: "grace", ticket });
  assert.match(typed.body, /name="code"/, "her second step comes first, as ever");
  const [event] = await audit.query({ subject: grace, kind: "password-ticket", limit: 1 });
  assert.deepEqual([event?.facts?.by, event?.facts?.reason], ["henry", "seen with her badge"]);
  await takesTwo(server, "password-ticket");
  const again = await henry.visitor.get(`${DESK}/people/${grace}/password`);
  const told = await henry.visitor.submit(again, { reason: "forgotten again" });
  assert.match(textOf(told.body), /Not done yet/);
  const list = await hannah.visitor.get(`${DESK}/approvals`);
  assert.match(textOf(list.body), /grace: hand out a ticket for a new password waits/);
  const url = /\/account\/help-desk\/approvals\/[\w-]+/.exec(list.body)?.[0] ?? assert.fail();
  const done = await send(hannah.visitor, await hannah.visitor.get(url), `${url}/approve`);
  assert.match(textOf(done.body), /Approved and done/);
  const mine = await send(henry.visitor, await henry.visitor.get(url), `${url}/ticket`);
  assert.match(textOf(mine.body), /at this address: .*\/forgotten\/ticket/);
});

test("O21: who had an app alone and has lost it gets a ticket for an app; while they hold something, no way is opened round it", async () => {
  const server = await startServer({
    pace: 0.1,
    settings: {
      acrs: { enabled: ["twilio_sms", "otp"], default: "twilio_sms" },
      limits: { passkeyOfferDays: 0 },
    },
  });
  const { directory, authenticators, enrolment } = server.parts;
  const added = await directory.write?.add({ username: "olga", password: new Secret(PASSWORD) });
  const id = added?.kind === "done" ? added.user.id : assert.fail();
  const data = { secret: "JBSWY3DPEHPK3PXP", label: "Old phone", lastStep: 0 };
  await authenticators.bind({ subject: id, kind: "totp", key: "k", data, boundBy: "test" });
  const henry = await agentAt(server, "henry");
  await find(henry, "olga");
  const url = `${DESK}/people/${id}`;
  const forged = { by: "window", factor: "totp", reason: "x" };
  assert.match(textOf((await send(henry.visitor, henry.page, `${url}/open`, forged)).body), /does not suit/);
  assert.deepEqual(await enrolment.openings(id, "totp"), []);
  const [app] = await authenticators.list(id);
  const remove = await henry.visitor.get(`${url}/factors/${app?.id}/remove`);
  await henry.visitor.submit(remove, { reason: "phone drowned, seen" });
  const ask = await henry.visitor.get(`${url}/open`);
  assert.match(textOf(ask.body), /Authenticator app/);
  const shown = await henry.visitor.submit(ask, { by: "ticket", factor: "totp", reason: "phone drowned" });
  const ticket = /<code>([A-Z0-9-]+)<\/code>/.exec(shown.body)?.[1] ?? assert.fail(textOf(shown.body));
  const visitor = server.visitor();
  const enrol = await typePassword(visitor, await visitor.get("/demo/login?acr_values=otp"), "olga");
  const secret = /class="user-code shown secret"[^>]*>([^<]+)</.exec(enrol.body)?.[1]?.replaceAll(" ", "");
  const code = new TOTP({ secret: secret ?? assert.fail(textOf(enrol.body)) }).generate();
  const without = await visitor.submit(enrol, { code, label: "New", ticket: "AAAA-BBBB-CCCC-DDDD" });
  assert.match(textOf(without.body), /ticket is not right/);
  const done = await visitor.submit(without, { code, label: "New", ticket });
  assert.equal(done.url.pathname, "/demo", textOf(done.body));
  const [bound] = await authenticators.list(id, "totp");
  assert.equal(bound?.boundBy, "ticket");
  assert.equal(await enrolment.knowsTicket(id, "totp", ticket), false, "once");
});
