/** Remembered devices over the admin API: listed without what they are remembered by, forgotten one by one or all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import {
  anotherDay,
  byPassword,
  keptBy,
  rememberedVisitor,
  startRemembering,
  subjectOf,
} from "../kit/remembered.ts";

test("S09: an administrator sees the devices of a person and forgets them, and the audit says who and why", async () => {
  const server = await startRemembering({}, { clients: machines });
  const token = await tokenOf(server);
  const call = (method: string, path: string) => callApi(server, token, method, path);
  const subject = await subjectOf(server);
  const path = `/mgt/configuser/${subject}/remembered-devices`;
  const first = await rememberedVisitor(server);
  const second = await rememberedVisitor(server);
  const { json, text } = await call("GET", path);
  const devices = json as { id: string; acr: string; until: string }[];
  assert.deepEqual(
    devices.map(({ acr }) => acr),
    ["twilio_sms", "twilio_sms"],
  );
  for (const visitor of [first, second]) {
    const [id = "", secret = "-"] = keptBy(server, visitor)?.split(".") ?? [];
    assert.ok(devices.some((one) => one.id === id));
    assert.ok(!text.includes(secret));
  }
  assert.doesNotMatch(text, /hash|stamp/);

  const id = keptBy(server, first)?.split(".")[0] ?? "";
  const root = await subjectOf(server, "root");
  assert.equal(
    (await call("DELETE", `/mgt/configuser/${root}/remembered-devices/${id}`)).status,
    404,
    "IDOR",
  );
  assert.equal((await call("DELETE", `${path}/${id}?reason=lost`)).status, 204);
  assert.equal((await call("DELETE", `${path}/${id}`)).status, 404);
  assert.equal((await byPassword(server, anotherDay(server, first))).askedForCode, true);
  assert.equal((await call("DELETE", `${path}/all?reason=lost%20too`)).status, 204);
  assert.equal((await byPassword(server, anotherDay(server, second))).askedForCode, true);
  const events = await server.parts.audit.query({ kind: "remembered-device-ended", limit: 5 });
  assert.deepEqual(
    events.map(({ facts }) => [facts?.device, facts?.reason]),
    [
      ["all", "lost too"],
      [id, "lost"],
    ],
  );
  assert.ok(events.every(({ facts }) => String(facts?.by).length > 0));
  assert.equal((await call("GET", "/mgt/configuser/nobody/remembered-devices")).status, 404);
});
