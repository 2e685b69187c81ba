/** Another application has a phone bound for a person: the original's Casa paths, without its leaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { linkIn, toldAfter } from "../kit/account.ts";
import { applications, callEnrolment, machineToken, numberOf, personToken } from "../kit/enrolment-api.ts";
import { GRACE, PASSWORD, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const SMS = "/enrollment/twilio_sms";
const MINUTE = 60_000;
const server = await startServer({
  pace: 0.1,
  clients: applications,
  settings: {
    acrs: { enabled: ["simple_password_auth", "twilio_sms", "otp"], default: "twilio_sms" },
    portal: { applicationsAlone: "first-phone" },
  },
});
const idOf = async (name: string) =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(`no ${name}`);
async function newPerson(username: string): Promise<string> {
  const made = await server.parts.directory.write?.add({ username, password: new Secret(PASSWORD) });
  assert.equal(made?.kind, "done");
  return idOf(username);
}
const call = (token: string | undefined, method: string, path: string, body?: unknown) =>
  callEnrolment(server, token, method, path, body);
const backend = await machineToken(server);
const looker = await machineToken(server, "looker");

/** grace, signed in to the shop with both factors. */
const asGrace = () =>
  personToken(server, async (visitor, url) => twoSteps(server, visitor, await visitor.get(url)));

test("a number is looked at before anything is sent: whether codes can go there, and nothing of who has it", async () => {
  const ask = (body: object) => call(backend, "POST", `${SMS}/validate-number`, body);
  const good = await ask({ number: "07400 123456", country: "GB" });
  assert.deepEqual([good.status, good.json], [200, { code: "VALID", number: "•••• 56", country: "GB" }]);
  assert.deepEqual((await ask({ number: GRACE })).json.code, "VALID", "whoever may have it");
  assert.deepEqual((await ask({ number: "12" })).json, { code: "INVALID_NUMBER" });
  assert.deepEqual((await ask({ number: "+44 20 7946 0000" })).json, { code: "NOT_MOBILE" });
});

test("the first phone: sent, validated, named; the code is in the text and in no answer, and it signs in", async () => {
  const userid = await newPerson("ines");
  const before = (await server.simulator.messages()).length;
  const number = numberOf(1);
  const sent = await call(backend, "POST", `${SMS}/send-code`, { userid, number });
  assert.equal(sent.status, 200, JSON.stringify(sent.json));
  assert.deepEqual([sent.json.code, sent.json.number, sent.json.digits], ["SENT", "•••• 57", 6]);
  const [text] = (await server.simulator.messages()).slice(before);
  assert.match(text?.body ?? "", /Shop backend/, "the text says for whom it is");
  const code = await server.simulator.codeAfter(before, number);
  assert.ok(!JSON.stringify(sent.json).replace(sent.json.key, "").includes(code), "no answer has the code");

  const { key } = sent.json;
  const wrong = code === "000000" ? "111111" : "000000";
  const missed = await call(backend, "POST", `${SMS}/validate-code`, { userid, key, code: wrong });
  assert.deepEqual([missed.status, missed.json], [200, { code: "NO_MATCH_OR_EXPIRED", left: 4 }]);
  const right = await call(backend, "POST", `${SMS}/validate-code`, { userid, key, code });
  assert.deepEqual([right.status, right.json], [200, { code: "MATCH" }]);
  const again = await call(backend, "POST", `${SMS}/validate-code`, { userid, key, code });
  assert.equal(again.json.code, "NO_MATCH_OR_EXPIRED", "a code works once");

  const made = await call(backend, "POST", `${SMS}/creds/${userid}`, { key, nickName: "Harbour" });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const [phone] = await server.parts.authenticators.list(userid, "sms");
  const { addedOn, ...shown } = made.json;
  assert.deepEqual(shown, { id: phone?.id, number: "•••• 57", nickName: "Harbour" });
  assert.ok(Math.abs(addedOn - Date.now()) < 10 * MINUTE);
  assert.equal(phone?.boundBy, "application", "and it stands there by whose word");
  assert.equal((await call(backend, "POST", `${SMS}/creds/${userid}`, { key, nickName: "x" })).status, 400);

  const kinds = (await server.parts.audit.query({ subject: userid, limit: 20 })).map(({ kind }) => kind);
  for (const kind of ["code-issued", "code-sent", "code-wrong", "code-right", "authenticator-bound"] as const)
    assert.ok(kinds.includes(kind), kind);
  const [bound] = await server.parts.audit.query({ kind: "authenticator-bound", subject: userid, limit: 1 });
  assert.deepEqual([bound?.client, bound?.facts?.authority], ["backend", "application"]);

  const list = await call(backend, "GET", `/enrollment/creds/${userid}`);
  assert.deepEqual(list.json, [{ ...made.json, type: "twilio_sms" }]);
  const info = await call(looker, "GET", `/2fa/user-info/${userid}`);
  assert.deepEqual(info.json, {
    code: "SUCCESS",
    turned_on: true,
    enrolled_methods: ["twilio_sms"],
    total_creds: 1,
  });

  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await visitor.get("/account"), "ines", number);
  assert.match(textOf(page.body), /Harbour/);
});

test("in one call: with the code, creds compares, binds and names", async () => {
  const userid = await newPerson("jana");
  const before = (await server.simulator.messages()).length;
  const { json } = await call(backend, "POST", `${SMS}/send-code`, { userid, number: numberOf(2) });
  const code = await server.simulator.codeAfter(before, numberOf(2));
  const off = await call(backend, "POST", `${SMS}/creds/${userid}`, {
    key: json.key,
    nickName: "x",
    code: "1",
  });
  assert.deepEqual([off.status, off.json.code], [400, "NO_MATCH_OR_EXPIRED"]);
  const made = await call(backend, "POST", `${SMS}/creds/${userid}`, { key: json.key, nickName: "", code });
  assert.deepEqual([made.status, made.json.nickName], [201, ""]);
});

test("the same number again is the same code again, after the cool-down; another number is another code", async () => {
  const userid = await newPerson("kurt");
  const number = numberOf(3);
  const first = await call(backend, "POST", `${SMS}/send-code`, { userid, number });
  const soon = await call(backend, "POST", `${SMS}/send-code`, { userid, number });
  assert.deepEqual([soon.status, soon.json.cause], [429, "LIMIT"]);
  assert.ok(Number(soon.headers.get("retry-after")) > 0);
  const code = await server.simulator.codeAfter(0, number);
  const kept = await call(backend, "POST", `${SMS}/validate-code`, {
    userid,
    key: first.json.key,
    code: code === "000000" ? "111111" : "000000",
  });
  assert.equal(kept.json.left, 4, "what was refused leaves the enrolment as it was");
  const typo = await call(backend, "POST", `${SMS}/send-code`, { userid, number: "+44 12" });
  assert.equal(typo.json.cause, "INVALID_NUMBER");
  const still = await call(backend, "POST", `${SMS}/validate-code`, {
    userid,
    key: first.json.key,
    code: code === "000000" ? "111111" : "000000",
  });
  assert.equal(still.json.left, 3, "and so does a number with a slip in it");
  server.advance(31_000);
  const before = (await server.simulator.messages()).length;
  const second = await call(backend, "POST", `${SMS}/send-code`, { userid, number });
  assert.equal(second.status, 200, JSON.stringify(second.json));
  assert.equal(await server.simulator.codeAfter(before, number), code);
  const old = await call(backend, "POST", `${SMS}/validate-code`, { userid, key: first.json.key, code });
  assert.equal(old.json.code, "NO_MATCH_OR_EXPIRED", "one enrolment at a time: the newest name of it counts");

  const other = await call(backend, "POST", `${SMS}/send-code`, { userid, number: numberOf(4) });
  assert.deepEqual([other.status, other.json.number], [200, "•••• 60"]);
  const late = await call(backend, "POST", `${SMS}/validate-code`, { userid, key: other.json.key, code });
  assert.equal(late.json.code, "NO_MATCH_OR_EXPIRED", "the code of the number before is none of this one's");
  server.advance(11 * MINUTE);
  const later = await machineToken(server);
  const newest = await server.simulator.codeAfter(before + 1, numberOf(4));
  const over = await call(later, "POST", `${SMS}/validate-code`, {
    userid,
    key: other.json.key,
    code: newest,
  });
  assert.equal(over.json.code, "NO_MATCH_OR_EXPIRED", "after ten minutes it is over");
  assert.equal((await server.parts.authenticators.list(userid, "sms")).length, 0);
});

test("P08: another phone takes the person's own token; it is told, can be undone, and is renamed and removed", async () => {
  const userid = await idOf("grace");
  const number = numberOf(5);
  const machine = await machineToken(server);
  const alone = await call(machine, "POST", `${SMS}/send-code`, { userid, number });
  assert.deepEqual([alone.status, alone.json.code], [401, "STEP_UP"]);
  assert.match(
    String(alone.headers.get("www-authenticate")),
    /insufficient_user_authentication.*acr_values=.*twilio_sms/,
  );

  const token = await asGrace();
  const known = await call(token, "POST", `${SMS}/send-code`, { userid, number: GRACE });
  assert.deepEqual([known.status, known.json.code], [409, "NUMBER_ALREADY_ENROLLED"]);
  const before = (await server.simulator.messages()).length;
  const { json, status } = await call(token, "POST", `${SMS}/send-code`, { userid, number });
  assert.equal(status, 200, JSON.stringify(json));
  const code = await server.simulator.codeAfter(before, number);
  const made = await call(token, "POST", `${SMS}/creds/${userid}`, { key: json.key, nickName: "Work", code });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const told = await toldAfter(server, before, GRACE, /Undo/);
  assert.ok(linkIn(told).startsWith("/account/undo/"), "the old phone has the way back");

  const { id } = made.json;
  const renamed = await call(token, "PATCH", `/enrollment/creds/${userid}/${id}`, { nickName: "Ship" });
  assert.deepEqual([renamed.status, renamed.json.nickName], [200, "Ship"]);
  const gone = await call(token, "DELETE", `/enrollment/creds/${userid}/${id}`);
  assert.equal(gone.status, 204, JSON.stringify(gone.json));
  await toldAfter(server, before, GRACE, /removed/);
  const [event] = await server.parts.audit.query({
    kind: "authenticator-unbound",
    subject: userid,
    limit: 1,
  });
  assert.deepEqual([event?.client, event?.facts?.by], ["shop", userid]);
  const [last] = await server.parts.authenticators.list(userid, "sms");
  const kept = await call(token, "DELETE", `/enrollment/creds/${userid}/${last?.id}`);
  assert.deepEqual([kept.status, kept.json.cause], [409, "LAST"]);
});

test("what the original has and we do not says so, and where to go instead", async () => {
  const machine = await machineToken(server);
  for (const path of ["/util/twilio_sms/send", "/enrollment/otp/qr-request", "/2fa/turn-off"]) {
    const answer = await call(machine, "POST", path, {});
    assert.deepEqual([path, answer.status, answer.json.code], [path, 501, "NOT_IMPLEMENTED"]);
  }
  const old = await call(machine, "GET", `${SMS}/send-code?number=%2B447911123456&userid=x`);
  assert.equal(old.status, 405);
  assert.match(old.json.message, /POST with a JSON body/);
  const elsewhere = await fetch(new URL("/casa/rest/openapi.json", server.issuer));
  const document = (await elsewhere.json()) as { openapi: string; paths: Record<string, unknown> };
  assert.equal(document.openapi, "3.1.0");
  assert.ok(`${SMS}/send-code` in document.paths);
  const text = JSON.stringify(document);
  const names = Object.keys((document as unknown as { components: { schemas: object } }).components.schemas);
  const wanted = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = ""]) => name);
  assert.deepEqual([...new Set(wanted)].sort(), names.sort(), "every schema is there, and asked for");
});

test("a person without any factor enrols by their own token, signed in just now with the password", async () => {
  const userid = await newPerson("lars");
  const token = await personToken(
    server,
    async (visitor, url) => typePassword(visitor, await visitor.get(url), "lars"),
    "shop",
    "simple_password_auth",
  );
  const before = (await server.simulator.messages()).length;
  const { json, status } = await call(token, "POST", `${SMS}/send-code`, { userid, number: numberOf(6) });
  assert.equal(status, 200, JSON.stringify(json));
  const code = await server.simulator.codeAfter(before, numberOf(6));
  const made = await call(token, "POST", `${SMS}/creds/${userid}`, { key: json.key, nickName: "", code });
  assert.equal(made.status, 201);
  const [phone] = await server.parts.authenticators.list(userid, "sms");
  assert.equal(phone?.boundBy, "password-once");
});
