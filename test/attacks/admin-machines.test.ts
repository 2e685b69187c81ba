/** Machines at the admin API: client_credentials by secret and by key, and everything that must get no token. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { callApi } from "../kit/admin.ts";
import { basic, post } from "../kit/relying-party.ts";
import { CALLBACK, startServer, WEB_SECRET } from "../kit/server.ts";

const READ = "https://jans.io/oauth/config/acrs.readonly";
const WRITE = "https://jans.io/oauth/config/acrs.write";
const SECRET = "a-secret-of-the-machine";
const keys = await generateKeyPair("ES256");
const strangers = await generateKeyPair("ES256");
const machine = { grant_types: ["client_credentials"] };
const server = await startServer({
  people: false,
  clients: [
    { ...machine, client_id: "teller", client_secret: SECRET, scope: READ },
    {
      ...machine,
      client_id: "signer",
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ ...(await exportJWK(keys.publicKey)), alg: "ES256", use: "sig" }] },
      scope: `${READ} ${WRITE}`,
    },
    { ...machine, client_id: "plain", client_secret: SECRET },
    { ...machine, client_id: "profile", client_secret: SECRET, scope: "openid profile" },
  ],
});
const api = `${server.issuer}/jans-config-api`;
const wish = { grant_type: "client_credentials", scope: READ };
const read = async (token: unknown) => (await callApi(server, String(token), "GET", "/api/v1/acrs")).status;

async function assertion(over: JWTPayload = {}, key = keys.privateKey, alg = "ES256"): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: "signer",
    sub: "signer",
    aud: server.issuer,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
  };
  return new SignJWT({ ...payload, ...over }).setProtectedHeader({ alg }).sign(key);
}
const signed = (client_assertion: string, over: Record<string, string> = {}) =>
  post(server, "/token", {
    ...wish,
    client_assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ...over,
  });

test("S18: a machine with a secret or a key gets a token of ten minutes for this API alone", async () => {
  for (const answer of [
    await post(server, "/token", wish, basic("teller", SECRET)),
    await post(server, "/token", { ...wish, resource: api }, basic("teller", SECRET)),
    await signed(await assertion()),
    await signed(await assertion({ aud: `${server.issuer}/token` })),
  ]) {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual([answer.body.expires_in, answer.body.scope], [600, READ]);
    assert.equal(answer.body.refresh_token, undefined);
    assert.equal(await read(answer.body.access_token), 200);
    assert.equal(
      (
        await callApi(server, String(answer.body.access_token), "PUT", "/api/v1/acrs", {
          defaultAcr: "twilio_sms",
        })
      ).status,
      403,
      "what it did not ask for it does not have",
    );
    const userinfo = await fetch(new URL("/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${answer.body.access_token}` },
    });
    assert.equal(userinfo.status, 401);
  }
});

test("S18: default deny: without scopes of the API in its settings a client gets no token for it", async () => {
  for (const [client, fields] of [
    ["plain", wish],
    ["plain", { ...wish, resource: api }],
    ["profile", wish],
    [
      "teller",
      { grant_type: "client_credentials", scope: WRITE, resource: "https://elsewhere.example.test/" },
    ],
  ] as const) {
    const { status, body } = await post(server, "/token", fields, basic(client, SECRET));
    assert.deepEqual([client, status, body.error], [client, 400, "invalid_target"]);
  }
  const wide = await post(server, "/token", { ...wish, scope: `${READ} ${WRITE}` }, basic("teller", SECRET));
  if (wide.status === 200) assert.equal(wide.body.scope, READ, "a scope it lacks is not given");
  else assert.equal(wide.body.error, "invalid_scope");
  const none = await post(server, "/token", { grant_type: "client_credentials" }, basic("teller", SECRET));
  assert.equal(await read(none.body.access_token), 401, "a token that was not asked for the API");
});

test("S18: a token is for one resource; two are refused", async () => {
  const two = new URLSearchParams([
    ...Object.entries(wish),
    ["resource", api],
    ["resource", "https://x.example.test/"],
  ]);
  const answer = await post(server, "/token", two.toString(), basic("teller", SECRET));
  assert.deepEqual([answer.status, answer.body.error], [400, "invalid_target"]);
});

test("S18: a client that signs people in is no machine, and a machine sends nobody to sign in", async () => {
  const web = await post(server, "/token", wish, basic("web", WEB_SECRET));
  assert.deepEqual([web.status, web.body.error], [400, "invalid_request"]);
  const page = await server
    .visitor()
    .get(
      `/authorize?client_id=teller&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(CALLBACK)}`,
    );
  assert.equal(page.status, 400);
});

test("T07: an assertion works once, at this server, for its own client, signed by its own key, not too late", async () => {
  const once = await assertion();
  assert.equal((await signed(once)).status, 200);
  const minute = Math.floor(Date.now() / 1000);
  const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${(await assertion()).split(".")[1]}.`;
  for (const [what, answer] of Object.entries({
    "a second time": await signed(once),
    "another audience": await signed(await assertion({ aud: "https://elsewhere.example.test" })),
    "the API as the audience": await signed(await assertion({ aud: api })),
    "another client's name": await signed(await assertion({ iss: "teller", sub: "teller" })),
    "another client beside it": await signed(await assertion(), { client_id: "teller" }),
    "another key": await signed(await assertion({}, strangers.privateKey)),
    "no signature": await signed(none),
    expired: await signed(await assertion({ exp: minute - 60 })),
    "without a jti": await signed(await assertion({ jti: undefined as unknown as string })),
    "without an end": await signed(await assertion({ exp: undefined as unknown as number })),
    "no assertion": await post(server, "/token", { ...wish, client_id: "signer" }),
    "a secret instead": await post(server, "/token", wish, basic("signer", SECRET)),
    "the other's wrong secret": await post(server, "/token", wish, basic("teller", `${SECRET}x`)),
  })) {
    assert.ok(answer.status === 400 || answer.status === 401, `${what}: ${answer.status}`);
    assert.match(String(answer.body.error), /^invalid_(client|request)$/, what);
    assert.equal(answer.body.access_token, undefined, what);
  }
});

test("M11: of 20 uses of one assertion at once exactly one gets a token", async () => {
  const one = await assertion();
  const answers = await Promise.all(Array.from({ length: 20 }, () => signed(one)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});
