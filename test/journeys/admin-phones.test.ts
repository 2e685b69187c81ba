/** Phones and ways to enrol over the admin API: masked, for a reason, one phone at a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, twoSteps, typePassword } from "../kit/server.ts";

const NEW = "+12025550177";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown) => callApi(server, token, method, path, body);
const { directory, audit, sessions } = server.parts;
const spa = await createRelyingParty(server);
const idOf = async (username: string) => (await directory.find(username))?.id ?? assert.fail(username);
const of = async (username: string) => `/mgt/configuser/${await idOf(username)}`;
const events = async (username: string, kind: Parameters<typeof audit.query>[0]["kind"]) =>
  (await audit.query({ subject: await idOf(username), kind, limit: 5 })).map(({ facts }) => facts);

test("a phone is listed masked; removed for a reason, it takes the sessions with it", async () => {
  const path = `${await of("grace")}/phones`;
  const list = await call("GET", path);
  assert.equal(list.status, 200);
  const [phone] = list.json;
  assert.deepEqual(
    [list.json.length, phone.number, phone.country, phone.boundBy],
    [1, "•••• 43", "US", "demo"],
  );
  assert.equal(list.text.includes(GRACE.slice(2)), false);

  await spa.byTwoSteps(server.visitor());
  assert.equal((await call("DELETE", `${path}/${phone.id}`)).status, 400, "no reason, no removal");
  assert.equal((await call("DELETE", `${path}/nothing?reason=lost`)).status, 404);
  assert.equal((await call("DELETE", `${path}/${phone.id}?reason=lost%20phone`)).status, 204);
  assert.deepEqual((await call("GET", path)).json, []);
  assert.deepEqual((await sessions.list({ subject: await idOf("grace"), limit: 9 })).sessions, []);
  assert.deepEqual(await events("grace", "authenticator-unbound"), [
    { factor: "sms", by: "client machine", phone: "•••• 43", reason: "lost phone" },
  ]);
  assert.equal((await call("DELETE", `${path}/${phone.id}?reason=again`)).status, 404);
});

test("an administrator adds a phone they have verified, and the person signs in with it", async () => {
  const path = `${await of("grace")}/phones`;
  await call("POST", `${await of("grace")}/enrolment`, { by: "ticket", reason: "to be voided" });
  const body = { number: NEW, verified: true, reason: "passport seen" };
  const cases = [
    [{ ...body, verified: false }, /verified: must be true/],
    [{ ...body, reason: "" }, /reason/],
    [{ number: NEW, verified: true }, /reason/],
    [{ ...body, number: "12 34" }, /is no telephone number/],
    [{ ...body, number: "+442079460000" }, /cannot receive texts/],
    [{ ...body, extra: 1 }, /extra/],
  ] as const;
  for (const [sent, why] of cases) {
    const answer = await call("POST", path, sent);
    assert.equal(answer.status, 400);
    assert.match(answer.json.description, why);
  }
  const added = await call("POST", path, body);
  assert.equal(added.status, 201, added.text);
  assert.deepEqual([added.json.number, added.json.boundBy], ["•••• 77", "administrator"]);
  assert.equal((await call("POST", path, { ...body, number: "+12025550178" })).status, 409, "one phone");
  assert.deepEqual(await events("grace", "phone-added"), [
    {
      factor: "sms",
      by: "client machine",
      phone: "•••• 77",
      authority: "administrator",
      reason: "passport seen",
    },
  ]);
  assert.deepEqual((await call("GET", `${await of("grace")}/enrolment`)).json, [], "older tickets are void");
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const end = await twoSteps(server, visitor, await visitor.get(begun.url.href), "grace", NEW);
  assert.ok((await spa.redeem(begun, end)).id_token);
});

test("of several phones that are added at once, one stays", async () => {
  await directory.write.add({ username: "twin", password: new Secret(PASSWORD) });
  const path = `${await of("twin")}/phones`;
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      call("POST", path, { number: `+1202555015${n}`, verified: true, reason: "at once" }),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
  const [phone, ...others] = (await call("GET", path)).json;
  assert.deepEqual(others, []);
  assert.equal(phone.id, answers.find(({ status }) => status === 201)?.json.id);
});

test("O21: a ticket is shown once, opens the way once, and is closed by hand", async () => {
  const added = await directory.write.add({ username: "linus", password: new Secret(PASSWORD) });
  assert.equal(added.kind, "done");
  const path = `${await of("linus")}/enrolment`;
  const opened = await call("POST", path, { by: "ticket", reason: "new phone" });
  assert.equal(opened.status, 201, opened.text);
  assert.match(opened.json.ticket, /^([2-9A-HJKMNP-TV-Z]{4}-){3}[2-9A-HJKMNP-TV-Z]{4}$/);
  const list = await call("GET", path);
  assert.deepEqual(list.json, [
    {
      by: "ticket",
      factor: "sms",
      until: opened.json.until,
      openedBy: "client machine",
      reason: "new phone",
    },
  ]);
  assert.equal((await call("POST", path, { by: "window", reason: "by phone call" })).json.by, "window");
  assert.equal((await call("GET", path)).json.length, 2);
  assert.equal((await call("DELETE", `${path}?reason=mistake`)).status, 204);
  assert.deepEqual((await call("GET", path)).json, []);
  assert.equal(
    await server.parts.enrolment.knowsTicket(await idOf("linus"), "sms", opened.json.ticket),
    false,
  );
  assert.equal((await call("POST", path, { by: "door", reason: "x" })).status, 400);
  assert.equal(
    (await call("POST", `${await of("grace")}/enrolment`, { by: "window", reason: "x" })).status,
    409,
  );
  for (const [method, end, body] of [
    ["GET", "phones"],
    ["GET", "enrolment"],
    ["POST", "enrolment", { by: "window", reason: "x" }],
  ] as const)
    assert.equal((await call(method, `/mgt/configuser/nobody/${end}`, body)).status, 404);
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const page = await typePassword(visitor, await visitor.get(begun.url.href), "linus");
  assert.match(page.body, /name="phone"/, "who never had a phone still binds the first by the password");
});
