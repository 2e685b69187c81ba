/** The parameters an application may send with its request, and what each does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { exportJWK, generateKeyPair } from "jose";
import * as oidc from "openid-client";
import { claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const pair = await generateKeyPair("ES256", { extractable: true });
const server = await startServer({
  clients: [
    { client_id: "es256", trusted: true, redirect_uris: [CALLBACK], id_token_signed_response_alg: "ES256" },
    {
      client_id: "signer",
      trusted: true,
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" }] },
    },
    {
      client_id: "weak",
      trusted: true,
      redirect_uris: [CALLBACK],
      default_acr_values: ["gone_acr", "simple_password_auth"],
    },
    {
      client_id: "pusher",
      trusted: true,
      redirect_uris: [CALLBACK],
      require_pushed_authorization_requests: true,
    },
  ],
});
const spa = await createRelyingParty(server);
const web = await createRelyingParty(server, { clientId: "web" });
const password = { acr_values: "simple_password_auth" };

test("prompt=none without a session is refused to the application, without a page", async () => {
  const answer = await spa.refusal(server.visitor(), { prompt: "none" });
  assert.equal(answer.get("error"), "login_required");
});

test("prompt=none in a session answers the same person and moment", async () => {
  const visitor = server.visitor();
  const first = claimsOf(await spa.byPassword(visitor, "grace"));
  const again = claimsOf(await spa.silently(visitor, { ...password, prompt: "none" }));
  assert.equal(again.sub, first.sub);
  assert.equal(again.auth_time, first.auth_time);
});

test("prompt=login asks for everything again and moves auth_time", async () => {
  const visitor = server.visitor();
  const first = claimsOf(await spa.byPassword(visitor, "grace"));
  await pause(1100);
  const again = claimsOf(await spa.byPassword(visitor, "grace", { prompt: "login" }));
  assert.equal(again.sub, first.sub);
  assert.ok(Number(again.auth_time) > Number(first.auth_time));
});

test("prompt=login after two steps asks for both factors again, not for one", async () => {
  const visitor = server.visitor();
  await spa.byTwoSteps(visitor);
  const begun = await spa.begin({ prompt: "login" });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="password"/);
  const claims = claimsOf(await spa.redeem(begun, await twoSteps(server, visitor, page)));
  assert.equal(claims.acr, "twilio_sms");
});

test("S10: prompt=login as another person ends the first one's session; no token mixes the two", async () => {
  const visitor = server.visitor();
  const grace = claimsOf(await spa.byPassword(visitor, "grace"));
  const ada = claimsOf(await spa.byPassword(visitor, "ada", { prompt: "login" }));
  assert.notEqual(ada.sub, grace.sub);
  assert.equal(claimsOf(await spa.silently(visitor, { ...password, prompt: "none" })).sub, ada.sub);
});

test("max_age: young enough asks nothing, too old asks again, and auth_time is always there", async () => {
  const visitor = server.visitor();
  const first = claimsOf(await spa.byPassword(visitor, "grace"));
  const young = claimsOf(await spa.silently(visitor, { ...password, max_age: "10000" }));
  assert.equal(young.auth_time, first.auth_time);
  await pause(2100);
  const begun = await spa.begin({ ...password, max_age: "1" });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="password"/);
  const fresh = claimsOf(await spa.redeem(begun, await typePassword(visitor, page, "grace")));
  assert.ok(Number(fresh.auth_time) > Number(first.auth_time));
  assert.equal(fresh.sub, first.sub);
});

test("id_token_hint: the hinted person's session answers; another's is asked to sign in", async () => {
  const visitor = server.visitor();
  const grace = await spa.byPassword(visitor, "grace");
  const ada = await spa.byPassword(server.visitor(), "ada");
  const mine = await spa.silently(visitor, {
    ...password,
    prompt: "none",
    id_token_hint: String(grace.id_token),
  });
  assert.equal(claimsOf(mine).sub, claimsOf(grace).sub);
  const other = await spa.refusal(visitor, {
    ...password,
    prompt: "none",
    id_token_hint: String(ada.id_token),
  });
  assert.equal(other.get("error"), "login_required");
});

test("id_token_hint of another person: only that person gets through", async () => {
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  const ada = await spa.byPassword(server.visitor(), "ada");
  const begun = await spa.begin({ ...password, id_token_hint: String(ada.id_token) });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="password"/);
  const claims = claimsOf(await spa.redeem(begun, await typePassword(visitor, page, "ada")));
  assert.equal(claims.sub, claimsOf(ada).sub);
});

test("login_hint fills the name in, and is text wherever it comes from", async () => {
  const begun = await spa.begin({ ...password, login_hint: '"><script>alert(1)</script>' });
  const page = await server.visitor().get(begun.url.href);
  assert.equal(formOf(page).fields.username, '"><script>alert(1)</script>');
  assert.doesNotMatch(page.body, /<script>alert/);
});

test("claims parameter: an essential acr that is here is reached", async () => {
  const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ["simple_password_auth"] } } });
  const visitor = server.visitor();
  const begun = await spa.begin({ claims });
  const got = claimsOf(
    await spa.redeem(begun, await typePassword(visitor, await visitor.get(begun.url.href), "grace")),
  );
  assert.equal(got.acr, "simple_password_auth");
});

test("claims parameter: an essential acr that nobody can reach is an error, in a session too", async () => {
  const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ["urn:nobody"] } } });
  assert.equal(
    (await spa.refusal(server.visitor(), { claims })).get("error"),
    "unmet_authentication_requirements",
  );
  const visitor = server.visitor();
  await spa.byTwoSteps(visitor);
  assert.equal((await spa.refusal(visitor, { claims })).get("error"), "unmet_authentication_requirements");
});

test("claims parameter: a single claim for userinfo is given without its scope", async () => {
  const claims = JSON.stringify({ userinfo: { email: null } });
  const info = await spa.userinfo(await spa.byPassword(server.visitor(), "grace", { claims }));
  assert.equal(info.email, "grace@example.org");
  assert.equal("name" in info, false);
});

test("unknown acr_values are a wish: the default is used and told", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin({ acr_values: "urn:unknown urn:other" });
  const tokens = await spa.redeem(begun, await twoSteps(server, visitor, await visitor.get(begun.url.href)));
  assert.equal(claimsOf(tokens).acr, "twilio_sms");
});

test("acr_values: of several the first that is enabled is taken", async () => {
  const claims = claimsOf(
    await spa.byPassword(server.visitor(), "grace", {
      acr_values: "urn:unknown simple_password_auth twilio_sms",
    }),
  );
  assert.equal(claims.acr, "simple_password_auth");
});

test("a client's default_acr_values come before the server's default", async () => {
  const weak = await createRelyingParty(server, { clientId: "weak" });
  const claims = claimsOf(await weak.byPassword(server.visitor(), "grace", { acr_values: "" }));
  assert.equal(claims.acr, "simple_password_auth");
});

test("response_mode=form_post brings code, state and iss in a form", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin({ ...password, response_mode: "form_post" });
  const seen = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  assert.deepEqual(Object.keys(formOf(seen).fields).sort(), ["code", "iss", "state"]);
  assert.equal(formOf(seen).fields.iss, server.issuer);
  assert.match(
    String(seen.headers["content-security-policy"]),
    /form-action[^;]*https:\/\/rp\.example\.test/,
  );
  assert.equal(claimsOf(await spa.redeem(begun, seen)).acr, "simple_password_auth");
});

test("an authorization request may be posted", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin(password);
  const page = await visitor.send("POST", "/authorize", Object.fromEntries(begun.url.searchParams));
  const claims = claimsOf(await spa.redeem(begun, await typePassword(visitor, page, "grace")));
  assert.equal(claims.acr, "simple_password_auth");
});

test("T01 S11: a posted request is read as strictly as any other", async () => {
  const { url } = await spa.begin(password);
  const body = `${url.searchParams}&redirect_uri=https%3A%2F%2Fevil.test%2F`;
  const answer = await fetch(new URL("/authorize", server.issuer), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
    redirect: "manual",
  });
  assert.equal(answer.status, 303, "never 307, which would carry the body on (S13)");
  const location = answer.headers.get("location") ?? "";
  assert.ok(location.startsWith("/authorize?"), "it leads here and nowhere else");
  assert.equal((await server.visitor().get(location)).status, 400);
});

test("a request without a nonce succeeds with PKCE; unknown parameters and displays do no harm", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin({
    ...password,
    nonce: "",
    display: "popup",
    ui_locales: "fr se",
    extra: "1",
  });
  const seen = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  assert.equal(claimsOf(await spa.redeem(begun, seen)).nonce, undefined);
});

test("a pushed request works for public and confidential clients", async () => {
  for (const rp of [spa, web]) {
    const visitor = server.visitor();
    const begun = await rp.push(password);
    assert.deepEqual([...begun.url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const tokens = await rp.redeem(
      begun,
      await typePassword(visitor, await visitor.get(begun.url.href), "grace"),
    );
    assert.equal(claimsOf(tokens).aud, rp.clientId);
  }
});

test("a client that must push its requests is refused an ordinary one", async () => {
  const pusher = await createRelyingParty(server, { clientId: "pusher" });
  const plain = await pusher.begin(password);
  const visitor = server.visitor();
  assert.equal(refusalOf(await visitor.get(plain.url.href), plain).get("error"), "invalid_request");
  const begun = await pusher.push(password);
  await pusher.redeem(begun, await typePassword(visitor, await visitor.get(begun.url.href), "grace"));
});

test("a request object by value or by reference is refused as unsupported", async () => {
  for (const [name, value, error] of [
    ["request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"],
    ["request_uri", "https://rp.example.test/request.jwt", "request_uri_not_supported"],
  ] as const) {
    const begun = await spa.begin({ ...password, [name]: value });
    const seen = await server.visitor().get(begun.url.href);
    const told = seen.url.searchParams.get("error") ?? textOf(seen.body);
    assert.match(told, new RegExp(`${error}|invalid_request`), name);
    assert.equal(seen.url.searchParams.get("code"), null);
  }
});

test("a client may ask for ES256 ID tokens", async () => {
  const rp = await createRelyingParty(server, { clientId: "es256", idTokenAlg: "ES256" });
  const tokens = await rp.byPassword(server.visitor(), "grace");
  const header = JSON.parse(Buffer.from(String(tokens.id_token).split(".")[0] ?? "", "base64url").toString());
  assert.equal(header.alg, "ES256");
});

test("a client may authenticate with private_key_jwt, and with that key alone", async () => {
  const auth = oidc.PrivateKeyJwt({ key: pair.privateKey, kid: "one" });
  const rp = await createRelyingParty(server, { clientId: "signer", auth });
  assert.equal(claimsOf(await rp.byPassword(server.visitor(), "grace")).aud, "signer");
  const { privateKey } = await generateKeyPair("ES256");
  const thief = await createRelyingParty(server, {
    clientId: "signer",
    auth: oidc.PrivateKeyJwt({ key: privateKey, kid: "one" }),
  });
  await assert.rejects(thief.byPassword(server.visitor(), "grace"), { error: "invalid_client" });
});
