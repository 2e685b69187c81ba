/** M24, S18: nobody lays hands on an account with more rights than their own, nobody changes their own roles. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { adminScopes, scopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { startApi } from "../kit/admin.ts";
import { startServer } from "../kit/server.ts";

const USERS = "/mgt/configuser";
const server = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { directory, authenticators, enrolment, audit } = server.parts;
const api = await startApi(server);
const admin = await api.person("chief", ["admin"]);
const other = await api.person("deputy", ["admin"]);
const helpdesk = await api.person("desk", ["helpdesk"]);
const auditor = await api.person("ledger", ["auditor"]);
const nobody = await api.person("plain", []);
const graceId = (await directory.find("grace"))?.id ?? "";
const phone = { number: "+447911123456", verified: true, reason: "seen at the desk" };
const role = (...values: string[]) => ({ customAttributes: [{ name: "role", values }] });

/** Everything that can be done to a person. */
const acts = (id: string, phoneId = "any"): readonly (readonly [string, string, unknown?])[] => [
  ["PUT", USERS, { inum: id, userId: "taken-over" }],
  [
    "PATCH",
    `${USERS}/${id}`,
    { customAttributes: [{ name: "userPassword", value: "a password of mine 77" }] },
  ],
  ["PATCH", `${USERS}/${id}`, { jsonPatchString: '[{"op":"replace","path":"/status","value":"inactive"}]' }],
  ["PATCH", `${USERS}/${id}`, role("auditor", "helpdesk")],
  ["DELETE", `${USERS}/${id}`],
  ["POST", `${USERS}/${id}/phones`, phone],
  ["DELETE", `${USERS}/${id}/phones/${phoneId}?reason=x`],
  ["POST", `${USERS}/${id}/enrolment`, { by: "window", reason: "x" }],
  ["DELETE", `${USERS}/${id}/enrolment?reason=x`],
];

test("M24: a machine that may write people cannot touch an administrator, nor make one", async () => {
  const machine = api.machine("hr", [
    scopes.usersRead,
    scopes.usersWrite,
    scopes.usersDelete,
    scopes.phonesWrite,
    scopes.phonesDelete,
    scopes.enrolmentWrite,
  ]);
  const before = await directory.get(admin.id);
  for (const target of [admin.id, helpdesk.id, auditor.id])
    for (const [method, path, body] of acts(target)) {
      const { status, text } = await machine(method, path, body);
      assert.equal(status, 403, `${method} ${path}: ${text}`);
    }
  assert.deepEqual(await directory.get(admin.id), before);
  const made = { userId: "mole", userPassword: "a password of mine 77", ...role("auditor") };
  assert.equal((await machine("POST", USERS, made)).status, 403);
  assert.equal(await directory.find("mole"), undefined);
  assert.equal((await machine("PATCH", `${USERS}/${graceId}`, role("admin"))).status, 403);
  assert.deepEqual((await directory.get(graceId))?.roles, []);
  assert.equal(
    (await machine("PATCH", `${USERS}/${graceId}`, { customAttributes: [{ name: "nickname", value: "g" }] }))
      .status,
    200,
  );
  const [event] = await audit.query({ subject: graceId, kind: "admin-refused", limit: 1 });
  assert.deepEqual(event?.facts, {
    by: "client hr",
    act: "change roles",
    reason: "nobody gives rights they do not have",
  });
});

test("M24: the helpdesk removes no factor of an administrator or an auditor; of anybody else it does", async () => {
  const [bound] = await authenticators.list(graceId);
  await authenticators.bind({ ...(bound ?? assert.fail()), subject: admin.id, key: "k", boundBy: "test" });
  const [theirs] = await authenticators.list(admin.id);
  for (const [method, path, body] of acts(admin.id, theirs?.id).slice(5))
    assert.equal((await helpdesk.call(method, path, body)).status, 403, `${method} ${path}`);
  assert.equal((await helpdesk.call("POST", `${USERS}/${auditor.id}/phones`, phone)).status, 403);
  assert.equal((await authenticators.list(admin.id)).length, 1);
  assert.deepEqual(await enrolment.openings(admin.id, "sms"), []);
  const removed = await helpdesk.call("DELETE", `${USERS}/${graceId}/phones/${bound?.id}?reason=lost`);
  assert.equal(removed.status, 204, removed.text);
  assert.deepEqual(await authenticators.list(graceId), []);
});

test("S18: the helpdesk and an auditor change nobody's account, whatever their token was given", async () => {
  for (const weak of [helpdesk, auditor, nobody])
    for (const [method, path, body] of acts(graceId).slice(0, 5))
      assert.equal((await weak.call(method, path, body)).status, 403, `${method} ${path}`);
  for (const [method, path, body] of acts(graceId).slice(5))
    assert.equal((await auditor.call(method, path, body)).status, 403, `${method} ${path}`);
  assert.equal((await auditor.call("GET", USERS)).status, 200);
  assert.equal((await nobody.call("GET", USERS)).status, 403);
});

test("S18: nobody changes their own roles, not even an administrator; another one does", async () => {
  for (const name of ["helpdesk", "auditor"]) {
    const answer = await admin.call("PATCH", `${USERS}/${admin.id}`, role(name));
    assert.deepEqual([answer.status, /own roles/.test(answer.text)], [403, true]);
  }
  const view = await admin.call("GET", `${USERS}/${admin.id}`);
  const renamed = await admin.call("PUT", USERS, { ...view.json, displayName: "Chief" });
  assert.equal(renamed.status, 200, "all else of their own they do change");
  assert.equal((await other.call("PATCH", `${USERS}/${admin.id}`, role("helpdesk"))).status, 200);
  // What a person may is asked at each call: the token is the one of before.
  assert.equal((await admin.call("PATCH", `${USERS}/${graceId}`, role("helpdesk"))).status, 403);
  assert.equal((await other.call("PATCH", `${USERS}/${admin.id}`, role("admin"))).status, 200);
});

test("M24: a person who got more rights meanwhile is out of reach of a change that was weighed before", async () => {
  const machine = api.machine("hr-2", [scopes.usersRead, scopes.usersWrite]);
  const password = { customAttributes: [{ name: "userPassword", value: "a password of mine 77" }] };
  const rounds = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const raced = await api.person(`raced-${n}`, []);
      const [answer] = await Promise.all([
        machine("PATCH", `${USERS}/${raced.id}`, password),
        directory.write.setRoles(raced.id, ["admin"]),
      ]);
      const user = (await directory.get(raced.id)) ?? assert.fail();
      // Either it was changed before it became an administrator's account, or not at all.
      return { status: answer.status, version: user.version };
    }),
  );
  for (const { status, version } of rounds) assert.equal(version, status === 200 ? 3 : 2, `status ${status}`);
});

test("S18: a machine with every scope is as strong as an administrator", async () => {
  const root = api.machine("root-machine", adminScopes);
  assert.equal((await root("PATCH", `${USERS}/${auditor.id}`, role("helpdesk"))).status, 200);
  assert.equal((await root("DELETE", `${USERS}/${auditor.id}?reason=left`)).status, 204);
});
