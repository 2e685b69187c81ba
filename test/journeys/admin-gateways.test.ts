/** Gateways that stand by, over the settings of the admin API: secrets are written and never read (S19), faults are named. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { startServer } from "../kit/server.ts";

const SETTINGS = "/api/v1/config/settings";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, body?: unknown) => callApi(server, token, method, SETTINGS, body);
const CANARY = "canary-auth-token-of-the-spare-account";
const SECRET = "canary-secret-that-both-ends-of-the-webhook-know";
const spare = {
  type: "twilio",
  properties: { twilio_sid: `AC${"b2".repeat(16)}`, twilio_token: CANARY, from_number: "+12025550111" },
};
const webhook = {
  type: "webhook",
  perMinute: 60,
  properties: { url: "https://sms.example.org/send", secret: SECRET },
};
const stored = (name: string) =>
  Object.fromEntries(
    (
      server.parts.settings.document().gateways.find((one) => one.name === name)?.configurationProperties ??
      []
    ).map(({ value1, value2 }) => [value1, value2]),
  );

test("S19: gateways are set in their order, and their secrets are seen by nobody", async () => {
  const done = await call("PUT", { gateways: { spare, own: webhook }, delivery: { receiptWithin: 45 } });
  assert.equal(done.status, 200, done.text);
  const read = await call("GET");
  assert.deepEqual(Object.keys(read.json.gateways), ["spare", "own"]);
  assert.deepEqual(read.json.gateways.own, {
    type: "webhook",
    enabled: true,
    perMinute: 60,
    breakAfter: 5,
    restSeconds: 30,
    properties: { url: "https://sms.example.org/send", secret: null },
  });
  assert.deepEqual(read.json.delivery, { receiptWithin: 45, receipt: "sent" });
  for (const answer of [done.text, read.text, JSON.stringify(await server.parts.audit.query({ limit: 50 }))])
    for (const secret of [CANARY, SECRET]) assert.ok(!answer.includes(secret));
  assert.equal(stored("spare").twilio_token, CANARY);
});

test("put back as it was read nothing changes, and the secrets stay", async () => {
  const { gateways } = (await call("GET")).json;
  const again = await call("PUT", { gateways });
  assert.deepEqual([again.status, again.json.changed], [200, false], again.text);
  assert.equal(stored("own").secret, SECRET);
});

test("S19, M28: who sends a secret elsewhere has to know it", async () => {
  const { gateways } = (await call("GET")).json;
  const moved = {
    ...gateways,
    own: { ...gateways.own, properties: { url: "https://evil.example.net/", secret: null } },
  };
  const refused = await call("PUT", { gateways: moved });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /gateways\.own\.properties\.secret.*must be given anew, because url changes/);
  // Nor does it pass to a gateway of another kind, or another name, that asks for it.
  for (const other of [
    {
      own: {
        ...gateways.spare,
        properties: { ...gateways.spare.properties, api_base: "https://evil.example.net" },
      },
    },
    { third: { ...gateways.own } },
  ])
    assert.equal((await call("PUT", { gateways: other })).status, 400, JSON.stringify(other));
  assert.equal(stored("own").url, "https://sms.example.org/send");
});

test("faults name the gateway and the property, and never a value", async () => {
  const faults = async (gateways: object) => (await call("PUT", { gateways })).text;
  assert.match(
    await faults({ own: { ...webhook, properties: { url: "http://x.example", secret: SECRET } } }),
    /gateways\.own\.properties\.url: must begin with https/,
  );
  assert.match(
    await faults({ own: { ...webhook, properties: { ...webhook.properties, colour: "red" } } }),
    /gateways\.own\.properties\.colour/,
  );
  assert.match(
    await faults({ own: { type: "pigeon", properties: {} } }),
    /gateways\.own\.type: pigeon is no kind of gateway/,
  );
  assert.match(await faults({ twilio_sms: webhook }), /twilio_sms/);
  assert.match(await faults({ "Not a name": webhook }), /lower-case/);
  const many = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`g${at}`, webhook]));
  assert.equal((await call("PUT", { gateways: many })).status, 400);
});

test("one that is left out goes", async () => {
  assert.equal(
    (
      await call("PUT", {
        gateways: { own: { type: "webhook", properties: { url: webhook.properties.url } } },
      })
    ).status,
    200,
  );
  assert.equal(stored("own").secret, SECRET);
  assert.deepEqual(stored("spare"), {});
});
