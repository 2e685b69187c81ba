/** A person is erased: from the server's commands and over the admin API, while they are there or long after. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eraseUser } from "../../src/surfaces/admin/host/people.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";

const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { audit, auditSeals, erasure, directory, authenticators, phoneKey, store } = server.parts;
const idOf = async (name: string) => (await directory.find(name))?.id ?? assert.fail(name);
const spa = await createRelyingParty(server);
const stories = async (subject: string) => (await audit.page({ subject, limit: 500 })).entries;

test("retention is a setting like others: set over the admin API within its bounds, exported with the rest", async () => {
  const token = await tokenOf(server);
  const read = await callApi(server, token, "GET", "/api/v1/config/settings");
  assert.deepEqual(read.json.retention, { personalDays: 0, auditDays: 0 });
  const put = (retention: object) =>
    callApi(server, token, "PUT", "/api/v1/config/settings", { ...read.json, retention });
  const tooShort = await put({ personalDays: 1, auditDays: 0 });
  assert.equal(tooShort.status, 400);
  assert.match(tooShort.text, /30 to 3650 days/);
  assert.equal((await put({ personalDays: 180, auditDays: 730 })).status, 200);
  assert.deepEqual(server.parts.settings.document().retention, { personalDays: 180, auditDays: 730 });
});

test("erased: no name, number, place or token of the person is left, and what happened is", async () => {
  const grace = await idOf("grace");
  const visitor = server.visitor();
  const tokens = await spa.byTwoSteps(visitor);
  // The provider's word on the text comes some time after it.
  let before: readonly string[] = [];
  for (let tries = 0; tries < 500 && !before.includes("code-delivered"); tries += 1) {
    await sleep(20);
    before = (await stories(grace)).map(({ kind }) => kind);
  }
  assert.ok(before.includes("code-right") && before.includes("code-delivered"));

  const said = await eraseUser(server.parts, "grace", false);
  assert.ok(said.ok, said.text);
  assert.match(said.text, /^Erased grace; \d+ events/);

  assert.equal(await directory.find("grace"), undefined);
  assert.deepEqual(await authenticators.list(grace), []);
  assert.equal(await authenticators.everHad(grace, "sms"), false, "not even that there was a phone");
  assert.deepEqual(await authenticators.find("sms", phoneKey(GRACE)), []);
  const introspected = await fetch(`${server.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal(introspected.status, 401);

  const after = await stories(grace);
  for (const kind of before)
    assert.ok(
      after.some((event) => event.kind === kind),
      kind,
    );
  assert.ok(after.some(({ kind }) => kind === "person-erased"));
  for (const { address, facts, kind } of after) {
    assert.equal(address, undefined, kind);
    assert.doesNotMatch(JSON.stringify(facts ?? {}), /grace|0143|\b43\b|SM[0-9a-f]{32}/i, kind);
  }
  const { faults, erased } = await auditSeals.verify();
  assert.deepEqual(faults, []);
  assert.ok(erased > 0);
  // What comes late goes too: the next sweep takes it.
  await audit.append({ kind: "code-delivered", at: Date.now(), subject: grace, facts: { phone: "•••• 43" } });
  await auditSeals.seal();
  await erasure.sweep();
  const [late] = await stories(grace);
  assert.deepEqual([late?.kind, late?.facts], ["code-delivered", {}]);

  const retried = await eraseUser(server.parts, "grace", false);
  assert.equal(retried.ok, false);
  assert.match(retried.text, /There is no user grace; of somebody removed, give --id/);
});

test("over the admin API, and of somebody who was removed before, by the id", async () => {
  const ada = await idOf("ada");
  const visitor = server.visitor();
  const begun = await spa.begin();
  await typePassword(visitor, await visitor.get(begun.url.href), "ada", "wrong");
  const token = await tokenOf(server);
  const removed = await callApi(server, token, "DELETE", `/mgt/configuser/${ada}?reason=has+left+ada`);
  assert.equal(removed.status, 204);
  assert.ok((await stories(ada)).some(({ facts }) => facts?.username === "ada"));

  const answer = await callApi(server, token, "POST", `/mgt/configuser/${ada}/erasure`);
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.events > 0);
  for (const { facts, address } of await stories(ada)) {
    assert.equal(address, undefined);
    assert.doesNotMatch(JSON.stringify(facts ?? {}), /"ada"|left/);
  }
  assert.equal((await callApi(server, token, "POST", "/mgt/configuser/nobody/erasure")).status, 404);
  assert.deepEqual((await auditSeals.verify()).faults, []);
});

test("M24: what an erased administrator did stays, under a name that nobody can find out by trying", async () => {
  const root = await idOf("root");
  await audit.append({
    kind: "settings-changed",
    at: Date.now(),
    facts: { by: "root", revision: 2, what: "x", names: [] },
  });
  await store.settings.add({ revision: 900, at: 1, by: "root", what: "x", sealed: new Uint8Array([1]) });
  assert.ok((await eraseUser(server.parts, "root", false)).ok);
  const [event] = await audit.query({ kind: "settings-changed", limit: 1 });
  assert.match(String(event?.facts?.by), /^erased-[\w-]{16}$/);
  const [revision] = await store.settings.list(1, Number.MAX_SAFE_INTEGER);
  assert.equal(revision?.by, event?.facts?.by);
  assert.equal(
    (await stories(root)).some(({ address }) => address !== undefined),
    false,
  );
  assert.deepEqual((await auditSeals.verify()).faults, []);
});
