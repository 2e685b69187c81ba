/** `externalId` (RFC 7643 §3.1): what a provisioning client calls a person, for that client alone. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { scopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { machines, tokenOf } from "../kit/admin.ts";
import { ldapEntry } from "../kit/ldap.ts";
import { operations, person, scimClient } from "../kit/scim.ts";
import { PASSWORD, startServer } from "../kit/server.ts";
import { person as entry, noSlapd, startSlapd } from "../kit/slapd.ts";

const [machine] = machines;
const clients = [...machines, ...(machine === undefined ? [] : [{ ...machine, client_id: "payroll" }])];
const server = await startServer({ clients, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { directory, audit } = server.parts;
const scim = scimClient(server, await tokenOf(server));
const payroll = scimClient(server, await tokenOf(server, "payroll"));
const slapd =
  noSlapd === false ? await startSlapd({ ldif: entry("lena", { givenName: "Lena" }) }) : undefined;
const other =
  slapd === undefined
    ? undefined
    : await startServer({ clients, config: { directories: [{ type: "sql" }, ldapEntry(slapd)] } });
after(() => slapd?.close());

const found = async (filter: string, by = scim): Promise<readonly string[]> => {
  const { json, text } = await by("GET", `/Users?filter=${encodeURIComponent(filter)}`);
  assert.equal(json.totalResults, json.Resources?.length, text);
  return json.Resources.map(({ userName }: { userName: string }) => userName);
};
const added = async (userName: string, more: object = {}, by = scim): Promise<string> => {
  const made = await by("POST", "/Users", person(userName, more));
  assert.equal(made.status, 201, made.text);
  return made.json.id;
};

test("is taken when a person is created, replaced and patched, answered each time, and finds them by the letter", async () => {
  const id = await added("anna", { externalId: "E-1" });
  assert.equal((await scim("GET", `/Users/${id}`)).json.externalId, "E-1");
  assert.deepEqual(await found('externalId eq "E-1"'), ["anna"]);
  assert.deepEqual(await found('EXTERNALID Eq "E-1" and active eq true'), ["anna"]);
  assert.deepEqual(await found(`id eq "${id}" and externalId eq "E-1"`), ["anna"]);
  assert.deepEqual(await found(`id eq "${id}" and externalId eq "E-2"`), []);
  for (const other of ["e-1", "E-", "E-1 ", "%", "", "\\u0000", "\\ud800", "x".repeat(900)])
    assert.deepEqual(await found(`externalId eq "${other}"`), [], other.slice(0, 20));
  const patch = async (...all: object[]) => {
    const { status, json, text } = await scim("PATCH", `/Users/${id}`, operations(...all));
    assert.equal(status, 200, text);
    return json.externalId;
  };
  assert.equal(await patch({ op: "Replace", path: "externalId", value: "E-2" }), "E-2");
  assert.equal(await patch({ op: "add", value: { externalid: "E-3" } }), "E-3");
  assert.equal(await patch({ op: "replace", path: "displayName", value: "Ada" }), "E-3", "it stays");
  assert.equal(await patch({ op: "Remove", path: "externalId" }), undefined);
  assert.deepEqual(await found('externalId eq "E-3"'), []);
  const put = await scim("PUT", `/Users/${id}`, person("anna", { externalId: "E-4" }));
  assert.deepEqual([put.status, put.json.externalId], [200, "E-4"], put.text);
  const [event] = await audit.query({ subject: id, kind: "user-changed", limit: 1 });
  assert.deepEqual(event?.facts?.changed, ["claims", "external"]);
  assert.ok(!JSON.stringify(event).includes("E-4"), "which one it is, is nothing for the audit");
  assert.equal((await scim("PUT", `/Users/${id}`, person("anna"))).json.externalId, undefined, "§3.5.1");
});

test("is another client's own business: not shown, not found, not taken away by whoever does not know it", async () => {
  const id = await added("bea", { externalId: "1001" });
  const twin = await added("bob", { externalId: "1001" }, payroll);
  assert.deepEqual(await found('externalId eq "1001"'), ["bea"]);
  assert.deepEqual(await found('externalId eq "1001"', payroll), ["bob"], "the number of another system");
  const seen = await payroll("GET", `/Users/${id}`);
  assert.ok(!("externalId" in seen.json), "§9: not shown");
  for (const [method, body] of [
    ["PUT", { ...seen.json, nickName: "B" }],
    ["PATCH", operations({ op: "remove", path: "externalId" })],
  ] as const)
    assert.equal((await payroll(method, `/Users/${id}`, body)).status, 200, method);
  assert.deepEqual(await found('externalId eq "1001"'), ["bea"], "still there");
  const over = await payroll(
    "PATCH",
    `/Users/${id}`,
    operations({ op: "add", path: "externalId", value: "2" }),
  );
  assert.equal(over.json.externalId, "2");
  assert.deepEqual(await found('externalId eq "1001"'), [], "who names a person last takes them over");
  assert.equal((await scim("DELETE", `/Users/${twin}`)).status, 204);
  assert.deepEqual(await found('externalId eq "1001"', payroll), []);
});

test("S20: one that the client has given to somebody else is 409 uniqueness, and what cannot be kept is 400", async () => {
  const id = await added("cleo", { externalId: "C" });
  const other = await added("cora");
  for (const [method, path, body] of [
    ["POST", "/Users", person("carl", { externalId: "C" })],
    ["PUT", `/Users/${other}`, person("cora", { externalId: "C" })],
    ["PATCH", `/Users/${other}`, operations({ op: "add", path: "externalId", value: "C" })],
  ] as const) {
    const { status, json } = await scim(method, path, body);
    assert.deepEqual([status, json.scimType], [409, "uniqueness"], `${method} ${JSON.stringify(json)}`);
    assert.match(json.detail, /externalId/, method);
  }
  assert.equal(await directory.find("carl"), undefined);
  for (const externalId of ["x".repeat(301), "\0", "\ud800", 7, ["C"], { value: "C" }]) {
    const { status, json } = await scim("POST", "/Users", person("carl", { externalId }));
    assert.deepEqual([status, json.scimType], [400, "invalidValue"], JSON.stringify(externalId).slice(0, 40));
  }
  assert.equal((await scim("DELETE", `/Users/${id}`)).status, 204);
  await added("carl", { externalId: "C" });
});

test("M24: nobody names an administrator who could not change them", async () => {
  const id = await added("chief", { password: PASSWORD, roles: [{ value: "admin" }] });
  const weak = await tokenOf(server, "payroll", [scopes.usersRead, scopes.usersWrite]);
  const patch = operations({ op: "add", path: "externalId", value: "mine" });
  assert.equal((await scim("PATCH", `/Users/${id}`, patch, {}, weak)).status, 403);
  assert.equal((await directory.get(id))?.external, undefined);
});

test("people who are kept in LDAP take no externalId, which is said by 409; a filter for one does not even ask their directory", {
  skip: noSlapd,
}, async () => {
  if (slapd === undefined || other === undefined) return assert.fail("no slapd");
  const at = scimClient(other, await tokenOf(other));
  const lena = (await at("GET", `/Users?filter=${encodeURIComponent('userName eq "lena"')}`)).json
    .Resources[0];
  const before = (await slapd.log()).length;
  assert.deepEqual(await found('externalId eq "L"', at), []);
  assert.doesNotMatch((await slapd.log()).slice(before), /SRCH base="(?!cn=mark)/);
  for (const [method, body] of [
    ["PATCH", operations({ op: "add", path: "externalId", value: "L" })],
    ["PUT", { ...lena, externalId: "L" }],
  ] as const) {
    const { status, json } = await at(method, `/Users/${lena.id}`, body);
    assert.equal(status, 409, method);
    assert.match(json.detail, /kept in a directory that is changed elsewhere/);
  }
  const same = await at("PUT", `/Users/${lena.id}`, lena);
  assert.deepEqual([same.status, same.json.externalId], [200, undefined], "as they were read, they stay");
  await added("sam", { externalId: "L" }, at);
  assert.deepEqual(await found('externalId eq "L"', at), ["sam"], "beside people of our own");
});
