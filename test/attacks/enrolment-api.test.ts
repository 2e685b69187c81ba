/**
 * Attacks on the enrolment API: an application that wants more than it may, a person's token in wrong hands, guesses and
 * texts that are spread over the API and the pages, calls at once, and whoever administers.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { operations } from "../../src/surfaces/enrolment/contract.ts";
import { secondPhone } from "../kit/account.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { applications, callEnrolment, machineToken, numberOf, personToken } from "../kit/enrolment-api.ts";
import {
  GRACE,
  PASSWORD,
  type ServerOptions,
  startServer,
  type TestServer,
  twoSteps,
  typePassword,
} from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const SMS = "/enrollment/twilio_sms";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROOT = "+12025550199";
const ACRS = { enabled: ["simple_password_auth", "twilio_sms", "otp"], default: "twilio_sms" };

const open = (settings: Record<string, unknown> = {}, options: Partial<ServerOptions> = {}) =>
  startServer({
    pace: 0.1,
    clients: [...applications, ...machines],
    settings: { acrs: ACRS, portal: { applicationsAlone: "first-phone" }, ...settings },
    hashCost: { memory: 64, passes: 1, lanes: 1 },
    ...options,
  });

const idOf = async (server: TestServer, name: string) =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(`no ${name}`);
async function newPerson(server: TestServer, username: string): Promise<string> {
  const made = await server.parts.directory.write?.add({ username, password: new Secret(PASSWORD) });
  assert.equal(made?.kind, "done");
  return idOf(server, username);
}
const byTwoSteps = (server: TestServer, name = "grace", phone = GRACE, client = "shop") =>
  personToken(
    server,
    async (visitor, url) => twoSteps(server, visitor, await visitor.get(url), name, phone),
    client,
  );
const byPassword = (server: TestServer, name: string) =>
  personToken(
    server,
    async (visitor, url) => typePassword(visitor, await visitor.get(url), name),
    "shop",
    "simple_password_auth",
  );
const send = (server: TestServer, token: string, userid: string, number: string, more: object = {}) =>
  callEnrolment(server, token, "POST", `${SMS}/send-code`, { userid, number, ...more });
const validate = (server: TestServer, token: string, userid: string, key: string, code: string) =>
  callEnrolment(server, token, "POST", `${SMS}/validate-code`, { userid, key, code });
const phonesOf = async (server: TestServer, subject: string) =>
  (await server.parts.authenticators.list(subject, "sms")).length;
const wrongOf = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

/** Who may do what; everybody who is not named is refused. An operation without a row fails. */
const CALLERS = ["anonymous", "admin-machine", "looker", "backend", "owner", "stale", "stranger"] as const;
type Caller = (typeof CALLERS)[number];
const ROWS: Readonly<Record<string, readonly Caller[]>> = {
  "post-validate-number": ["backend", "owner", "stale", "stranger"],
  "post-send-code": ["owner"],
  "post-validate-code": ["backend", "owner", "stale"],
  "post-twilio-sms-creds": [],
  "get-creds": ["backend", "owner", "stale"],
  "patch-creds": ["owner", "stale"],
  "delete-creds": ["owner"],
  "get-2fa-user-info": ["looker", "backend", "owner", "stale"],
};

test("S18: who may do what, for every operation; everybody else is refused and nothing has changed", async () => {
  const server = await open();
  const second = await secondPhone(server);
  const grace = await idOf(server, "grace");
  const stranger = await newPerson(server, "mallory");
  await secondPhone(server, "mallory", "demo", numberOf(90));
  const stale = await byTwoSteps(server);
  server.advance(6 * MINUTE);
  const tokens: Readonly<Record<Caller, string | undefined>> = {
    anonymous: undefined,
    "admin-machine": await tokenOf(server, "machine", adminScopes),
    looker: await machineToken(server, "looker"),
    backend: await machineToken(server),
    owner: await byTwoSteps(server),
    stale,
    stranger: await byTwoSteps(server, "mallory", numberOf(90)),
  };
  assert.notEqual(stranger, grace);
  const key = "k".repeat(43);
  const bodies: Readonly<Record<string, object>> = {
    "post-validate-number": { number: GRACE },
    "post-send-code": { userid: grace, number: numberOf(91) },
    "post-validate-code": { userid: grace, key, code: "123456" },
    "post-twilio-sms-creds": { key, nickName: "x", code: "123456" },
    "patch-creds": { nickName: "mine" },
  };
  assert.deepEqual(operations.map(({ id }) => id).sort(), Object.keys(ROWS).sort());
  for (const { id, method, path } of operations)
    for (const caller of CALLERS) {
      const url = path.replace("{userid}", grace).replace("{id}", second.id);
      // The one that does something comes last: what is refused has to have done nothing before.
      if (id === "delete-creds" && caller === "owner") continue;
      const answer = await callEnrolment(server, tokens[caller], method, url, bodies[id]);
      const may = ROWS[id]?.includes(caller) ?? false;
      assert.equal(
        answer.status < 300,
        may,
        `${id} by ${caller}: ${answer.status} ${JSON.stringify(answer.json)}`,
      );
      if (caller === "anonymous" || caller === "admin-machine") assert.equal(answer.status, 401);
    }
  assert.equal(await phonesOf(server, grace), 2);
  const gone = await callEnrolment(server, tokens.owner, "DELETE", `/enrollment/creds/${grace}/${second.id}`);
  assert.equal(gone.status, 204, JSON.stringify(gone.json));
});

test("a token for this API opens no other, and no other token opens this one", async () => {
  const server = await open();
  const grace = await idOf(server, "grace");
  for (const token of [await machineToken(server), await byTwoSteps(server)]) {
    assert.equal((await callApi(server, token, "GET", "/api/v1/acrs")).status, 401);
    const headers = { authorization: `Bearer ${token}` };
    const asked = await fetch(new URL("/userinfo", server.issuer), { headers });
    assert.ok([401, 403].includes(asked.status), String(asked.status));
    assert.equal((await callEnrolment(server, token, "GET", `/enrollment/creds/${grace}`)).status, 200);
  }
  // Ended with its session, like every token.
  const token = await byTwoSteps(server);
  await server.parts.sessions.endAll(grace, "root", "test");
  assert.equal((await callEnrolment(server, token, "GET", `/enrollment/creds/${grace}`)).status, 401);
  // And a client without the scopes in its settings gets none.
  const answer = await fetch(new URL("/token", server.issuer), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("reader:a-secret-of-the-machine").toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "https://jans.io/casa.enroll" }),
  });
  assert.equal(((await answer.json()) as { error: string }).error, "invalid_target");
});

test("M24: nobody with a role is to be found here, by any token, and it looks as if there were nobody", async () => {
  const server = await open();
  const root = await idOf(server, "root");
  const gone = await newPerson(server, "gone");
  await server.parts.directory.write?.setStatus(gone, "disabled");
  const backend = await machineToken(server);
  const own = await byTwoSteps(server, "root", ROOT);
  const grace = await byTwoSteps(server);
  const [phone] = await server.parts.authenticators.list(root, "sms");
  const sent = (await server.simulator.messages()).length;
  const said = new Set<string>();
  const tries: readonly (readonly [string, string])[] = [
    [backend, root],
    [own, root],
    [grace, root],
    [backend, gone],
    [backend, "nobody-of-this-name"],
    [backend, "root"],
  ];
  for (const [token, userid] of tries)
    for (const [method, path, body] of [
      ["POST", `${SMS}/send-code`, { userid, number: numberOf(1) }],
      ["POST", `${SMS}/validate-code`, { userid, key: "k".repeat(43), code: "123456" }],
      ["GET", `/enrollment/creds/${userid}`, undefined],
      ["PATCH", `/enrollment/creds/${userid}/${phone?.id}`, { nickName: "mine" }],
      ["DELETE", `/enrollment/creds/${userid}/${phone?.id}`, undefined],
      ["GET", `/2fa/user-info/${userid}`, undefined],
    ] as const) {
      const answer = await callEnrolment(server, token, method, path, body);
      assert.equal(answer.status, 404, `${method} ${path}`);
      const headers = [...answer.headers.keys()].filter((name) => name !== "date").join();
      said.add(JSON.stringify([answer.json, headers]));
    }
  assert.equal(said.size, 1, "unknown, disabled, somebody else's and with a role are one answer");
  assert.equal((await server.simulator.messages()).length, sent);
  assert.equal(await phonesOf(server, root), 1);
  const [told] = await server.parts.audit.query({ kind: "enrolment-refused", subject: root, limit: 1 });
  assert.equal(told?.client, "shop");
  assert.ok(
    (await server.parts.audit.query({ kind: "enrolment-refused", subject: root, limit: 50 })).some(
      ({ facts }) => facts?.reason === "the account has a role",
    ),
  );
});

test("O21: an application alone binds the first phone and no other, where the settings say so", async () => {
  const strict = await open({ portal: {} });
  const nobody = await newPerson(strict, "ines");
  const refused = await send(strict, await machineToken(strict), nobody, numberOf(1));
  assert.deepEqual([refused.status, refused.json.code], [401, "STEP_UP"]);

  const server = await open();
  const backend = await machineToken(server);
  const grace = await idOf(server, "grace");
  const before = (await server.simulator.messages()).length;
  assert.equal((await send(server, backend, grace, numberOf(1))).status, 401);
  // What an administrator has opened is the person's, who shows a password for it; so is a ticket.
  const lost = await newPerson(server, "lost");
  const had = await secondPhone(server, "lost", "demo", numberOf(2));
  await server.parts.authenticators.unbind(had.id, "root", "lost");
  await server.parts.enrolment.openWindow(lost, "sms", "root", "lost");
  const ticket = await server.parts.enrolment.openTicket(lost, "sms", "root", "lost");
  const tried = await send(server, backend, lost, numberOf(3), { ticket: ticket.reveal() });
  assert.deepEqual([tried.status, tried.json.cause], [403, "NOT_ALLOWED"]);
  assert.equal(
    (await server.parts.enrolment.openings(lost, "sms")).length,
    2,
    "and nothing of it is used up",
  );
  assert.equal((await server.simulator.messages()).length, before);
  // Begun while there was nothing, and somebody else was faster.
  const ida = await newPerson(server, "ida");
  const { json } = await send(server, backend, ida, numberOf(4));
  const code = await server.simulator.codeAfter(before, numberOf(4));
  await secondPhone(server, "ida", "password-once", numberOf(5));
  const late = await validate(server, backend, ida, json.key, code);
  assert.deepEqual([late.status, late.json.cause], [403, "NOT_ALLOWED"]);
  assert.equal(await phonesOf(server, ida), 1);
});

test("lowered: a password alone, or what was shown six minutes ago, adds and removes nothing of who has a phone", async () => {
  const server = await open();
  const grace = await idOf(server, "grace");
  const second = await secondPhone(server);
  const url = `/enrollment/creds/${grace}/${second.id}`;
  const before = (await server.simulator.messages()).length;
  const weak = await byPassword(server, "grace");
  for (const answer of [
    await send(server, weak, grace, numberOf(1)),
    await callEnrolment(server, weak, "DELETE", url),
  ]) {
    assert.equal(answer.status, 401, JSON.stringify(answer.json));
    assert.match(
      String(answer.headers.get("www-authenticate")),
      /acr_values="[^"]*twilio_sms[^"]*", max_age="300"/,
    );
  }
  assert.equal((await server.simulator.messages()).length, before);
  const token = await byTwoSteps(server);
  assert.equal((await send(server, token, grace, numberOf(3))).status, 200);
  server.advance(6 * MINUTE);
  for (const answer of [
    // Another number in an enrolment that was begun in time, too: what was fresh then was fresh for that one.
    await send(server, token, grace, numberOf(1)),
    await callEnrolment(server, token, "DELETE", url),
  ])
    assert.equal(answer.status, 401, JSON.stringify(answer.json));
  assert.equal(await phonesOf(server, grace), 2);

  // M14: a number that has just come opens nothing further, by this door neither.
  const young = await secondPhone(server, "grace", "application", numberOf(7));
  const { authenticators } = server.parts;
  await authenticators.update(young.id, young.version, {
    ...(young.data as object),
    preferredAt: Date.now(),
  } as never);
  const fresh = await byTwoSteps(server, "grace", numberOf(7));
  const removed = await callEnrolment(server, fresh, "DELETE", url);
  assert.deepEqual([removed.status, removed.json.cause], [403, "NEW_NUMBER"]);
  const sent = (await server.simulator.messages()).length;
  assert.equal((await send(server, fresh, grace, numberOf(8))).status, 403);
  assert.equal((await server.simulator.messages()).length, sent);
});

test("another client's enrolment is none: not by its key, not by the person, not at the pages", async () => {
  const server = await open();
  const backend = await machineToken(server);
  const ines = await newPerson(server, "ines");
  const before = (await server.simulator.messages()).length;
  const { json } = await send(server, backend, ines, numberOf(1));
  const code = await server.simulator.codeAfter(before, numberOf(1));
  const other = await machineToken(server, "other");
  assert.equal((await validate(server, other, ines, json.key, code)).json.code, "NO_MATCH_OR_EXPIRED");
  const person = await byPassword(server, "ines");
  assert.equal((await validate(server, person, ines, json.key, code)).json.code, "NO_MATCH_OR_EXPIRED");
  const jana = await newPerson(server, "jana");
  assert.equal((await validate(server, backend, jana, json.key, code)).json.code, "NO_MATCH_OR_EXPIRED");
  assert.equal(
    (await validate(server, backend, ines, "k".repeat(43), code)).json.code,
    "NO_MATCH_OR_EXPIRED",
  );
  assert.equal(
    (await server.parts.audit.query({ kind: "code-wrong", limit: 5 })).length,
    0,
    "nothing was compared",
  );
  assert.equal((await validate(server, backend, ines, json.key, code)).json.code, "MATCH");
  assert.equal(await phonesOf(server, ines), 1);
});

test("M11: of twenty calls at once with the right code one binds, and it binds one phone", async () => {
  const server = await open();
  const backend = await machineToken(server);
  const ines = await newPerson(server, "ines");
  const before = (await server.simulator.messages()).length;
  const sends = await Promise.all(Array.from({ length: 8 }, () => send(server, backend, ines, numberOf(1))));
  const taken = sends.filter(({ status }) => status === 200);
  assert.equal(taken.length, 1, sends.map(({ status }) => status).join());
  assert.equal((await server.simulator.messages()).length - before, 1, "and one text goes out");
  const key = taken[0]?.json.key;
  const code = await server.simulator.codeAfter(before, numberOf(1));
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => validate(server, backend, ines, key, code)),
  );
  assert.equal(answers.filter(({ json }) => json.code === "MATCH").length, 1);
  assert.equal(await phonesOf(server, ines), 1);
  const bound = await server.parts.audit.query({ kind: "authenticator-bound", subject: ines, limit: 5 });
  assert.equal(bound.length, 1);
});

test("O06 M01: guesses at the API and at the pages are one count: pauses after ten, an end after fifty", async () => {
  const server = await open();
  const ines = await newPerson(server, "ines");
  let texts = 0;
  const compared = async () =>
    (await server.parts.audit.query({ kind: "code-wrong", subject: ines, limit: 500 })).filter(
      ({ facts }) => facts?.result === "wrong",
    ).length;
  /** Five wrong codes at the API; answers the last answer. */
  async function atApi() {
    const backend = await machineToken(server);
    const number = numberOf(100 + texts++);
    const before = (await server.simulator.messages()).length;
    const sent = await send(server, backend, ines, number);
    if (sent.status !== 200) return sent;
    const code = await server.simulator.codeAfter(before, number);
    let last = sent;
    for (let n = 0; n < 7; n += 1) last = await validate(server, backend, ines, sent.json.key, wrongOf(code));
    return last;
  }
  /** And at the pages, where the same person's password is known. */
  async function atPages(): Promise<Seen> {
    const visitor: TestVisitor = server.visitor();
    const number = numberOf(100 + texts++);
    const before = (await server.simulator.messages()).length;
    let page = await typePassword(visitor, await visitor.get("/account"), "ines");
    if (!/name="phone"/.test(page.body)) return page;
    page = await visitor.submit(page, { phone: number });
    if (!/name="code"/.test(page.body)) return page;
    const code = await server.simulator.codeAfter(before, number);
    for (let n = 0; n < 7 && /name="code"/.test(page.body); n += 1)
      page = await visitor.submit(page, { code: wrongOf(code) });
    return page;
  }
  await atApi();
  assert.equal(await compared(), 5, "five tries a code");
  await atPages();
  assert.equal(await compared(), 10);
  const paused = await atApi();
  assert.deepEqual([paused.status, paused.json.cause], [429, "PAUSED"]);
  assert.ok(Number(paused.headers.get("retry-after")) > 0);
  assert.match(textOf((await atPages()).body), /Too many wrong codes/);
  for (let round = 0; round < 40 && (await compared()) < 50; round += 1) {
    server.advance(HOUR + MINUTE);
    await (round % 2 === 0 ? atApi() : atPages());
  }
  assert.equal(await compared(), 50);
  server.advance(24 * HOUR);
  const off = await atApi();
  assert.deepEqual([off.status, off.json.cause], [403, "DISABLED"]);
  assert.match(textOf((await atPages()).body), /switched off/);
  assert.equal(await phonesOf(server, ines), 0);
});

test("M05 O15: a thousand numbers by an application come to no more texts than at the pages, and the budgets are the same ones", async () => {
  const server = await open({ sending: {}, pumping: { mode: "off" } });
  const backend = await machineToken(server);
  const people = await Promise.all(Array.from({ length: 20 }, (_, n) => newPerson(server, `p${n}`)));
  const before = (await server.simulator.messages()).length;
  const answers = [];
  for (let n = 0; n < 60; n += 1)
    answers.push(await send(server, backend, people[n % people.length] ?? "", numberOf(200 + n * 101)));
  const sent = (await server.simulator.messages()).length - before;
  assert.ok(sent > 0 && sent <= 20, `${sent} texts from one address`);
  assert.equal(answers.filter(({ status }) => status === 200).length, sent);
  const [refused] = answers.slice(-1);
  assert.deepEqual([refused?.status, refused?.json.cause], [429, "LIMIT"]);
  const [event] = await server.parts.audit.query({ kind: "send-refused", limit: 1 });
  assert.deepEqual([event?.client, event?.facts?.reason], ["backend", "address"]);
  // What the application has used up is used up for strangers at the pages of the same network, and the other way round.
  await newPerson(server, "late");
  const visitor = server.visitor();
  const page = await typePassword(visitor, await visitor.get("/account"), "late");
  const told = await visitor.submit(page, { phone: numberOf(777) });
  assert.match(textOf(told.body), /cannot send texts/);
});

test("S23: JSON of the contract alone: forms, further fields, long bodies and texts of another type are refused", async () => {
  const server = await open();
  const backend = await machineToken(server);
  const userid = await newPerson(server, "ines");
  const url = `${SMS}/send-code`;
  const good = { userid, number: numberOf(1) };
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    callEnrolment(server, backend, "POST", url, body, headers);
  const form = new URLSearchParams(good).toString();
  assert.equal((await post(form, { "content-type": "application/x-www-form-urlencoded" })).status, 415);
  assert.equal((await post(JSON.stringify(good), { "content-type": "text/plain" })).status, 415);
  assert.equal((await post("{", {})).status, 400);
  assert.equal((await post({ ...good, locale: "x".repeat(9_000) })).status, 413);
  for (const body of [
    { ...good, address: "198.51.100.1" },
    { ...good, number: [numberOf(1)] },
    { ...good, userid: "../root" },
    { ...good, userid: { $gt: "" } },
    { ...good, country: "gb" },
    { number: numberOf(1) },
    [good],
    null,
  ]) {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.json.code], [400, "MISSING_PARAMS"], JSON.stringify(body));
  }
  const { json } = await post(good);
  const named = await callEnrolment(server, backend, "POST", `${SMS}/creds/${userid}`, {
    key: json.key,
    nickName: "one\nline",
    code: "1",
  });
  assert.equal(named.status, 400);
  // Nothing of a browser: no page of another site can call it, and no cookie counts.
  const answer = await fetch(new URL(`/jans-casa/rest${url}`, server.issuer), {
    method: "OPTIONS",
    headers: { origin: "https://evil.test", "access-control-request-method": "POST" },
  });
  assert.equal(answer.headers.get("access-control-allow-origin"), null);
});

test("O09: no code and no whole number in the audit, in what was complained of, or in an answer", async () => {
  const server = await open();
  const backend = await machineToken(server);
  const userid = await newPerson(server, "ines");
  const before = (await server.simulator.messages()).length;
  const sent = await send(server, backend, userid, numberOf(1));
  const code = await server.simulator.codeAfter(before, numberOf(1));
  const made = await callEnrolment(server, backend, "POST", `${SMS}/creds/${userid}`, {
    key: sent.json.key,
    nickName: "",
    code,
  });
  const list = await callEnrolment(server, backend, "GET", `/enrollment/creds/${userid}`);
  const events = await server.parts.audit.query({ limit: 200 });
  const { key: _key, ...answer } = sent.json;
  const all = JSON.stringify([events, server.problems, answer, made.json, list.json]);
  for (const secret of [code, numberOf(1), numberOf(1).slice(1), sent.json.key])
    assert.ok(!all.includes(secret), "found what must not be there");
});
