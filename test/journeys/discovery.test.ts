/** What the server says of itself, under its own URLs and under the original's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer();
const doc = await createRelyingParty(server, { clientId: "doc" });

const json = async (path: string): Promise<Record<string, unknown>> => {
  const answer = await fetch(new URL(path, server.issuer));
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as Record<string, unknown>;
};
const found = await json("/.well-known/openid-configuration");

test("discovery tells the acrs with their levels", () => {
  assert.deepEqual([...(found.acr_values_supported as string[])].sort(), [
    "simple_password_auth",
    "twilio_sms",
  ]);
  assert.deepEqual(found.auth_level_mapping, { 10: ["simple_password_auth"], 40: ["twilio_sms"] });
});

test("T04 T05 T10: discovery offers the code flow with S256 and nothing weaker", () => {
  assert.deepEqual(found.response_types_supported, ["code"]);
  assert.deepEqual(found.code_challenge_methods_supported, ["S256"]);
  assert.equal(found.authorization_response_iss_parameter_supported, true);
  const grants = found.grant_types_supported as string[];
  assert.ok(grants.includes("authorization_code") && grants.includes("refresh_token"));
  for (const absent of ["implicit", "password"]) assert.equal(grants.includes(absent), false, absent);
  assert.equal("dpop_signing_alg_values_supported" in found, false, "DPoP is not offered");
  for (const modes of [found.response_modes_supported as string[]]) {
    assert.ok(modes.includes("query") && modes.includes("form_post"));
  }
});

test("T12: signatures are RS256 or ES256, never none and never symmetric", () => {
  for (const name of Object.keys(found).filter((key) => /signing_alg_values_supported$/.test(key)))
    for (const alg of found[name] as string[])
      if (name.startsWith("id_token") || name.startsWith("userinfo"))
        assert.ok(["RS256", "ES256"].includes(alg), `${name}: ${alg}`);
      else assert.notEqual(alg, "none", name);
});

test("discovery lists the scopes and claims that exist, and client authentication without secrets in URLs", () => {
  for (const scope of ["openid", "profile", "email", "phone", "address", "user_name", "offline_access"])
    assert.ok((found.scopes_supported as string[]).includes(scope), scope);
  for (const claim of [
    "sub",
    "acr",
    "amr",
    "auth_time",
    "phone_number",
    "phone_number_verified",
    "user_name",
  ])
    assert.ok((found.claims_supported as string[]).includes(claim), claim);
  assert.deepEqual([...(found.token_endpoint_auth_methods_supported as string[])].sort(), [
    "client_secret_basic",
    "client_secret_post",
    "none",
    "private_key_jwt",
  ]);
});

test("M16: every URL in discovery is the configured issuer's", () => {
  assert.equal(found.issuer, server.issuer);
  const urls = Object.entries(found).filter(
    ([name, value]) => typeof value === "string" && /_endpoint$|_uri$/.test(name),
  );
  assert.ok(urls.length >= 7);
  for (const [name, value] of urls) assert.equal(new URL(String(value)).origin, server.issuer, name);
});

test("T12: the key set holds public keys only, each with kid, alg and use", async () => {
  const { keys } = (await json("/jwks")) as { keys: Record<string, unknown>[] };
  assert.deepEqual([...new Set(keys.map(({ alg }) => alg))].sort(), ["ES256", "RS256"]);
  for (const key of keys) {
    assert.equal(typeof key.kid, "string");
    assert.equal(key.use, "sig");
    for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k", "oth"])
      assert.equal(secret in key, false, secret);
  }
});

test("the original's discovery and key set are the same documents", async () => {
  assert.deepEqual(await json("/jans-auth/.well-known/openid-configuration"), found);
  assert.deepEqual(await json("/jans-auth/restv1/jwks"), await json("/jwks"));
});

const original = (nonce: string): string =>
  `/jans-auth/authorize.htm?${new URLSearchParams({ response_type: "code", client_id: "doc", scope: "openid profile user_name", redirect_uri: CALLBACK, state: "af0ifjsldkj", ...(nonce === "" ? {} : { nonce }) })}`;

test("the original's authorize URL works without PKCE for a client that is allowed to, down to userinfo", async () => {
  const visitor = server.visitor();
  const seen = await twoSteps(server, visitor, await visitor.get(original("n-0S6_WzA2Mj")));
  assert.ok(seen.url.href.startsWith(CALLBACK), textOf(seen.body));
  assert.equal(seen.url.searchParams.get("state"), "af0ifjsldkj");
  const answer = await fetch(new URL("/jans-auth/restv1/token", server.issuer), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("doc:a-secret-of-the-web-client").toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: seen.url.searchParams.get("code") ?? "",
      redirect_uri: CALLBACK,
    }),
  });
  assert.equal(answer.status, 200);
  const tokens = (await answer.json()) as { access_token: string; id_token: string };
  const claims = JSON.parse(Buffer.from(tokens.id_token.split(".")[1] ?? "", "base64url").toString());
  assert.equal(claims.nonce, "n-0S6_WzA2Mj");
  assert.equal(claims.acr, "twilio_sms");
  const info = await fetch(new URL("/jans-auth/restv1/userinfo", server.issuer), {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal(((await info.json()) as { user_name: string }).user_name, "grace");
});

test("T04: without PKCE and without a nonce the same client is refused, and its PKCE counts when it sends it", async () => {
  const refused = await server.visitor().get(original(""));
  assert.equal(refused.url.searchParams.get("error"), "invalid_request");
  assert.equal(refused.url.searchParams.get("iss"), server.issuer);

  const visitor = server.visitor();
  const begun = await doc.begin({ acr_values: "simple_password_auth" });
  const seen = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  await assert.rejects(doc.redeem({ ...begun, verifier: "a".repeat(43) }, seen), { error: "invalid_grant" });
  const again = await doc.begin({ acr_values: "simple_password_auth", nonce: "" });
  const tokens = await doc.redeem(again, await visitor.get(again.url.href));
  assert.equal(claimsOf(tokens).nonce, undefined, "with PKCE no nonce is needed");
});

test("the original's end_session, revoke, introspection and par answer; anything else under its prefix is 404", async () => {
  for (const path of ["token", "introspection", "revoke", "par"]) {
    const answer = await fetch(new URL(`/jans-auth/restv1/${path}`, server.issuer), {
      method: "POST",
      body: new URLSearchParams({ client_id: "nobody" }),
    });
    assert.ok([400, 401].includes(answer.status), `${path}: ${answer.status}`);
  }
  assert.equal((await server.visitor().get("/jans-auth/restv1/end_session")).status, 200);
  for (const path of [
    "/jans-auth",
    "/jans-auth/",
    "/jans-auth/restv1",
    "/jans-auth/restv1/register",
    "/jans-auth/authorize",
    "/jans-auth/restv1/token/x",
    "/jans-auth/restv1/%74oken",
  ])
    assert.equal((await server.visitor().get(path)).status, 404, path);
  const dotted = await server.visitor().get("/jans-auth/../token");
  assert.equal(dotted.status, 405, "a browser asks for /token, which is for posts");
});

test("T10: errors that go back to the application name the issuer in every response mode", async () => {
  const spa = await createRelyingParty(server);
  for (const parameters of [
    { scope: "profile" },
    { response_type: "token" },
    { prompt: "none login" },
    { code_challenge_method: "plain" },
    { max_age: "-1" },
    { prompt: "none" },
  ] as Record<string, string>[]) {
    const begun = await spa.begin(parameters);
    const seen = await server.visitor().get(begun.url.href);
    if (begun.parameters.response_type === "token") {
      const answer = new URLSearchParams(seen.url.hash.slice(1) || seen.url.search);
      assert.equal(answer.get("error"), "unsupported_response_type");
      assert.equal(answer.get("iss"), server.issuer);
    } else assert.ok(refusalOf(seen, begun).get("error"), JSON.stringify(parameters));
  }
});
