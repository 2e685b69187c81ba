/** SCIM 2.0 at /scim/v2: the people operations in another spelling, with the same guard, rights and versions. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { scopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { machines, tokenOf } from "../kit/admin.ts";
import { operations, person, scimClient, USER } from "../kit/scim.ts";
import { PASSWORD, startServer } from "../kit/server.ts";

const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { directory, audit } = server.parts;
const token = await tokenOf(server);
const scim = scimClient(server, token);

describe("a person from hire to leave", () => {
  let id = "";
  let version = "";

  test("is created with a password, read with a version, and signs in", async () => {
    const made = await scim(
      "POST",
      "/Users",
      person("bjensen", {
        name: { givenName: "Barbara", familyName: "Jensen", formatted: "Barbara Jensen" },
        emails: [
          { value: "home@example.org", type: "home" },
          { value: "bjensen@example.org", type: "work", primary: true },
        ],
        password: PASSWORD,
        externalId: "701984",
      }),
    );
    assert.equal(made.status, 201, made.text);
    assert.match(made.headers.get("content-type") ?? "", /^application\/scim\+json/);
    ({ id } = made.json);
    version = made.headers.get("etag") ?? "";
    assert.equal(made.json.meta.version, version);
    assert.equal(made.headers.get("location"), new URL(`/scim/v2/Users/${id}`, server.issuer).href);
    assert.deepEqual(made.json.emails, [{ value: "bjensen@example.org", type: "work", primary: true }]);
    assert.equal(made.json.externalId, "701984");
    assert.ok(!made.text.includes(PASSWORD) && !("password" in made.json), "written and never read");
    assert.equal((await directory.checkPassword("bjensen", new Secret(PASSWORD))).kind, "right");
    const [event] = await audit.query({ subject: id, kind: "user-added", limit: 1 });
    assert.equal(event?.facts?.by, "client machine");
    const read = await scim("GET", `/Users/${id}`);
    assert.deepEqual(read.json, made.json);
    assert.equal((await scim("GET", `/Users/${id}`, undefined, { "if-none-match": version })).status, 304);
  });

  test("a second one of that name or address is 409 uniqueness", async () => {
    for (const twin of [
      person("BJensen", { password: PASSWORD }),
      person("other", { password: PASSWORD, emails: [{ value: "BJENSEN@example.org" }] }),
    ]) {
      const { status, json } = await scim("POST", "/Users", twin);
      assert.deepEqual([status, json.scimType, json.status], [409, "uniqueness", "409"]);
    }
  });

  test("patches as directories send them: one value, a part, without a path, booleans as text", async () => {
    const patch = (...all: object[]) => scim("PATCH", `/Users/${id}`, operations(...all));
    let done = await patch({ op: "Replace", path: "name.familyName", value: "Jensen-Lee" });
    assert.deepEqual([done.status, done.json.name.familyName], [200, "Jensen-Lee"], done.text);
    assert.equal(done.json.name.givenName, "Barbara", "and nothing else");
    done = await patch({ op: "replace", path: 'emails[type eq "work"].value', value: "b@example.org" });
    assert.equal(done.json.emails[0].value, "b@example.org");
    done = await patch({ op: "add", value: { displayName: "Babs", nickName: "Babs" } });
    assert.deepEqual([done.json.displayName, done.json.nickName], ["Babs", "Babs"]);
    done = await patch({ op: "remove", path: "nickName" });
    assert.deepEqual([done.status, done.json.nickName], [200, undefined], done.text);
    done = await patch({ op: "Replace", path: "active", value: "False" });
    assert.equal(done.json.active, false);
    assert.equal((await directory.get(id))?.status, "disabled", "P17: at once");
    await patch({ op: "replace", value: { active: true } });
    const before = await directory.get(id);
    for (const [path, value] of [
      ["__proto__.polluted", "x"],
      ["constructor", "x"],
      ["emails[value co 1]", "x"],
      ["groups", []],
      ["id", "other"],
    ])
      assert.equal((await patch({ op: "replace", path, value })).json.scimType, "invalidPath", String(path));
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.deepEqual(await directory.get(id), before);
  });

  test("S20: a change on a version that is over is 412, and of a thousand fields sent none that we do not know is kept", async () => {
    const stale = await scim("PUT", `/Users/${id}`, person("bjensen"), { "if-match": version });
    assert.equal(stale.status, 412);
    const current = (await scim("GET", `/Users/${id}`)).json.meta.version;
    const put = await scim(
      "PUT",
      `/Users/${id}`,
      person("bjensen", {
        name: { givenName: "Barbara" },
        sub: "root",
        acr: "x",
        phone_number_verified: true,
      }),
      { "if-match": current },
    );
    assert.equal(put.status, 200, put.text);
    assert.deepEqual(
      (await directory.get(id))?.claims,
      { given_name: "Barbara" },
      "§3.5.1: what was not sent is gone",
    );
    assert.equal(
      (await directory.checkPassword("bjensen", new Secret(PASSWORD))).kind,
      "right",
      "but the password",
    );
  });

  test("is deleted, and is 404 then", async () => {
    assert.equal((await scim("DELETE", `/Users/${id}`)).status, 204);
    assert.equal((await scim("GET", `/Users/${id}`)).status, 404);
    assert.equal((await scim("DELETE", `/Users/${id}`)).status, 404);
  });
});

test("lists page by page and by filter, and a filter that cannot be served is refused by name", async () => {
  for (let n = 0; n < 5; n += 1)
    await scim(
      "POST",
      "/Users",
      person(`list-${n}`, { active: n !== 0, emails: [{ value: `l${n}@example.org` }] }),
    );
  const list = (query: string) => scim("GET", `/Users?${query}`);
  const all = await list("count=3");
  assert.deepEqual(
    [all.json.itemsPerPage, all.json.startIndex, all.json.Resources.length],
    [3, 1, 3],
    all.text,
  );
  const seen = new Set<string>();
  for (let start = 1; start <= all.json.totalResults; start += 3)
    for (const { id } of (await list(`count=3&startIndex=${start}`)).json.Resources) seen.add(id);
  assert.equal(seen.size, all.json.totalResults, "everybody, once");
  const names = async (filter: string) =>
    (await list(`filter=${encodeURIComponent(filter)}`)).json.Resources?.map(
      ({ userName }: { userName: string }) => userName,
    );
  assert.deepEqual(await names('userName eq "LIST-3"'), ["list-3"]);
  assert.deepEqual(await names('emails.value eq "l2@example.org" and active eq true'), ["list-2"]);
  assert.deepEqual(await names('userName eq "list-0" and active eq true'), []);
  assert.deepEqual(await names('userName eq "list-0" and userName eq "list-1"'), []);
  const { id } = (await directory.find("list-1")) ?? assert.fail();
  assert.deepEqual(await names(`id eq "${id}" and userName eq "list-1"`), ["list-1"]);
  assert.deepEqual(await names(`id eq "${id}" and userName eq "list-2"`), []);
  assert.deepEqual(await names(`userName eq "x\\" or 1=1 --"`), []);
  for (const bad of [
    'userName co "a"',
    "userName eq",
    'password eq "x"',
    'userName eq "a" or userName eq "b"',
    `userName eq "${"a".repeat(1100)}"`,
    "((((",
  ]) {
    const { status, json } = await list(`filter=${encodeURIComponent(bad)}`);
    assert.deepEqual([status, json.scimType], [400, "invalidFilter"], bad);
  }
  assert.equal((await list("count=0")).json.Resources.length, 0);
  assert.equal((await list("count=-5&startIndex=-1")).status, 200);
});

test("S18: nobody without the scope of the same people operation, and an administrator is not robbed by a weaker machine", async () => {
  const { id } = (await directory.find("list-4")) ?? assert.fail();
  const reader = await tokenOf(server, "reader");
  const only = (...wanted: string[]) => tokenOf(server, "machine", wanted);
  const read = await only(scopes.usersRead);
  for (const [method, path, body] of [
    ["GET", "/Users", undefined],
    ["GET", `/Users/${id}`, undefined],
    ["POST", "/Users", person("x")],
    ["PUT", `/Users/${id}`, person("x")],
    ["PATCH", `/Users/${id}`, operations({ op: "replace", path: "active", value: false })],
    ["DELETE", `/Users/${id}`, undefined],
    ["GET", "/Schemas", undefined],
  ] as const) {
    const anonymous = await scim(method, path, body, {}, "");
    assert.deepEqual([anonymous.status, anonymous.headers.get("www-authenticate")], [401, "Bearer"], path);
    assert.equal((await scim(method, path, body, {}, reader)).status, 403, `${method} ${path}`);
    if (method !== "GET") assert.equal((await scim(method, path, body, {}, read)).status, 403, method);
  }
  const added = await directory.write.add({
    username: "chief",
    password: new Secret(PASSWORD),
    roles: ["admin"],
  });
  assert.equal(added.kind, "done");
  const weak = await only(scopes.usersRead, scopes.usersWrite, scopes.usersDelete);
  const chief = (await directory.find("chief"))?.id;
  for (const [method, body] of [
    ["PATCH", operations({ op: "replace", path: "password", value: "another password of mine" })],
    ["DELETE", undefined],
  ] as const)
    assert.equal((await scim(method, `/Users/${chief}`, body, {}, weak)).status, 403, `M24: ${method}`);
  const given = await scim(
    "PATCH",
    `/Users/${id}`,
    operations({ op: "add", path: "roles", value: [{ value: "admin" }] }),
    {},
    weak,
  );
  assert.equal(given.status, 403, "M24: nobody gives rights they lack");
});

test("what it says of itself, what is no JSON, and what is not there", async () => {
  const config = await scim("GET", "/ServiceProviderConfig");
  assert.deepEqual(
    [config.json.patch.supported, config.json.bulk.supported, config.json.etag.supported],
    [true, false, true],
  );
  const schemas = await scim("GET", `/Schemas/${USER}`);
  assert.equal(schemas.json.id, USER);
  assert.equal((await scim("GET", "/ResourceTypes")).json.Resources[0].endpoint, "/Users");
  assert.equal((await scim("GET", "/Groups")).status, 404);
  const broken = await scim("POST", "/Users", "{");
  assert.deepEqual([broken.status, broken.json.scimType], [400, "invalidSyntax"]);
  assert.equal(
    (await scim("POST", "/Users", person("x", { active: "maybe" }))).json.scimType,
    "invalidValue",
  );
  const form = await scim("POST", "/Users", "a=b", { "content-type": "application/x-www-form-urlencoded" });
  assert.equal(form.status, 415);
});

test("a list is in the order that is asked for, as far as an index has it (RFC 7644 §3.4.2.3)", async () => {
  const names = async (query: string) => {
    const { json } = await scim("GET", `/Users?count=200&${query}`);
    return (json.Resources as { userName: string }[]).map(({ userName }) => userName);
  };
  const up = await names("sortBy=USERNAME");
  assert.ok(up.length > 2);
  assert.deepEqual(up, [...up].sort());
  assert.deepEqual(await names("sortBy=userName&sortOrder=descending"), [...up].reverse());
  const { status, json } = await scim("GET", "/Users?sortBy=emails.value");
  assert.deepEqual([status, json.scimType], [400, "invalidPath"]);
});
