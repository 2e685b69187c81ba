/** Attacks from other web pages (T20), and clocks that do not agree (T21). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createRelyingParty, post } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const pair = await generateKeyPair("ES256", { extractable: true });
const server = await startServer({
  clients: [
    {
      client_id: "signer",
      trusted: true,
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: "private_key_jwt",
      grant_types: ["authorization_code", "client_credentials"],
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" }] },
    },
  ],
});
const spa = await createRelyingParty(server);
const OWN = new URL(CALLBACK).origin;
const strangers = [
  "null",
  "https://evil.test",
  "https://rp.example.test.evil.test",
  "https://evil-rp.example.test",
  "http://rp.example.test",
  "https://rp.example.test:8443",
  "https://RP.example.test",
  "https://user@rp.example.test",
  "file://",
  "https://rp.example.test/callback",
];

test("T20: a client's own origin may read the token answer; no other origin may, null neither", async () => {
  const ask = (origin: string) =>
    post(server, "/token", { grant_type: "refresh_token", refresh_token: "x", client_id: "spa" }, { origin });
  const own = await ask(OWN);
  assert.equal(own.headers.get("access-control-allow-origin"), OWN);
  for (const origin of strangers) {
    const answer = await ask(origin);
    assert.equal(answer.headers.get("access-control-allow-origin"), null, origin);
    assert.equal(answer.status, 400);
  }
});

test("T20: userinfo, revocation, introspection and pushed requests ask for the client's origin too", async () => {
  const { access_token } = await spa.byPassword(server.visitor(), "grace");
  for (const origin of [OWN, ...strangers]) {
    const answer = await fetch(new URL("/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${access_token}`, origin },
    });
    assert.equal(answer.headers.get("access-control-allow-origin"), origin === OWN ? OWN : null, origin);
    assert.equal(answer.status, origin === OWN ? 200 : 400, origin);
  }
  for (const path of ["/revoke", "/par"])
    for (const origin of strangers) {
      const answer = await post(server, path, { client_id: "spa", token: "x" }, { origin });
      assert.equal(answer.headers.get("access-control-allow-origin"), null, `${path} ${origin}`);
    }
});

test("T20: no answer of any endpoint lets cookies ride along", async () => {
  for (const path of [
    "/token",
    "/userinfo",
    "/jwks",
    "/authorize",
    "/par",
    "/revoke",
    "/introspect",
    "/end_session",
    "/.well-known/openid-configuration",
    "/login/x",
    "/",
  ])
    for (const method of ["GET", "POST", "OPTIONS"])
      for (const origin of [OWN, "null", "https://evil.test"]) {
        const answer = await fetch(new URL(path, server.issuer), {
          method,
          headers: { origin, "access-control-request-method": "POST" },
          redirect: "manual",
        });
        assert.equal(answer.headers.get("access-control-allow-credentials"), null, `${method} ${path}`);
        await answer.arrayBuffer();
      }
});

test("T20: pages and the authorization endpoint are for no other origin's scripts", async () => {
  const begun = await spa.begin();
  for (const origin of [OWN, "null", "https://evil.test"])
    for (const path of [begun.url.pathname + begun.url.search, "/end_session", "/login/x"]) {
      const answer = await fetch(new URL(path, server.issuer), { headers: { origin }, redirect: "manual" });
      assert.equal(answer.headers.get("access-control-allow-origin"), null, `${path} ${origin}`);
    }
});

test("T20: the public documents may be read by anybody", async () => {
  for (const path of ["/.well-known/openid-configuration", "/jwks"]) {
    const answer = await fetch(new URL(path, server.issuer), { headers: { origin: "https://anybody.test" } });
    assert.ok(
      ["*", "https://anybody.test"].includes(answer.headers.get("access-control-allow-origin") ?? ""),
      path,
    );
  }
});

async function withAssertion(
  shift: { iat?: number; nbf?: number; exp?: number },
  jti: string = crypto.randomUUID(),
) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "signer",
    sub: "signer",
    aud: server.issuer,
    jti,
    iat: now + (shift.iat ?? 0),
    exp: now + (shift.exp ?? 60),
    ...(shift.nbf === undefined ? {} : { nbf: now + shift.nbf }),
  };
  const client_assertion = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .sign(pair.privateKey);
  return post(server, "/token", {
    grant_type: "client_credentials",
    client_assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  });
}

test("T21: a client whose clock is up to 15 seconds off is understood, further off it is not", async () => {
  for (const shift of [{}, { nbf: 10 }, { iat: -70, exp: -10 }])
    assert.equal((await withAssertion(shift)).status, 200, JSON.stringify(shift));
  for (const shift of [{ nbf: 30 }, { iat: -90, exp: -30 }]) {
    const answer = await withAssertion(shift);
    assert.equal(answer.body.error, "invalid_client", JSON.stringify(shift));
  }
});

test("T21 T07: an assertion counts once", async () => {
  assert.equal((await withAssertion({}, "the-same")).status, 200);
  assert.equal((await withAssertion({}, "the-same")).body.error, "invalid_client");
});

test("T21: a relying party whose clock is 15 seconds behind still accepts our ID token", async () => {
  const tokens = await spa.byPassword(server.visitor(), "grace");
  const claims = tokens.claims();
  assert.ok(Number(claims?.iat) <= Math.floor(Date.now() / 1000), "iat is not ahead of our own clock");
});
