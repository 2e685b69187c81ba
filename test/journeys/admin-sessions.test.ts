/** Sessions, the audit and the keys over the admin API: seen without a secret, searched, ended, rotated. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { startServer } from "../kit/server.ts";

const SESSIONS = "/api/v1/jans-auth-server/session";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string) => callApi(server, token, method, path);
const spa = await createRelyingParty(server);
const web = await createRelyingParty(server, { clientId: "web" });
const search = async (parameters: Record<string, string>) => {
  const answer = await call("GET", `${SESSIONS}/search?${new URLSearchParams(parameters)}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.entries as { id: string; sessionAttributes: Record<string, string> }[];
};

describe("sessions", () => {
  test("a session in the original's shape, with nothing secret in it", async () => {
    const visitor = server.visitor();
    const tokens = await spa.byTwoSteps(visitor);
    const { sub } = claimsOf(tokens);
    const list = await call("GET", SESSIONS);
    assert.equal(list.status, 200, list.text);
    assert.deepEqual([list.json.start, list.json.totalEntriesCount, list.json.entriesCount], [0, 1, 1]);
    const [session] = list.json.entries;
    const { id, lastUsedAt, authenticationTime, creationDate, expirationDate, ttl, ...rest } = session;
    for (const time of [lastUsedAt, authenticationTime, creationDate, expirationDate])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.ok(ttl > 3000 && ttl <= 3600);
    assert.deepEqual(rest, {
      dn: `jansId=${id},ou=sessions,o=jans`,
      outsideSid: id,
      userDn: `inum=${sub},ou=people,o=jans`,
      state: "authenticated",
      permissionGranted: true,
      permissionGrantedMap: { permissionGranted: { spa: true } },
      sessionAttributes: {
        acr: "twilio_sms",
        amr: "pwd sms mfa",
        auth_user: "grace",
        remote_ip: "127.0.0.1",
      },
      deletable: true,
      persisted: true,
    });
    // Only what is left of its life may have changed since.
    const { ttl: left, ...again } = (await call("GET", `${SESSIONS}/sid/${id}`)).json;
    const { ttl: _before, ...before } = session;
    assert.deepEqual(again, before);
    assert.ok(left <= ttl);
    for (const [, { value }] of visitor.jar)
      assert.equal(list.text.includes(decodeURIComponent(value).slice(0, 20)), false);
  });

  test("a search by person, name, acr, client and time; anything else is refused by name", async () => {
    await web.byPassword(server.visitor(), "ada");
    await web.byPassword(server.visitor(), "ada");
    const names = async (parameters: Record<string, string>) =>
      (await search(parameters)).map(({ sessionAttributes }) => sessionAttributes.auth_user).sort();
    const ada = (await server.parts.directory.find("ada"))?.id;
    assert.deepEqual(await names({}), ["ada", "ada", "grace"]);
    assert.deepEqual(
      await names({ fieldValuePair: `userDn=inum=${ada},ou=people,o=jans,acr=simple_password_auth` }),
      ["ada", "ada"],
    );
    assert.deepEqual(await names({ fieldValuePair: `userDn=${ada},auth_user=grace` }), []);
    assert.deepEqual(await names({ fieldValuePair: "auth_user=GRACE" }), ["grace"]);
    assert.deepEqual(await names({ fieldValuePair: "client_id=web" }), ["ada", "ada"]);
    assert.deepEqual(await names({ pattern: "TWILIO" }), ["grace"]);
    assert.deepEqual(
      await names({ fieldValuePair: "expirationDate>2020-01-01,creationDate<2100-01-01 00:00:00" }),
      ["ada", "ada", "grace"],
    );
    assert.deepEqual(await names({ fieldValuePair: "expirationDate<2020-01-01" }), []);
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const { json } = await call("GET", `${SESSIONS}/search?limit=1&pattern=ada${cursor}`);
      seen.push(...json.entries.map(({ id }: { id: string }) => id));
      assert.ok(json.entries.length <= 1);
      if (json.next === undefined) break;
      cursor = `&cursor=${encodeURIComponent(json.next)}`;
    }
    assert.equal(new Set(seen).size, 2);
    assert.equal(seen.length, 2);
    const [, second] = await search({});
    assert.deepEqual((await search({ startIndex: "1", limit: "1" }))[0]?.id, second?.id);
    for (const bad of ["deviceSecrets=x", "acr>1", "expirationDate>soon"]) {
      const answer = await call("GET", `${SESSIONS}/search?fieldValuePair=${encodeURIComponent(bad)}`);
      assert.equal(answer.status, 400, bad);
    }
    assert.equal((await call("GET", `${SESSIONS}?cursor=x`)).status, 400);
  });

  test("S07: a deleted session is over at once; what is not there is 404 in JSON", async () => {
    const visitor = server.visitor();
    const tokens = await spa.byPassword(visitor, "root");
    const [session] = await search({ fieldValuePair: "auth_user=root" });
    assert.equal((await call("DELETE", `${SESSIONS}/sid/${session?.id}?reason=test`)).status, 204);
    await assert.rejects(spa.userinfo(tokens));
    const begun = await spa.begin({ prompt: "none", acr_values: "simple_password_auth" });
    assert.equal((await visitor.get(begun.url.href)).url.searchParams.get("error"), "login_required");
    for (const method of ["GET", "DELETE"]) {
      const answer = await call(method, `${SESSIONS}/sid/${session?.id}`);
      assert.deepEqual([answer.status, answer.json.code], [404, "404"]);
      assert.doesNotMatch(answer.text, /unauthorized/i);
    }
  });

  test("S07: a new password, set by an administrator, ends what was signed in with the old one", async () => {
    const tokens = await spa.byPassword(server.visitor(), "root");
    const { sub } = claimsOf(tokens);
    const body = { customAttributes: [{ name: "userPassword", value: "another pair of doors" }] };
    const changed = await callApi(server, token, "PATCH", `/mgt/configuser/${sub}`, body);
    assert.equal(changed.status, 200, changed.text);
    await assert.rejects(spa.userinfo(tokens));
    assert.deepEqual(await search({ fieldValuePair: `userDn=${sub}` }), []);
  });

  test("all sessions of a person end by DN or by inum", async () => {
    const ada = (await server.parts.directory.find("ada"))?.id ?? "";
    const dn = encodeURIComponent(`inum=${ada},ou=people,o=jans`);
    assert.equal((await call("DELETE", `${SESSIONS}/user/${dn}?reason=left`)).status, 204);
    assert.deepEqual(await search({ fieldValuePair: `userDn=${ada}` }), []);
    await spa.byPassword(server.visitor(), "ada");
    assert.equal((await call("DELETE", `${SESSIONS}/user/${ada}`)).status, 204);
    assert.deepEqual(await search({ fieldValuePair: `userDn=${ada}` }), []);
    assert.equal((await call("DELETE", `${SESSIONS}/user/nobody`)).status, 404);
    assert.equal((await search({ fieldValuePair: "auth_user=grace" })).length, 1, "others stay");
  });
});

describe("the audit", () => {
  test("is read newest first, by every filter, page by page", async () => {
    const grace = (await server.parts.directory.find("grace"))?.id ?? "";
    const all = await call("GET", "/api/v1/audit?limit=200");
    assert.equal(all.status, 200, all.text);
    const seqs = all.json.entries.map(({ seq }: { seq: number }) => seq);
    assert.deepEqual(
      seqs,
      [...seqs].sort((a: number, b: number) => b - a),
    );
    const kinds = async (query: string) =>
      (await call("GET", `/api/v1/audit?${query}`)).json.entries.map(({ kind }: { kind: string }) => kind);
    assert.deepEqual(await kinds(`subject=${grace}&kind=signed-in,session-ended`), ["signed-in"]);
    const ended = await call("GET", "/api/v1/audit?kind=session-ended&by=client%20machine");
    assert.equal(ended.json.entries.length, 4);
    assert.ok(ended.json.entries.some(({ facts }: { facts: { reason: string } }) => facts.reason === "left"));
    assert.deepEqual(await kinds("from=2100-01-01T00:00:00Z"), []);
    assert.deepEqual(await kinds("to=2020-01-01T00:00:00Z"), []);
    const seen: number[] = [];
    for (let cursor = ""; ; ) {
      const { json } = await call("GET", `/api/v1/audit?limit=3${cursor}`);
      seen.push(...json.entries.map(({ seq }: { seq: number }) => seq));
      if (json.next === undefined) break;
      cursor = `&cursor=${encodeURIComponent(json.next)}`;
    }
    assert.deepEqual(seen, seqs);
    for (const bad of ["from=yesterday", "kind=' or 1=1", "limit=0", "cursor=5", "subject="])
      assert.equal((await call("GET", `/api/v1/audit?${bad}`)).status, 400, bad);
  });
});

describe("keys", () => {
  test("L05: are listed without what they are made of, and rotated", async () => {
    const list = await call("GET", "/api/v1/keys");
    assert.equal(list.status, 200, list.text);
    assert.ok(list.json.every(({ state }: { state: string }) => state === "current"));
    for (const key of list.json)
      assert.deepEqual(Object.keys(key).sort(), ["activeFrom", "createdAt", "id", "purpose", "state"]);
    const rotated = await call("POST", "/api/v1/keys/signing-es256/rotate");
    assert.equal(rotated.status, 201, rotated.text);
    assert.deepEqual(
      rotated.json.map(({ id, state }: { id: string; state: string }) => [id, state]),
      [
        ["signing-es256-1", "current"],
        ["signing-es256-2", "next"],
      ],
    );
    const [event] = await server.parts.audit.query({ kind: "keys-rotated", limit: 1 });
    assert.deepEqual(event?.facts, { purpose: "signing-es256", by: "client machine" });
    for (const purpose of ["lookup", "audit", "everything"])
      assert.equal((await call("POST", `/api/v1/keys/${purpose}/rotate`)).status, 400, purpose);
  });
});
