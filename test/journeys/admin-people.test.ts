/** People over the admin API, in the original's shape: found, added, put back, patched, removed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { PASSWORD, startServer } from "../kit/server.ts";

const USERS = "/mgt/configuser";
const CHEAP = { memory: 64, passes: 1, lanes: 1 };
const server = await startServer({ clients: machines, hashCost: CHEAP });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  callApi(server, token, method, path, body, headers);
const { directory, audit } = server.parts;
const userOf = async (username: string) => (await directory.find(username)) ?? assert.fail(username);
const right = async (username: string, password: string) =>
  (await directory.checkPassword(username, new Secret(password))).kind === "right";
type Attribute = { name: string; values: unknown[]; value: unknown };
const attribute = (user: { customAttributes: Attribute[] }, name: string) =>
  user.customAttributes.find((one) => one.name === name)?.values;
/** As the original's users write it. */
const one = (name: string, value: unknown) => ({ name, multiValued: false, values: [value] });

describe("reading people", () => {
  test("a person in the original's shape, by inum and in the list, with an ETag and without a password", async () => {
    const grace = await userOf("grace");
    const answer = await call("GET", `${USERS}/${grace.id}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("etag"), `"${grace.version}"`);
    const { createdAt, updatedAt, ...rest } = answer.json;
    for (const time of [createdAt, updatedAt]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    const dn = `inum=${grace.id},ou=people,o=jans`;
    assert.deepEqual(rest, {
      dn,
      userId: "grace",
      customAttributes: [
        { name: "sn", multiValued: false, values: ["Hopper"], value: "Hopper", displayValue: "Hopper" },
        { name: "emailVerified", multiValued: false, values: [true], value: true, displayValue: "true" },
      ],
      inum: grace.id,
      mail: "grace@example.org",
      displayName: "Grace Hopper",
      givenName: "Grace",
      status: "active",
      jansStatus: "active",
      baseDn: dn,
    });
    const list = await call("GET", `${USERS}?pattern=HOPPER`);
    assert.deepEqual(list.json.entries, [answer.json]);
    assert.deepEqual([list.json.start, list.json.totalEntriesCount, list.json.entriesCount], [0, 1, 1]);
    assert.doesNotMatch(list.text, /password|argon2/i);
    const under = await call("GET", `/api/v1/mgt/configuser/${grace.id}`);
    assert.deepEqual(under.json, answer.json, "also where the document's reader looks for it");
    assert.deepEqual(
      [(await call("GET", `${USERS}/nobody`)).status, (await call("GET", `${USERS}/nobody`)).json.message],
      [404, "The requested user doesn't exist"],
    );
  });

  test("lists page by cursor and by index, sort and filter; made-up cursors and names are refused", async () => {
    for (let n = 0; n < 12; n += 1)
      await directory.write.add({
        username: `page-${String(n).padStart(2, "0")}`,
        password: new Secret(PASSWORD),
        claims: { email: `p${n}@example.net` },
        status: n % 2 === 0 ? "active" : "disabled",
      });
    const names = (json: { entries: { userId: string }[] }) => json.entries.map(({ userId }) => userId);
    const seen: string[] = [];
    let query = "limit=5&pattern=page-&sortBy=userId&sortOrder=descending";
    const base = query;
    for (;;) {
      const { json } = await call("GET", `${USERS}?${query}`);
      assert.deepEqual([json.start, json.totalEntriesCount], [seen.length, 12]);
      seen.push(...names(json));
      if (json.next === undefined) break;
      query = `${base}&cursor=${encodeURIComponent(json.next)}`;
    }
    const all = Array.from({ length: 12 }, (_, n) => `page-${String(11 - n).padStart(2, "0")}`);
    assert.deepEqual(seen, all);
    assert.deepEqual(names((await call("GET", `${USERS}?${base}&startIndex=10`)).json), all.slice(10));
    const filtered = await call(
      "GET",
      `${USERS}?pattern=page-&fieldValuePair=${encodeURIComponent("jansStatus=true,mail=P4@example.net")}`,
    );
    assert.deepEqual(names(filtered.json), ["page-04"]);
    const { json } = await call("GET", `${USERS}?${base}`);
    const bad = [
      "cursor=MHw.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
      `sortBy=createdAt&cursor=${encodeURIComponent(json.next)}`,
      "sortBy=userPassword",
      "limit=1000",
      "fieldValuePair=secretAnswer=x",
      "fieldValuePair=status=maybe",
    ];
    for (const text of bad) assert.equal((await call("GET", `${USERS}?${text}`)).status, 400, text);
  });
});

describe("adding people", () => {
  const NEW = {
    userId: "testcliuser",
    mail: "user@example.com",
    userPassword: "correct battery staple",
    status: "active",
    displayName: "Test User",
    givenName: "Test",
  };

  test("the document's own request makes a person who can sign in", async () => {
    const added = await call("POST", USERS, {
      ...NEW,
      customAttributes: [one("sn", "User"), one("mobile", "15551230000")],
    });
    assert.equal(added.status, 201, added.text);
    assert.deepEqual(
      [added.json.userId, added.json.mail, added.json.displayName, added.json.givenName, added.json.status],
      ["testcliuser", "user@example.com", "Test User", "Test", "active"],
    );
    assert.deepEqual(attribute(added.json, "sn"), ["User"]);
    assert.doesNotMatch(added.text, /battery/);
    assert.equal(await right("testcliuser", "correct battery staple"), true);
    const { inum } = added.json;
    assert.deepEqual(attribute(added.json, "mobile"), ["15551230000"], "an entry of an address book");
    assert.deepEqual(await server.parts.authenticators.list(inum), [], "and no phone that codes go to");
    const [event] = await audit.query({ subject: inum, kind: "user-added", limit: 1 });
    assert.deepEqual(event?.facts, { by: "client machine", username: "testcliuser", roles: [] });
  });

  test("what is missing, taken or refused by policy is said by name", async () => {
    const refused = async (body: object) => {
      const { status, json } = await call("POST", USERS, {
        ...NEW,
        userId: "other",
        mail: "other@example.com",
        ...body,
      });
      assert.deepEqual([status, json.code], [400, "400"]);
      return `${json.message} ${json.description}`;
    };
    assert.match(
      await refused({ userId: null, userPassword: null }),
      /USER_CREATION_ERROR Attributes Missing in request are \{userId,userPassword\}/,
    );
    assert.match(
      await refused({ userId: "TestCliUser" }),
      /User with same name \{TestCliUser\} already exists!/,
    );
    assert.match(
      await refused({ mail: "USER@example.com" }),
      /User with same email \{USER@example.com\} already/,
    );
    assert.match(await refused({ userPassword: "short" }), /userPassword: .*has 5 characters; at least 15/);
    assert.match(await refused({ userId: " x" }), /userId: it begins or ends with a space/);
    assert.match(await refused({ status: "expired" }), /status: must be active or inactive/);
    assert.match(
      await refused({
        customAttributes: [one("secretAnswer", "james-bond"), one("phoneNumberVerified", true)],
      }),
      /customAttributes\[0\]: "secretAnswer" is no attribute here.*customAttributes\[1\]: phoneNumberVerified cannot be set/,
    );
    assert.match(await refused({ customAttributes: [one("role", "emperor")] }), /"emperor" is no role/);
    assert.match(await refused({ mails: "x" }), /mails/, "a field that is misspelt");
    assert.equal(await directory.find("other"), undefined);
  });
});

describe("changing people", () => {
  const read = async (username: string) => {
    const answer = await call("GET", `${USERS}/${(await userOf(username)).id}`);
    return { user: answer.json, etag: answer.headers.get("etag") ?? "" };
  };

  test("put back as it was read changes nothing; get, edit, put back changes what was edited", async () => {
    const { user, etag } = await read("testcliuser");
    const again = await call("PUT", USERS, user);
    assert.deepEqual([again.status, again.json, again.headers.get("etag")], [200, user, etag]);
    const saved = await call("PUT", USERS, {
      ...user,
      displayName: "Updated Test User",
      customAttributes: [one("middleName", "Q"), one("sn", "User")],
    });
    assert.equal(saved.status, 200, saved.text);
    assert.deepEqual((await userOf("testcliuser")).claims, {
      email: "user@example.com",
      name: "Updated Test User",
      given_name: "Test",
      family_name: "User",
      middle_name: "Q",
    });
    assert.equal(await right("testcliuser", "correct battery staple"), true, "the password stays");
    assert.equal((await call("PUT", USERS, { ...user, inum: "nobody" })).status, 404);
    assert.equal((await call("PUT", USERS, { ...user, inum: null })).status, 400);
  });

  test("the document's patches: a path of the user, an attribute, a new password", async () => {
    const { id } = await userOf("testcliuser");
    const patched = await call("PATCH", `${USERS}/${id}`, {
      jsonPatchString: '[ {"op":"add", "path": "/userId", "value":"config_test_user" } ]',
      customAttributes: [{ ...one("emailVerified", "TRUE"), value: "TRUE", displayValue: "TRUE" }],
    });
    assert.equal(patched.status, 200, patched.text);
    assert.equal(patched.json.userId, "config_test_user");
    assert.deepEqual(attribute(patched.json, "emailVerified"), [true]);
    const password = { name: "userPassword", multiValued: false, value: "another battery staple" };
    const changed = await call("PATCH", `${USERS}/${id}`, {
      jsonPatchString: "",
      customAttributes: [password],
    });
    assert.equal(changed.status, 200, changed.text);
    assert.doesNotMatch(changed.text, /staple/);
    assert.equal(await right("config_test_user", "another battery staple"), true);
    const weak = await call("PATCH", `${USERS}/${id}`, {
      customAttributes: [{ ...password, value: "weak" }],
    });
    assert.match(weak.json.description, /userPassword: .*at least 15/);
    const gone = await call("PATCH", `${USERS}/${id}`, {
      customAttributes: [
        { name: "middleName", values: null },
        { name: "sn", value: null },
      ],
    });
    assert.deepEqual(
      [attribute(gone.json, "middleName"), attribute(gone.json, "sn")],
      [undefined, undefined],
    );
    const mail = await call("PATCH", `${USERS}/${id}`, {
      customAttributes: [one("mail", "new@example.com")],
    });
    assert.equal(mail.json.mail, "new@example.com");
    assert.equal(attribute(mail.json, "emailVerified"), undefined, "another address is not verified");
    for (const text of [
      "{",
      '[{"op":"replace","path":"/nothing/x","value":1}]',
      '[{"op":"replace","path":"/inum","value":"other"}]',
      '[{"op":"add","path":"/__proto__/polluted","value":1}]',
      '[{"op":"add","path":"/constructor/prototype/polluted","value":1}]',
      '[{"op":"replace","path":"no pointer","value":1}]',
      '[{"op":"move","path":"/mail"}]',
      '[{"op":"add","path":"/mail","value":7}]',
      '[{"op":"add","path":"/roles","value":["admin"]}]',
    ])
      assert.equal((await call("PATCH", `${USERS}/${id}`, { jsonPatchString: text })).status, 400, text);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    const unknown = { customAttributes: [{ name: "secretAnswer", value: null }] };
    assert.equal((await call("PATCH", `${USERS}/${id}`, unknown)).status, 400);
    assert.equal((await call("PATCH", `${USERS}/nobody`, {})).status, 404);
  });

  test("S20: of two administrators on one ETag the second is told with 412, and nothing of theirs is taken", async () => {
    const { user, etag } = await read("config_test_user");
    const put = (displayName: string) => call("PUT", USERS, { ...user, displayName }, { "if-match": etag });
    const answers = await Promise.all([put("One"), put("Two")]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
    const winner = answers.find(({ status }) => status === 200);
    assert.equal((await userOf("config_test_user")).claims.name, winner?.json.displayName);
    for (const stale of [etag, '"x"', '"99999999999999999999"'])
      assert.equal(
        (await call("DELETE", `${USERS}/${user.inum}`, undefined, { "if-match": stale })).status,
        412,
        stale,
      );
    const now = await read("config_test_user");
    assert.equal(
      (await call("PUT", USERS, { ...now.user, displayName: "Three" }, { "if-match": now.etag })).status,
      200,
    );
  });

  test("P17: whoever is made inactive cannot sign in, and is active again under either name of the field", async () => {
    const { id } = await userOf("config_test_user");
    const set = (path: string, value: string) =>
      call("PATCH", `${USERS}/${id}`, { jsonPatchString: JSON.stringify([{ op: "replace", path, value }]) });
    assert.deepEqual((await set("/status", "inactive")).json.status, "inactive");
    assert.equal(await right("config_test_user", "another battery staple"), false);
    assert.deepEqual((await set("/jansStatus", "active")).json.status, "active");
    assert.equal(await right("config_test_user", "another battery staple"), true);
    const [event] = await audit.query({ subject: id, kind: "user-changed", limit: 1 });
    assert.deepEqual(event?.facts, { by: "client machine", changed: ["status"], status: "active" });
  });

  test("roles ride as an attribute under both names, and stay where they are not sent", async () => {
    const { id } = await userOf("config_test_user");
    const given = await call("PATCH", `${USERS}/${id}`, { customAttributes: [one("role", "api-admin")] });
    assert.equal(given.status, 200, given.text);
    assert.deepEqual(attribute(given.json, "jansAdminUIRole"), ["api-admin"]);
    assert.deepEqual((await userOf("config_test_user")).roles, ["admin"]);
    const without = given.json.customAttributes.filter(({ name }: Attribute) => name !== "jansAdminUIRole");
    await call("PUT", USERS, { ...given.json, customAttributes: without, displayName: "Four" });
    assert.deepEqual((await userOf("config_test_user")).roles, ["admin"]);
    const admins = await call("GET", `${USERS}?fieldValuePair=jansAdminUIRole=api-admin`);
    assert.ok(admins.json.entries.some(({ inum }: { inum: string }) => inum === id));
    const two = [{ name: "jansAdminUIRole", multiValued: true, values: ["helpdesk", "auditor"] }];
    await call("PATCH", `${USERS}/${id}`, { customAttributes: two });
    assert.deepEqual((await userOf("config_test_user")).roles, ["auditor", "helpdesk"]);
    await call("PATCH", `${USERS}/${id}`, { customAttributes: [{ name: "role", values: [] }] });
    assert.deepEqual((await userOf("config_test_user")).roles, []);
    const facts = (await audit.query({ subject: id, kind: "roles-changed", limit: 1 }))[0]?.facts;
    assert.deepEqual(facts, { by: "client machine", from: ["auditor", "helpdesk"], to: [] });
  });

  test("a removed person is gone, with the reason in the audit", async () => {
    const { id } = await userOf("config_test_user");
    const removed = await call("DELETE", `${USERS}/${id}?reason=left`);
    assert.deepEqual([removed.status, removed.text], [204, ""]);
    assert.equal((await call("GET", `${USERS}/${id}`)).status, 404);
    assert.equal((await call("DELETE", `${USERS}/${id}`)).status, 404);
    const [event] = await audit.query({ subject: id, kind: "user-removed", limit: 1 });
    assert.deepEqual(event?.facts, { username: "config_test_user", by: "client machine", reason: "left" });
  });
});
