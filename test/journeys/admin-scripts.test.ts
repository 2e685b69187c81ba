/** The document's story over the admin API: find the script, edit it, put it back, make it the default. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { startServer, twoSteps } from "../kit/server.ts";

const INUM = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const SCRIPTS = "/api/v1/config/scripts";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  callApi(server, token, method, path, body, headers);
type Property = { value1: string; value2: string | null; hide: boolean; isSet?: boolean };
const twilio = async () => (await call("GET", `${SCRIPTS}/inum/${INUM}`)).json;
const property = (script: { configurationProperties: Property[] }, name: string) =>
  script.configurationProperties.find(({ value1 }) => value1 === name);
const discovery = async () =>
  (await (await fetch(new URL("/.well-known/openid-configuration", server.issuer))).json()) as {
    acr_values_supported: string[];
    auth_level_mapping: Record<string, string[]>;
  };

describe("reading scripts", () => {
  test("by type in either case, by inum, by the original's inum and by name: the same entry", async () => {
    const upper = await call("GET", `${SCRIPTS}/type/PERSON_AUTHENTICATION`);
    const lower = await call("GET", `${SCRIPTS}/type/person_authentication`);
    assert.equal(upper.status, 200);
    assert.equal(
      upper.headers.get("content-type"),
      "application/json",
      "tools of the original want no charset",
    );
    assert.deepEqual(upper.json, lower.json);
    const entry = upper.json.entries.find(({ name }: { name: string }) => name === "twilio_sms");
    assert.deepEqual(entry, await twilio());
    assert.deepEqual(entry, (await call("GET", `${SCRIPTS}/inum/09A0-93D6`)).json);
    assert.deepEqual(entry, (await call("GET", `${SCRIPTS}/name/twilio_sms`)).json);
    assert.deepEqual(
      [entry.inum, entry.name, entry.level, entry.enabled, entry.scriptType, entry.revision],
      [INUM, "twilio_sms", 40, true, "person_authentication", 1],
    );
  });

  test("the script is the mechanism's own source", async () => {
    assert.match((await twilio()).script, /requires: \["password", "sms"\]/);
  });

  test("S19: a secret is never read", async () => {
    const script = await twilio();
    const { value1, value2, hide, isSet } = property(script, "twilio_token") as Property;
    assert.deepEqual(
      { value1, value2, hide, isSet },
      { value1: "twilio_token", value2: null, hide: true, isSet: true },
    );
    const list = await call("GET", SCRIPTS);
    assert.equal(list.text.includes(server.simulator.account.token), false);
  });

  test("an unknown inum, name or type is 404 in JSON, a bad query 400 that names it", async () => {
    for (const path of ["inum/nobody", "name/nobody", "type/id_generator"]) {
      const answer = await call("GET", `${SCRIPTS}/${path}`);
      assert.deepEqual([answer.status, answer.json.code], [404, "404"]);
    }
    const bad = await call("GET", `${SCRIPTS}?limit=1000&sortOrder=up`);
    assert.deepEqual(
      [bad.status, bad.json.faults.map(({ path }: { path: string }) => path).sort()],
      [400, ["limit", "sortOrder"]],
    );
    assert.equal((await call("GET", `${SCRIPTS}?sortBy=script`)).status, 400);
    assert.equal(
      (await call("GET", `${SCRIPTS}?inum=junk&url=https%3A%2F%2Fx`)).status,
      200,
      "junk is ignored",
    );
  });

  test("pages by cursor, filters and sorts; a cursor that was made up is refused", async () => {
    const first = await call("GET", `${SCRIPTS}?limit=1&sortBy=level&sortOrder=descending`);
    assert.deepEqual([first.json.entries[0].name, first.json.totalEntriesCount], ["fido2", 5]);
    const second = await call(
      "GET",
      `${SCRIPTS}?limit=4&sortBy=level&sortOrder=descending&cursor=${encodeURIComponent(first.json.next)}`,
    );
    assert.deepEqual(
      [second.json.entries.map(({ name }: { name: string }) => name), second.json.next],
      [["otp", "twilio_sms", "recovery_code", "simple_password_auth"], undefined],
    );
    assert.equal((await call("GET", `${SCRIPTS}?cursor=MQ.AAAAAAAAAAAAAAAAAAAAAAAAAAA`)).status, 400);
    const some = await call("GET", `${SCRIPTS}?fieldValuePair=level%3D40,enabled%3Dtrue&pattern=TWILIO`);
    assert.equal(some.json.totalEntriesCount, 1);
  });
});

describe("changing the script", () => {
  test("get, edit, put back: the revision rises, what was not edited stays, and sign-ins follow at once", async () => {
    const script = await twilio();
    (property(script, "from_number") as Property).value2 = "+12025550111";
    const saved = await call("PUT", SCRIPTS, script);
    assert.equal(saved.status, 200, saved.text);
    assert.equal(saved.json.revision, script.revision + 1);
    assert.equal(property(saved.json, "from_number")?.value2, "+12025550111");
    assert.equal(property(saved.json, "twilio_token")?.isSet, true);
    const visitor = server.visitor();
    const page = await visitor.get(
      server.authorizeUrl({ client_id: "doc", nonce: "n", state: "s", acr_values: "twilio_sms" }),
    );
    const end = await twoSteps(server, visitor, page);
    assert.match(end.url.search, /code=/);
    assert.equal((await server.simulator.messages()).at(-1)?.from, "+12025550111");
  });

  test("put back as it was read changes nothing, not even the revision", async () => {
    const script = await twilio();
    const again = await call("PUT", SCRIPTS, script);
    assert.deepEqual([again.status, again.json], [200, script]);
  });

  test("S19: who changes where the secret is sent has to give it anew, and is told which", async () => {
    const script = await twilio();
    (property(script, "twilio_sid") as Property).value2 = `AC${"f".repeat(32)}`;
    const refused = await call("PUT", SCRIPTS, script);
    assert.equal(refused.status, 400);
    assert.match(
      refused.json.description,
      /twilio_token: must be given anew, because twilio_sid changes with it/,
    );
    (property(script, "twilio_token") as Property).value2 = "another-token";
    assert.equal((await call("PUT", SCRIPTS, script)).status, 200);
    const back = await twilio();
    (property(back, "twilio_sid") as Property).value2 = server.simulator.account.sid;
    (property(back, "twilio_token") as Property).value2 = server.simulator.account.token;
    assert.equal((await call("PUT", SCRIPTS, back)).status, 200);
  });

  test("S19: a secret cannot be read by no longer hiding it, and one that is left out stays", async () => {
    const script = await twilio();
    script.configurationProperties.push({ value1: "api_base", value2: server.simulator.url, hide: false });
    script.configurationProperties = script.configurationProperties
      .filter(
        (one: Property, at: number, all: Property[]) => all.findIndex((o) => o.value1 === one.value1) === at,
      )
      .map((one: Property) => (one.value1 === "twilio_token" ? { ...one, hide: false } : one));
    const saved = await call("PUT", SCRIPTS, script);
    assert.equal(saved.status, 200, saved.text);
    assert.deepEqual(
      [property(saved.json, "twilio_token")?.value2, property(saved.json, "twilio_token")?.hide],
      [null, true],
    );
    const without = await twilio();
    without.configurationProperties = without.configurationProperties.filter(
      ({ value1 }: Property) => value1 !== "twilio_token",
    );
    const kept = await call("PUT", SCRIPTS, without);
    assert.equal(property(kept.json, "twilio_token")?.isSet, true);
  });

  test("wrong and missing properties are refused by name, all at once, and the old ones serve on", async () => {
    const before = await twilio();
    const script = structuredClone(before);
    (property(script, "from_number") as Property).value2 = "12 34";
    (property(script, "twilio_token") as Property).value2 = "";
    script.configurationProperties.push({ value1: "twilio_sidd", value2: "x", hide: false });
    const refused = await call("PUT", SCRIPTS, script);
    assert.equal(refused.status, 400);
    for (const name of [/from_number: must be/, /twilio_token: is missing/, /twilio_sidd: is not a property/])
      assert.match(refused.json.description, name);
    assert.deepEqual(await twilio(), before);
  });

  test("S20: of two administrators on one ETag the second is told with 412", async () => {
    const read = await call("GET", `${SCRIPTS}/inum/${INUM}`);
    const etag = read.headers.get("etag") ?? "";
    const patch = (value: string) =>
      call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "replace", path: "/description", value }], {
        "if-match": etag,
      });
    const answers = await Promise.all([patch("one"), patch("two")]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
  });

  test("a patch takes text for numbers and booleans, and refuses what cannot be done", async () => {
    const done = await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "replace", path: "/level", value: "41" }]);
    assert.deepEqual([done.status, done.json.level], [200, 41]);
    assert.deepEqual((await discovery()).auth_level_mapping["41"], ["twilio_sms"]);
    assert.equal(
      (await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "remove", path: "/nothing/here" }])).status,
      400,
    );
    assert.equal(
      (await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "add", path: "/__proto__/polluted", value: 1 }]))
        .status,
      400,
    );
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    const slashless = await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "test", path: "level", value: 41 }]);
    assert.equal(slashless.status, 200, "tools of the original leave the first slash out");
    const pointless = await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "add", path: "/a~2", value: 1 }]);
    assert.deepEqual([pointless.status, pointless.json.faults[0].path], [400, "[0]"]);
    await call("PATCH", `${SCRIPTS}/${INUM}`, [{ op: "replace", path: "/level", value: 40 }]);
  });
});

describe("the default acr", () => {
  test("T15: disabling the default is refused unless a new default comes with it; discovery follows", async () => {
    const off = [{ op: "replace", path: "/enabled", value: false }];
    const refused = await call("PATCH", `${SCRIPTS}/${INUM}`, off);
    assert.equal(refused.status, 400);
    assert.match(refused.json.description, /twilio_sms is not enabled; .*another default/);
    const done = await call("PATCH", `${SCRIPTS}/${INUM}?defaultAcr=simple_password_auth`, off);
    assert.equal(done.status, 200, done.text);
    assert.deepEqual((await discovery()).acr_values_supported, ["simple_password_auth"]);
    assert.deepEqual((await call("GET", "/api/v1/acrs")).json, { defaultAcr: "simple_password_auth" });
    const early = await call("PUT", "/api/v1/acrs", { defaultAcr: "twilio_sms" });
    assert.deepEqual([early.status, early.json.message], [400, "INVALID_ACR"]);
    assert.equal((await call("PATCH", `${SCRIPTS}/${INUM}`, [{ ...off[0], value: true }])).status, 200);
    assert.deepEqual((await discovery()).acr_values_supported.sort(), ["simple_password_auth", "twilio_sms"]);
  });

  test("the document's own file, with backticks and a space, is taken and answered clean", async () => {
    const answer = await call("PUT", "/api/v1/acrs", { defaultAcr: "`twilio_sms` " });
    assert.deepEqual([answer.status, answer.json], [200, { defaultAcr: "twilio_sms" }]);
  });

  test("an unknown acr is INVALID_ACR with the nearest name", async () => {
    const answer = await call("PUT", "/api/v1/acrs", { defaultAcr: "twillio_sms" });
    assert.deepEqual([answer.status, answer.json.code, answer.json.message], [400, "400", "INVALID_ACR"]);
    assert.match(answer.json.description, /twillio_sms is not active; did you mean twilio_sms\?/);
  });
});

describe("who may", () => {
  test("S18: no token, a made-up token, a token for something else: 401; a token without the scope: 403", async () => {
    for (const bad of [undefined, "made-up", "x".repeat(43)]) {
      const answer = await callApi(server, bad, "GET", "/api/v1/acrs");
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
      assert.doesNotMatch(answer.text, /unauthorized/i, "tools of the original would ask for ever");
    }
    const reader = await tokenOf(server, "reader");
    assert.equal((await callApi(server, reader, "GET", SCRIPTS)).status, 200);
    const write = await callApi(server, reader, "PATCH", `${SCRIPTS}/${INUM}`, []);
    assert.deepEqual(
      [write.status, write.headers.get("www-authenticate")?.includes("insufficient_scope")],
      [403, true],
    );
  });

  test("S18: a token for the API opens nothing else, and a token of userinfo does not open the API", async () => {
    const userinfo = await fetch(new URL("/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(userinfo.status, 401);
  });

  test("a body that is no JSON, of another type or too large is refused in JSON", async () => {
    assert.equal((await call("PUT", "/api/v1/acrs", "{")).status, 400);
    assert.equal(
      (await call("PUT", "/api/v1/acrs", "a=b", { "content-type": "application/x-www-form-urlencoded" }))
        .status,
      415,
    );
    assert.equal((await call("PUT", "/api/v1/acrs", { defaultAcr: "x".repeat(3_000_000) })).status, 413);
    assert.equal((await call("GET", "/api/v1/nothing")).status, 404);
    assert.equal((await call("DELETE", "/api/v1/acrs")).status, 405);
  });
});
