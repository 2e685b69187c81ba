/**
 * The help desk as a way in: a stolen cookie, no role, a role that is gone, somebody stronger, one's own yes, two yeses,
 * a late one, a forged form, and the desk as a directory of everybody.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { atAccount, csrfOf, send } from "../kit/account.ts";
import { callApi, machines, startApi, tokenOf } from "../kit/admin.ts";
import { ROOT_PHONE } from "../kit/device.ts";
import { type AtDesk, addAgent, agentAt, DESK, find, idOf, takesTwo, tooOld } from "../kit/help-desk.ts";
import { PASSWORD, startServer, type TestServer } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const MINUTE = 60_000;

async function held(server: TestServer, who: string): Promise<number> {
  const { authenticators } = server.parts;
  return (await authenticators.list(await idOf(server, who))).length;
}

/** Everything that can be done to somebody, as the forms post it. */
async function actsOn(server: TestServer, who: string) {
  const id = await idOf(server, who);
  const [phone] = await server.parts.authenticators.list(id);
  const url = `${DESK}/people/${id}`;
  const by = { by: "ticket", reason: "x" };
  return [
    [`${url}/factors/${phone?.id}/remove`, { reason: "x" }],
    [`${url}/open`, by],
    [`${url}/lost`, by],
    [`${url}/password`, { reason: "x" }],
    [`${url}/close`, { reason: "x" }],
    [`${url}/sign-out`, { reason: "x" }],
  ] as const;
}

/** Nothing was done to this person. */
async function untouched(server: TestServer, who: string, phones = 1): Promise<void> {
  const { audit, enrolment } = server.parts;
  const subject = await idOf(server, who);
  assert.equal(await held(server, who), phones);
  assert.deepEqual(await enrolment.openings(subject, "sms"), []);
  for (const kind of [
    "session-ended",
    "authenticator-unbound",
    "enrolment-opened",
    "enrolment-closed",
    "password-ticket",
  ] as const)
    assert.deepEqual(await audit.query({ subject, kind, limit: 1 }), [], kind);
}

/** Asks for grace's phone to be removed; answers where it waits. */
async function asks(server: TestServer, agent: AtDesk, who = "grace"): Promise<string> {
  await find(agent, who);
  const [remove] = await actsOn(server, who);
  const told = await send(agent.visitor, agent.page, remove?.[0] ?? "", { reason: "stolen" });
  assert.match(textOf(told.body), /Not done yet/, told.url.pathname);
  const list = await agent.visitor.get(`${DESK}/approvals`);
  const row = new RegExp(
    `href="(${DESK}/approvals/[\\w-]+)"><span><strong>${who}:[^<]*</strong> <span class="mark">waits`,
  );
  return row.exec(list.body)?.[1] ?? assert.fail(textOf(list.body));
}

test("P09: a stolen cookie helps nobody: after five minutes every act asks for the agent's own factor, whatever the portal allows", async () => {
  const server = await startServer({ pace: 0.1, settings: { portal: { freshFor: 900 } } });
  const henry = await agentAt(server, "henry");
  await find(henry, "grace");
  const acts = await actsOn(server, "grace");
  await tooOld(server);
  for (const [path, fields] of acts) {
    assert.match((await henry.visitor.get(path)).url.pathname, /^\/login/, path);
    assert.match(
      (await send(henry.visitor, henry.page, path, fields)).url.pathname,
      /^\/login/,
      `POST ${path}`,
    );
  }
  await untouched(server, "grace");
});

test("P09: an approval asks for it as well", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "remove-factor");
  const [henry, hannah] = [await agentAt(server, "henry"), await agentAt(server, "hannah")];
  const url = await asks(server, henry);
  await tooOld(server);
  for (const act of ["approve", "decline"])
    assert.match((await send(hannah.visitor, hannah.page, `${url}/${act}`)).url.pathname, /^\/login/, act);
  await untouched(server, "grace");
});

test("S18: to whoever has no role, or looks alone, there is no help desk, and the way there is not shown", async () => {
  const server = await startServer({ pace: 0.1 });
  const { visitor, page } = await atAccount(server, "root", ROOT_PHONE);
  assert.match(page.body, /help-desk/, "an administrator helps as well");
  for (const [name, roles] of [
    ["plain", []],
    ["ledger", ["auditor"]],
  ] as const) {
    const { phone } = await addAgent(server, name, roles);
    const there = await atAccount(server, name, phone);
    assert.doesNotMatch(there.page.body, /help-desk/);
    for (const path of [DESK, `${DESK}/approvals`, `${DESK}/ticket`, `${DESK}/people/x`])
      assert.equal((await there.visitor.get(path)).status, 404, `${name} ${path}`);
    const posts = [[`${DESK}/find`, { who: "grace" }], ...(await actsOn(server, "grace"))] as const;
    for (const [path, fields] of posts)
      assert.equal((await send(there.visitor, there.page, path, fields)).status, 404, `${name} ${path}`);
  }
  await untouched(server, "grace");
  assert.equal((await visitor.get(DESK)).status, 200);
});

test("S18: a role that is taken away counts at the next request, an account that is closed too", async () => {
  const server = await startServer({ pace: 0.1 });
  const henry = await agentAt(server, "henry");
  await find(henry, "grace");
  await server.parts.directory.write?.setRoles(henry.id, []);
  for (const [path, fields] of await actsOn(server, "grace"))
    assert.equal((await send(henry.visitor, henry.page, path, fields)).status, 404, path);
  await untouched(server, "grace");
  await server.parts.directory.write?.setRoles(henry.id, ["helpdesk"]);
  await server.parts.directory.write?.setStatus(henry.id, "disabled");
  assert.match((await henry.visitor.get(DESK)).url.pathname, /^\/login/);
});

test("S18: a session of a password alone sees nobody", async () => {
  const server = await startServer({
    pace: 0.1,
    settings: { acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "simple_password_auth" } },
  });
  const { phone } = await addAgent(server, "henry", ["helpdesk"]);
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/account"), {
    username: "henry",
    password: PASSWORD,
  });
  assert.equal(page.url.pathname, "/account");
  const asked = await visitor.get(DESK);
  assert.match(asked.body, /name="code"/);
  assert.match((await send(visitor, page, `${DESK}/find`, { who: "grace" })).url.pathname, /^\/login/);
  assert.deepEqual(await server.parts.audit.query({ kind: "person-looked-up", limit: 1 }), []);
  // With the code beside it the desk opens.
  const other = server.visitor();
  const first = await other.submit(await other.get("/account"), { username: "henry", password: PASSWORD });
  assert.equal(first.url.pathname, "/account");
  server.advance(MINUTE);
  const before = (await server.simulator.messages()).length;
  const again = await other.get(DESK);
  const code = await server.simulator.codeAfter(before, phone);
  assert.equal((await other.submit(again, { code })).url.pathname, DESK);
});

test("M24: nobody touches an account with more rights than their own, nor their own", async () => {
  const server = await startServer({ pace: 0.1 });
  const henry = await agentAt(server, "henry");
  await addAgent(server, "ledger", ["auditor"]);
  for (const who of ["root", "ledger", "henry"]) {
    const seen = await find(henry, who);
    assert.match(textOf(seen.body), who === "henry" ? /This is you/ : /more rights than you/, who);
    for (const [path, fields] of await actsOn(server, who)) {
      const told = await send(henry.visitor, henry.page, path, fields);
      assert.match(textOf(told.body), /You may not do this/, `${who} ${path}`);
      assert.match(textOf((await henry.visitor.get(path)).body), /You may not do this/, `${who} ${path}`);
    }
    await untouched(server, who);
  }
});

test("M24: who was an ordinary person when they were looked for, and is an administrator now, is out of reach", async () => {
  const server = await startServer({ pace: 0.1 });
  const henry = await agentAt(server, "henry");
  await find(henry, "grace");
  await server.parts.directory.write?.setRoles(await idOf(server, "grace"), ["admin"]);
  for (const [path, fields] of await actsOn(server, "grace"))
    await send(henry.visitor, henry.page, path, fields);
  await untouched(server, "grace");
});

test("CSRF: a form of another site, of another session or without its token does nothing", async () => {
  const server = await startServer({ pace: 0.1 });
  const henry = await agentAt(server, "henry");
  const root = await atAccount(server, "root", ROOT_PHONE);
  await find(henry, "grace");
  for (const [path, fields] of [
    ...(await actsOn(server, "grace")),
    [`${DESK}/find`, { who: "root" }] as const,
  ]) {
    await henry.visitor.send("POST", path, { ...fields });
    await henry.visitor.send("POST", path, { ...fields, csrf: csrfOf(root.page) });
    await send(henry.visitor, henry.page, path, fields, { "sec-fetch-site": "cross-site" });
    await send(henry.visitor, henry.page, path, fields, { origin: "https://evil.example" });
  }
  await untouched(server, "grace");
  assert.deepEqual(
    await server.parts.audit.query({
      subject: await idOf(server, "root"),
      kind: "person-looked-up",
      limit: 1,
    }),
    [],
  );
});

test("P11: the desk is no directory: a bounded number of looks, found or not, and no page without one", async () => {
  const server = await startServer({ pace: 0.1 });
  const { settings, audit } = server.parts;
  await settings.change({
    change: (document) => ({ ...document, helpDesk: { ...document.helpDesk, searchesPerHour: 5 } }),
    by: "test",
    what: "limit",
  });
  const [henry, hannah] = [await agentAt(server, "henry"), await agentAt(server, "hannah")];
  const grace = await idOf(server, "grace");
  const closed = await henry.visitor.get(`${DESK}/people/${grace}`);
  assert.match(textOf(closed.body), /Look for the person first/);
  for (const [path, fields] of await actsOn(server, "grace"))
    assert.match(textOf((await send(henry.visitor, henry.page, path, fields)).body), /Look for the person/);
  await untouched(server, "grace");
  // All at once, so that nobody passes between the count and the look.
  const seen = await Promise.all(
    Array.from({ length: 12 }, (_, n) => find(henry, n % 2 === 0 ? "grace" : `nobody-${n}`)),
  );
  assert.equal(seen.filter(({ status }) => status === 429).length, 7);
  assert.equal((await audit.query({ kind: "person-looked-up", limit: 50 })).length, 5);
  assert.match(textOf((await find(henry, "ada")).body), /too many people/);
  assert.equal(
    (await find(hannah, "grace")).url.pathname,
    `${DESK}/people/${grace}`,
    "each agent by themselves",
  );
  // What was opened closes again: an agent who has gone home sees nobody's page.
  server.advance(61 * MINUTE);
  const old = await henry.visitor.get(`${DESK}/people/${grace}`);
  assert.doesNotMatch(old.body, /•• ?43/);
});

test("P11: more in a day than eight hours' worth are too many", async () => {
  const server = await startServer({ pace: 0.1 });
  const { createLooks } = await import("../../src/surfaces/portal/help-desk-looks.ts");
  let at = Date.UTC(2027, 0, 31);
  const looks = createLooks({ ...server.parts, searchesPerHour: () => 5, now: () => at });
  let taken = 0;
  for (let hour = 0; hour < 24; hour += 1, at += 60 * MINUTE)
    for (let n = 0; n < 7; n += 1) taken += (await looks.take("henry")) ? 1 : 0;
  assert.equal(taken, 40);
  assert.equal(await looks.take("henry"), true, "the next day");
});

test("S18: nobody approves what they asked for, not from another browser, nor what is done to them", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "remove-factor");
  const { phone } = await addAgent(server, "henry", ["helpdesk"]);
  const first = await atAccount(server, "henry", phone);
  const henry = { id: await idOf(server, "henry"), ...first, page: await first.visitor.get(DESK) };
  const url = await asks(server, henry);
  const other = await atAccount(server, "henry", phone);
  for (const { visitor, page } of [henry, other]) {
    assert.doesNotMatch((await visitor.get(url)).body, /\/approve"/);
    assert.match(textOf((await send(visitor, page, `${url}/approve`)).body), /You may not do this/);
  }
  await untouched(server, "grace");
  // Of an agent's own phone: asked for by another, it waits for a third.
  const hannah = await agentAt(server, "hannah");
  const onHenry = await asks(server, hannah, "henry");
  assert.match(textOf((await send(henry.visitor, henry.page, `${onHenry}/approve`)).body), /You may not/);
  assert.match(textOf((await send(henry.visitor, henry.page, `${onHenry}/decline`)).body), /You may not/);
  assert.equal(await held(server, "henry"), 1);
});

test("M11: of many approvals at once one does the act, once", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "remove-factor");
  const agents = [
    await agentAt(server, "henry"),
    await agentAt(server, "hannah"),
    await agentAt(server, "hugo"),
  ];
  const [henry, ...others] = agents as [AtDesk, ...AtDesk[]];
  const url = await asks(server, henry);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => {
      const { visitor, page } = others[n % 2] ?? henry;
      return send(visitor, page, `${url}/${n % 4 === 3 ? "decline" : "approve"}`);
    }),
  );
  assert.equal(answers.length, 8);
  const subject = await idOf(server, "grace");
  const { audit } = server.parts;
  const given = await audit.query({ subject, kind: "approval-given", limit: 9 });
  const declined = await audit.query({ subject, kind: "approval-declined", limit: 9 });
  assert.equal(given.length + declined.length, 1);
  const removed = await audit.query({ subject, kind: "authenticator-unbound", limit: 9 });
  assert.equal(removed.length, given.length);
});

test("S18: what nobody approved in time is gone", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "remove-factor");
  const henry = await agentAt(server, "henry");
  const { phone } = await addAgent(server, "hannah", ["helpdesk"]);
  const url = await asks(server, henry);
  server.advance(61 * MINUTE);
  const hannah = await atAccount(server, "hannah", phone);
  assert.match(textOf((await send(hannah.visitor, hannah.page, `${url}/approve`)).body), /not there/);
  await untouched(server, "grace");
});

test("S18 M24: rights and preconditions are those of the moment of the approval", async () => {
  const server = await startServer({ pace: 0.1 });
  await takesTwo(server, "remove-factor");
  const { directory, audit, authenticators } = server.parts;
  const hannah = await agentAt(server, "hannah");
  const grace = await idOf(server, "grace");
  const refused = async (prepare: (asker: AtDesk) => Promise<unknown>, name: string) => {
    const asker = await agentAt(server, name);
    const url = await asks(server, asker);
    await prepare(asker);
    await send(hannah.visitor, hannah.page, `${url}/approve`);
    assert.equal(await held(server, "grace"), 1, name);
  };
  await refused(({ id }) => directory.write?.setRoles(id, []) ?? assert.fail(), "role-taken");
  await refused(({ id }) => directory.write?.setStatus(id, "disabled") ?? assert.fail(), "closed");
  const failed = await audit.query({ subject: grace, kind: "approval-failed", limit: 9 });
  assert.equal(failed.length, 2);
  assert.match(String(failed[0]?.facts?.why), /may not do it any more/);
  await refused(() => directory.write?.setRoles(grace, ["admin"]) ?? assert.fail(), "risen");
  await directory.write?.setRoles(grace, []);
  // The phone is another one by now: what was asked for is not there, and the new one stays.
  const asker = await agentAt(server, "too-late");
  const url = await asks(server, asker);
  const [phone] = await authenticators.list(grace);
  await authenticators.unbind(phone?.id ?? "", "grace", "changed");
  await authenticators.bind({ ...(phone ?? assert.fail()), key: "another", boundBy: "two-factors" });
  await send(hannah.visitor, hannah.page, `${url}/approve`);
  assert.equal(await held(server, "grace"), 1);
  // An approver whose role is gone finds no desk.
  const last = await asks(server, await agentAt(server, "last"));
  await directory.write?.setRoles(hannah.id, ["auditor"]);
  assert.equal((await send(hannah.visitor, hannah.page, `${last}/approve`)).status, 404);
  assert.equal(await held(server, "grace"), 1);
});

test("P09: whoever turns back from the step-up has done nothing", async () => {
  const server = await startServer({ pace: 0.1 });
  const henry = await agentAt(server, "henry");
  await find(henry, "grace");
  const [remove] = await actsOn(server, "grace");
  await tooOld(server);
  const asked = await henry.visitor.get(remove?.[0] ?? "");
  assert.match(asked.url.pathname, /^\/login/);
  const back = await henry.visitor.submit(asked, { action: "cancel" });
  assert.equal(back.url.pathname.startsWith(`${DESK}/people`), false);
  await untouched(server, "grace");
});

test("S18: where setting a password takes two, no path sets one alone: not the operation, nor a change of the person, nor SCIM", async () => {
  const server = await startServer({
    pace: 0.1,
    hashCost: { memory: 64, passes: 1, lanes: 1 },
    clients: machines,
  });
  await takesTwo(server, "set-password", "password-ticket");
  const { directory, audit, storage } = server.parts;
  const api = await startApi(server);
  const [chief, second] = [await api.person("chief", ["admin"]), await api.person("second", ["admin"])];
  const desk = await api.person("desk", ["helpdesk"]);
  const machine = await tokenOf(server);
  const grace = await idOf(server, "grace");
  const OWN = "a password of the asker 77";
  const at = `/mgt/configuser/${grace}`;
  const person = (await chief.call("GET", at)).json;
  const attribute = { customAttributes: [{ name: "userPassword", value: OWN }] };
  const paths: readonly (readonly [string, string, unknown])[] = [
    ["POST", `${at}/password`, { password: OWN, reason: "x" }],
    ["POST", `${at}/password`, { password: OWN, mustChange: false, reason: "x" }],
    ["POST", `${at}/password`, { temporary: true, reason: "x" }],
    ["POST", `${at}/password`, { mustChange: false, reason: "x" }],
    ["POST", `${at}/password-ticket`, { reason: "x" }],
    ["PATCH", at, attribute],
    ["PATCH", at, { jsonPatchString: `[{"op":"add","path":"/userPassword","value":"${OWN}"}]` }],
    ["PUT", "/mgt/configuser", { ...person, userPassword: OWN }],
    [
      "PUT",
      "/mgt/configuser",
      { ...person, customAttributes: [...person.customAttributes, ...attribute.customAttributes] },
    ],
  ];
  for (const [method, path, body] of paths) {
    const mine = await chief.call(method, path, body);
    assert.ok(mine.status === 202 || mine.status === 409, `${method} ${path} ${mine.status} ${mine.text}`);
    assert.ok(!mine.text.includes(OWN));
    const theirs = await callApi(server, machine, method, path, body);
    assert.ok(theirs.status === 403 || theirs.status === 409, `${method} ${path} ${theirs.status}`);
  }
  const scim = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "grace", password: OWN };
  const operations = [{ op: "replace", path: "password", value: OWN }];
  for (const [method, body] of [
    ["PUT", scim],
    ["PATCH", { Operations: operations }],
  ] as const) {
    const url = new URL(`/scim/v2/Users/${grace}`, server.issuer);
    const headers = { authorization: `Bearer ${machine}`, "content-type": "application/scim+json" };
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 409, await answer.text());
  }
  // What waits is the two acts, once each, and no password is kept with them.
  const waiting = (await second.call("GET", "/mgt/approvals")).json as { id: string; act: string }[];
  assert.deepEqual(waiting.map(({ act }) => act).sort(), ["password-ticket", "set-password"]);
  const kept = await storage.records("approval").list("pending", 9);
  assert.ok(!JSON.stringify(kept).includes(OWN));
  const right = async (text: string) =>
    (await directory.checkPassword("grace", new Secret(text))).kind === "right";
  assert.deepEqual([await right(PASSWORD), await right(OWN)], [true, false]);
  for (const kind of ["user-changed", "password-ticket"] as const)
    assert.deepEqual(await audit.query({ subject: grace, kind, limit: 1 }), [], kind);
  // Not by the asker, not by whoever may set no password; then by another administrator, and it comes to the asker alone.
  const id = (act: string) => waiting.find((one) => one.act === act)?.id ?? assert.fail(act);
  const approve = (who: typeof chief, act: string) => who.call("POST", `/mgt/approvals/${id(act)}/approve`);
  for (const who of [chief, desk]) assert.equal((await approve(who, "set-password")).status, 403);
  assert.equal((await approve(chief, "password-ticket")).status, 403);
  assert.equal(await right(PASSWORD), true);
  for (const act of ["password-ticket", "set-password"]) {
    const done = await approve(second, act);
    assert.deepEqual([done.json.state, done.json.hasTicket], ["done", true], done.text);
    assert.doesNotMatch(done.text, /\b(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}\b|[a-z2-9]{5}-[a-z2-9]{5}-/);
    const take = `/mgt/approvals/${id(act)}/ticket`;
    assert.equal((await second.call("POST", take)).status, 404, "not the approver");
    const handed = await chief.call("POST", take);
    assert.equal(handed.json.act, act);
    assert.ok(Date.parse(handed.json.until) > Date.now());
    assert.equal((await chief.call("POST", take)).status, 404, "once");
    if (act === "password-ticket") assert.equal(handed.json.url, `${server.issuer}/forgotten/ticket`);
    else
      assert.equal(
        (await directory.checkPassword("grace", new Secret(handed.json.ticket))).kind,
        "must-change",
      );
  }
  const [set] = await audit.query({ subject: grace, kind: "user-changed", limit: 1 });
  assert.deepEqual([set?.facts?.by, set?.facts?.approvedBy], ["chief", "second"]);
});

test("S18: a change without a password does not wait, a person is added with one, and nobody asks for a ticket of their own", async () => {
  const server = await startServer({ pace: 0.1, hashCost: { memory: 64, passes: 1, lanes: 1 } });
  await takesTwo(server, "set-password", "password-ticket");
  const api = await startApi(server);
  const chief = await api.person("chief", ["admin"]);
  const grace = await idOf(server, "grace");
  const named = await chief.call("PATCH", `/mgt/configuser/${grace}`, {
    customAttributes: [{ name: "nickname", value: "Amazing Grace" }],
  });
  assert.equal(named.status, 200, named.text);
  const added = await chief.call("POST", "/mgt/configuser", { userId: "new", userPassword: PASSWORD });
  assert.equal(added.status, 201, added.text);
  assert.equal(
    (await chief.call("POST", `/mgt/configuser/${chief.id}/password-ticket`, { reason: "x" })).status,
    409,
  );
});
