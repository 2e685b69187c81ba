/** S18, M24: acts of the help desk that take two administrators, by the API; and what one may do alone, told to the person. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeskAct } from "../../src/core/help-desk-settings.ts";
import { type Answered, callApi, machines, startApi, tokenOf } from "../kit/admin.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 }, clients: machines });
const { directory, authenticators, enrolment, audit, settings, storage, sessions } = server.parts;
const api = await startApi(server);
const desk = await api.person("desk", ["helpdesk"]);
const second = await api.person("second", ["helpdesk"]);
const chief = await api.person("chief", ["admin"]);
const auditor = await api.person("ledger", ["auditor"]);
const APPROVALS = "/mgt/approvals";
const of = (id: string) => `/mgt/configuser/${id}`;

/** The settings want a second administrator for these. */
async function takesTwo(...acts: DeskAct[]): Promise<void> {
  const change = (document: ReturnType<typeof settings.document>) => ({
    ...document,
    helpDesk: { ...document.helpDesk, secondApproval: acts },
  });
  assert.notEqual((await settings.change({ change, by: "test", what: "approval" })).kind, "faulty");
}

let count = 0;
/** Somebody with a phone. */
async function somebody(roles: readonly string[] = []) {
  count += 1;
  const { id } = await api.person(`person-${count}`, roles);
  const bound = await authenticators.bind({
    subject: id,
    kind: "sms",
    key: `key-${count}`,
    data: { number: "+12025550143", country: "US", verifiedAt: Date.now() },
    boundBy: "test",
  });
  return { id, phone: bound.id };
}
const phonesOf = async (id: string) => (await authenticators.list(id, "sms")).length;
const kindsOf = async (id: string) => (await audit.query({ subject: id, limit: 20 })).map(({ kind }) => kind);
const noticesTo = async (id: string) => {
  const rows = await storage.records<{ to: string; notice: { kind: string } }>("notice").list("unsent", 500);
  const sent = await audit.query({ subject: id, kind: "notice-sent", limit: 20 });
  return [
    ...rows.filter(({ to }) => to === id).map(({ notice }) => notice.kind),
    ...sent.map(({ facts }) => String(facts?.notice)),
  ];
};

async function waiting(answer: Answered): Promise<string> {
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.json.state, "pending");
  return answer.json.id as string;
}

test("S18: with the option off an act is done at once; with it on it waits, and another one's yes does it", async () => {
  await takesTwo();
  const one = await somebody();
  const other = await somebody();
  const remove = (who: typeof one) => `${of(who.id)}/phones/${who.phone}?reason=lost`;
  assert.equal((await desk.call("DELETE", remove(one))).status, 204);
  await takesTwo("remove-factor");
  const id = await waiting(await desk.call("DELETE", remove(other)));
  assert.equal(await phonesOf(other.id), 1, "nothing was done");
  const [seen] = (await second.call("GET", APPROVALS)).json.filter((row: { id: string }) => row.id === id);
  assert.deepEqual(
    [seen.act, seen.askedBy, seen.reason, seen.state, seen.hasTicket],
    ["remove-factor", "desk", "lost", "pending", false],
  );
  const done = await second.call("POST", `${APPROVALS}/${id}/approve`);
  assert.deepEqual([done.status, done.json.state, done.json.decidedBy], [200, "done", "second"]);
  assert.equal(await phonesOf(other.id), 0);
  assert.ok((await noticesTo(other.id)).includes("phone-removed"), "the person is told");
  const [removed] = await audit.query({ subject: other.id, kind: "authenticator-unbound", limit: 1 });
  assert.deepEqual(
    [removed?.facts?.by, removed?.facts?.approvedBy, removed?.facts?.reason],
    ["desk", "second", "lost"],
  );
  assert.deepEqual((await kindsOf(other.id)).filter((kind) => kind.startsWith("approval-")).sort(), [
    "approval-asked",
    "approval-given",
  ]);
  assert.equal((await chief.call("POST", `${APPROVALS}/${id}/approve`)).status, 409, "once");
});

test("S18: whoever takes an act out of those that take two is seen by the administrators", async () => {
  await takesTwo("remove-factor", "add-phone");
  assert.ok(!(await noticesTo(chief.id)).includes("approval-loosened"));
  await takesTwo("remove-factor");
  for (let tries = 0; tries < 200 && !(await noticesTo(chief.id)).includes("approval-loosened"); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok((await noticesTo(chief.id)).includes("approval-loosened"));
});

test("S18: no operation does such an act alone, for whomever and however it is spelt", async () => {
  await takesTwo("remove-factor", "add-phone", "open-window", "hand-out-ticket");
  const one = await somebody();
  const machine = await tokenOf(server);
  const acts: readonly (readonly [string, string, unknown?])[] = [
    ["DELETE", `${of(one.id)}/phones/${one.phone}?reason=x`],
    ["DELETE", `${of(one.id)}/authenticators/${one.phone}?reason=x`],
    ["POST", `${of(one.id)}/enrolment`, { by: "ticket", lost: true, reason: "x" }],
    ["POST", `${of(one.id)}/enrolment`, { by: "window", lost: true, reason: "x" }],
  ];
  for (const [method, path, body] of acts) {
    const mine = await chief.call(method, path, body);
    assert.ok(mine.status === 202 || mine.status === 409, `${method} ${path} ${mine.status}`);
    // Behind a machine's secret may stand whoever approves: it does not even ask.
    assert.equal((await callApi(server, machine, method, path, body)).status, 403, `${method} ${path}`);
  }
  const bare = await api.person("bare", []);
  const add = { number: "+447911123456", verified: true, reason: "seen" };
  await waiting(await chief.call("POST", `${of(bare.id)}/phones`, add));
  await waiting(await chief.call("POST", `${of(bare.id)}/enrolment`, { by: "ticket", reason: "x" }));
  await waiting(await chief.call("POST", `${of(bare.id)}/enrolment`, { by: "window", reason: "x" }));
  assert.deepEqual([await phonesOf(one.id), await phonesOf(bare.id)], [1, 0]);
  assert.deepEqual(await enrolment.openings(bare.id, "sms"), []);
});

test("S18: a lost phone with a ticket is one act: it goes and the ticket comes, to the asker, once", async () => {
  await takesTwo("hand-out-ticket");
  const one = await somebody();
  const id = await waiting(
    await desk.call("POST", `${of(one.id)}/enrolment`, { by: "ticket", lost: true, reason: "lost, seen" }),
  );
  const done = await second.call("POST", `${APPROVALS}/${id}/approve`);
  assert.equal(done.json.hasTicket, true, done.text);
  assert.doesNotMatch(done.text, /\b(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}\b/, "whoever approves never sees it");
  assert.equal((await second.call("POST", `${APPROVALS}/${id}/ticket`)).status, 404);
  const handed = await desk.call("POST", `${APPROVALS}/${id}/ticket`);
  assert.equal(await enrolment.knowsTicket(one.id, "sms", handed.json.ticket), true, handed.text);
  assert.equal((await desk.call("POST", `${APPROVALS}/${id}/ticket`)).status, 404, "once");
  assert.equal(await phonesOf(one.id), 0);
});

test("S18: nobody who lacks the rights approves: an auditor, or the help desk over an administrator", async () => {
  await takesTwo("remove-factor");
  const admin = await somebody(["admin"]);
  const id = await waiting(await chief.call("DELETE", `${of(admin.id)}/phones/${admin.phone}?reason=x`));
  assert.equal((await auditor.call("POST", `${APPROVALS}/${id}/approve`)).status, 403);
  assert.equal((await second.call("POST", `${APPROVALS}/${id}/approve`)).status, 403);
  assert.equal((await chief.call("POST", `${APPROVALS}/${id}/approve`)).status, 403, "not the asker");
  assert.equal((await desk.call("DELETE", `${of(admin.id)}/phones/${admin.phone}?reason=x`)).status, 403);
  assert.equal(await phonesOf(admin.id), 1);
  const refused = await audit.query({ subject: admin.id, kind: "admin-refused", limit: 9 });
  assert.ok(refused.length >= 3);
});

test("M24: sessions of a stronger account are ended by nobody weaker, and whoever is signed out is told", async () => {
  assert.equal((await desk.call("DELETE", `/api/v1/jans-auth-server/session/user/${chief.id}`)).status, 403);
  const { visitor } = await (await import("../kit/account.ts")).atAccount(server, "root", "+12025550199");
  const root = (await directory.find("root")) ?? assert.fail();
  const [session] = (await sessions.list({ subject: root.id, limit: 1 })).sessions;
  const path = `/api/v1/jans-auth-server/session/sid/${session?.sid}`;
  assert.equal((await desk.call("DELETE", path)).status, 403);
  assert.equal((await visitor.get("/account")).url.pathname, "/account");
  assert.equal((await chief.call("DELETE", path)).status, 204);
  assert.ok((await noticesTo(root.id)).includes("sessions-ended"));
  const one = await somebody();
  assert.equal((await desk.call("DELETE", `/api/v1/jans-auth-server/session/user/${one.id}`)).status, 204);
  assert.ok((await noticesTo(one.id)).includes("sessions-ended"));
});

test("O23: whoever is disabled, enabled, given a password or loses a way to a phone is told of it", async () => {
  const one = await somebody();
  const patch = (value: string) => ({ customAttributes: [{ name: "status", value }] });
  assert.equal((await chief.call("PATCH", of(one.id), patch("inactive"))).status, 200);
  assert.equal((await chief.call("PATCH", of(one.id), patch("active"))).status, 200);
  const password = { customAttributes: [{ name: "userPassword", value: "a password of mine 77" }] };
  assert.equal((await chief.call("PATCH", of(one.id), password)).status, 200);
  assert.equal((await desk.call("DELETE", `${of(one.id)}/enrolment?reason=x`)).status, 204);
  const told = await noticesTo(one.id);
  for (const kind of ["account-disabled", "account-enabled", "password-changed", "access-closed"])
    assert.ok(told.includes(kind), `${kind} in ${told}`);
});

test("O06: a pause, and a factor that is disabled, are seen beside it", async () => {
  const one = await somebody();
  const { createFailures } = await import("../../src/core/code-failures.ts");
  const failures = createFailures(storage, () => settings.document().limits, server.parts.now);
  for (let n = 0; n < 10; n += 1) await failures.take(one.id);
  const [paused] = (await desk.call("GET", `${of(one.id)}/authenticators`)).json;
  assert.ok(Date.parse(paused.pausedUntil) > Date.now());
  for (let n = 0; n < 40; n += 1) {
    server.advance(61 * 60_000);
    await failures.take(one.id);
  }
  const [off] = (await desk.call("GET", `${of(one.id)}/authenticators`)).json;
  assert.deepEqual([off.disabled, off.pausedUntil], [true, undefined]);
});
