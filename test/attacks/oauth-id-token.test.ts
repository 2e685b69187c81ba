/** T12: the ID token as a suspicious relying party reads it, and key rotation in the middle of everything. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from "jose";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, startServer, typePassword } from "../kit/server.ts";

const server = await startServer({
  clients: [
    { client_id: "es256", trusted: true, redirect_uris: [CALLBACK], id_token_signed_response_alg: "ES256" },
  ],
});
const spa = await createRelyingParty(server);
const es256 = await createRelyingParty(server, { clientId: "es256", idTokenAlg: "ES256" });
const password = { acr_values: "simple_password_auth" };

const keySet = async (): Promise<JSONWebKeySet> =>
  (await (await fetch(new URL("/jwks", server.issuer))).json()) as JSONWebKeySet;

for (const [rp, alg] of [
  [spa, "RS256"],
  [es256, "ES256"],
] as const)
  test(`T12: an ${alg} ID token verifies against the published key that its kid names, with aud, iss, exp and iat`, async () => {
    const tokens = await rp.byPassword(server.visitor(), "grace", { max_age: "600" });
    const keys = await keySet();
    const { payload, protectedHeader } = await jwtVerify(String(tokens.id_token), createLocalJWKSet(keys), {
      issuer: server.issuer,
      audience: rp.clientId,
      algorithms: [alg],
      requiredClaims: ["sub", "exp", "iat", "auth_time", "acr", "amr", "nonce"],
      clockTolerance: 0,
    });
    assert.equal(protectedHeader.alg, alg);
    const named = keys.keys.find(({ kid }) => kid === protectedHeader.kid);
    assert.equal(named?.alg, alg);
    assert.equal(payload.aud, rp.clientId, "one audience, no azp needed");
    assert.ok(Number(payload.exp) - Number(payload.iat) <= 3600);
    assert.ok(Number(payload.auth_time) <= Number(payload.iat));
    assert.equal(
      protectedHeader.jwk ?? protectedHeader.jku ?? protectedHeader.x5u,
      undefined,
      "no key comes with the token",
    );
  });

test("T12: every ID token has auth_time, with max_age and without", async () => {
  for (const extra of [{ max_age: "600" }, {}]) {
    const claims = claimsOf(await spa.byPassword(server.visitor(), "grace", extra));
    assert.equal(typeof claims.auth_time, "number");
  }
});

test("T12: a client cannot ask for an unsigned token or for its own algorithm by parameter", async () => {
  const tokens = await spa.byPassword(server.visitor(), "grace", { id_token_signed_response_alg: "none" });
  assert.equal(decodeProtectedHeader(String(tokens.id_token)).alg, "RS256");
});

test("T12 L05: all keys are rotated in the middle of many flows, and not one fails", async () => {
  const remote = createRemoteJWKSet(new URL("/jwks", server.issuer), { cooldownDuration: 0 });
  const old = await spa.byPassword(server.visitor(), "grace");
  const before = await keySet();

  // Each flow stands somewhere else when the keys change: at the first page, with a code in hand, with a refresh token.
  const atPage = await Promise.all(
    [1, 2, 3].map(async () => {
      const visitor = server.visitor();
      const begun = await spa.begin(password);
      return { visitor, begun, page: await visitor.get(begun.url.href) };
    }),
  );
  const withCode = await Promise.all(
    [1, 2].map(async () => {
      const visitor = server.visitor();
      const begun = await es256.begin(password);
      return { begun, seen: await typePassword(visitor, await visitor.get(begun.url.href), "grace") };
    }),
  );
  const keeper = server.visitor();
  await spa.byPassword(keeper, "grace");
  const offline = await spa.begin({ ...password, scope: "openid offline_access", prompt: "consent" });
  const consent = await keeper.get(offline.url.href);
  const kept = await spa.redeem(offline, await keeper.submit(consent, {}));

  for (const purpose of ["signing-rs256", "signing-es256", "cookie", "code", "seal", "csrf"] as const)
    await server.parts.keyring.rotate(purpose, { overlap: 600, lead: 0 });
  await pause(5_500); // The server looks for new keys every five seconds.

  const after = await keySet();
  const kids = (set: JSONWebKeySet) => set.keys.map(({ kid }) => kid);
  for (const kid of kids(before)) assert.ok(kids(after).includes(kid), "the old keys verify on");
  assert.ok(after.keys.length > before.keys.length, "the new keys are published");

  for (const { visitor, begun, page } of atPage) {
    const tokens = await spa.redeem(begun, await typePassword(visitor, page, "grace"));
    await jwtVerify(String(tokens.id_token), remote, { issuer: server.issuer, audience: "spa" });
    assert.equal(
      kids(before).includes(decodeProtectedHeader(String(tokens.id_token)).kid),
      false,
      "signed with the new key",
    );
  }
  for (const { begun, seen } of withCode) {
    const tokens = await es256.redeem(begun, seen);
    await jwtVerify(String(tokens.id_token), remote, { issuer: server.issuer, audience: "es256" });
  }
  const next = await spa.refresh(String(kept.refresh_token));
  await jwtVerify(String(next.id_token), remote, { issuer: server.issuer, audience: "spa" });
  await spa.userinfo(old);
  await jwtVerify(String(old.id_token), createLocalJWKSet(after), { issuer: server.issuer });
  const same = await spa.silently(keeper, {
    ...password,
    prompt: "none",
    id_token_hint: String(old.id_token),
  });
  assert.equal(claimsOf(same).sub, claimsOf(old).sub, "the session cookie and an old hint are good");
});
