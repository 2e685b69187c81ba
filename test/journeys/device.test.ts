/** Signing in a device: the code, the question, the two factors, and the tokens it gets for the admin API. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeJwt } from "jose";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { callApi } from "../kit/admin.ts";
import { askForCode, deviceTokens, poll, ROOT_PHONE, typeCode } from "../kit/device.ts";
import { basic, post } from "../kit/relying-party.ts";
import { startServer, twoSteps, WEB_SECRET } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const QUICK = { memory: 64, passes: 1, lanes: 1 } as const;
const server = await startServer({
  hashCost: QUICK,
  clients: [
    {
      client_id: "tv",
      client_name: "Television",
      client_secret: WEB_SECRET,
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      default_acr_values: ["simple_password_auth"],
    },
  ],
});
const root = await server.parts.directory.find("root");

describe("the device asks", () => {
  test("it gets a code of eight letters for ten minutes, and may ask again every five seconds", async () => {
    const asked = await askForCode(server);
    assert.match(asked.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.deepEqual([asked.expires_in, asked.interval], [600, 5]);
    assert.equal(asked.verification_uri, `${server.issuer}/device`);
    assert.ok(asked.device_code.length >= 43, "256 bits");
    const original = await post(server, "/jans-auth/restv1/device_authorization", {
      client_id: "sallyport-cli",
      scope: "openid",
    });
    assert.equal(original.status, 200, "the original's URL answers too");
    const discovery = (await (
      await fetch(new URL("/.well-known/openid-configuration", server.issuer))
    ).json()) as { device_authorization_endpoint: string };
    assert.equal(discovery.device_authorization_endpoint, `${server.issuer}/device_authorization`);
  });

  test("until its person has answered: authorization_pending, and slow_down where it asks too soon", async () => {
    const asked = await askForCode(server);
    assert.equal((await poll(server, asked)).body.error, "authorization_pending");
    assert.equal((await poll(server, asked)).body.error, "slow_down");
    server.advance(5_000);
    assert.equal((await poll(server, asked)).body.error, "slow_down", "5 s longer after each");
    server.advance(15_000);
    assert.equal((await poll(server, asked)).body.error, "authorization_pending");
  });

  test("a client without the grant, and a scope that no client may have, are refused", async () => {
    const spa = await post(server, "/device_authorization", { client_id: "spa", scope: "openid" });
    assert.equal(spa.status, 400);
    assert.equal(spa.body.error, "invalid_request");
    const scope = await post(server, "/device_authorization", {
      client_id: "sallyport-cli",
      scope: "openid email",
    });
    assert.equal(scope.body.error, "invalid_scope");
    const resource = await post(server, "/device_authorization", {
      client_id: "sallyport-cli",
      scope: "openid",
      resource: "https://elsewhere.example.test/api",
    });
    assert.equal(resource.body.error, "invalid_target");
  });

  test("the command line signs in by the device grant alone", async () => {
    const authorize = await server.visitor().get(
      server.authorizeUrl({
        client_id: "sallyport-cli",
        code_challenge: "x".repeat(43),
        code_challenge_method: "S256",
      }),
    );
    assert.equal(authorize.status, 400);
    const machine = await post(server, "/token", {
      grant_type: "client_credentials",
      client_id: "sallyport-cli",
      scope: adminScopes.join(" "),
    });
    assert.equal(machine.body.error, "invalid_request");
  });
});

test("S18: an administrator signs in the command line with both factors, and the API takes its tokens", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const question = await typeCode(visitor, asked.user_code.toLowerCase().replace("-", " "));
  const shown = textOf(question.body);
  assert.ok(shown.includes(asked.user_code), "the person compares the code");
  assert.match(shown, /Sallyport command line asks to act in your name/);
  assert.match(shown, /less than a minute ago, from the address 127\.0\.0\.1/);
  assert.match(shown, /administer this server, as far as your roles allow/);
  assert.equal(question.url.pathname, "/device", "a post is answered by a redirect");
  const reloaded = await visitor.get("/device");
  assert.equal(textOf(reloaded.body), shown, "and can be reloaded");

  const login = await visitor.submit(reloaded, {});
  assert.match(login.url.pathname, /^\/login\//);
  assert.equal((await poll(server, asked)).body.error, "authorization_pending");
  const done = await twoSteps(server, visitor, login, "root", ROOT_PHONE);
  assert.match(textOf(done.body), /Your device is connected Go back to Sallyport command line/);
  assert.equal(done.url.pathname, "/device");

  server.advance(6_000);
  const answer = await poll(server, asked);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.expires_in, 600);
  const claims = decodeJwt(String(answer.body.id_token));
  assert.deepEqual([claims.acr, claims.amr, claims.sub], ["twilio_sms", ["pwd", "sms", "mfa"], root?.id]);
  const acrs = await callApi(server, String(answer.body.access_token), "GET", "/api/v1/acrs");
  assert.equal(acrs.status, 200, acrs.text);

  server.advance(6_000);
  const again = await poll(server, asked);
  assert.equal(again.body.error, "invalid_grant", "a code is redeemed once");
  assert.equal(
    (await callApi(server, String(answer.body.access_token), "GET", "/api/v1/acrs")).status,
    401,
    "and a second time ends what came of it",
  );
});

test("the command line goes on for eight hours by refresh tokens that work once; signing out of the browser does not end it", async () => {
  const visitor = server.visitor();
  const first = await deviceTokens(server, "root", ROOT_PHONE, visitor);
  const out = await visitor.submit(await visitor.get("/end_session"), { logout: "yes" });
  assert.match(textOf(out.body), /You are signed out/);
  const refresh = (token: unknown) =>
    post(server, "/token", {
      grant_type: "refresh_token",
      client_id: "sallyport-cli",
      refresh_token: String(token),
    });
  const second = await refresh(first.refresh_token);
  assert.equal(second.status, 200, JSON.stringify(second.body));
  const token = String(second.body.access_token);
  assert.equal(
    (await callApi(server, token, "GET", "/api/v1/acrs")).status,
    200,
    "with the factors of the sign-in in it",
  );
  const stored = await server.parts.storage
    .records<{ exp: number; iat: number; iiat: number }>("oidc.RefreshToken")
    .get(String(second.body.refresh_token));
  assert.ok(stored !== undefined && stored.exp - stored.iiat <= 8 * 3600, "eight hours from the first");
  assert.equal((await refresh(first.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(second.body.refresh_token)).body.error, "invalid_grant", "theft ends them all");
  assert.equal((await callApi(server, token, "GET", "/api/v1/acrs")).status, 401);
});

test("a tool that names the resource itself gets the same, and what it revokes is over at once", async () => {
  const resource = `${server.issuer}/jans-config-api`;
  const scope = `openid ${adminScopes.join(" ")}`;
  const visitor = server.visitor();
  const asked = await askForCode(server, { resource, scope });
  const login = await visitor.submit(await typeCode(visitor, asked.user_code), {});
  await twoSteps(server, visitor, login, "root", ROOT_PHONE);
  const tokens = (await poll(server, asked, { resource })).body;
  const renewed = await post(server, "/token", {
    grant_type: "refresh_token",
    client_id: "sallyport-cli",
    refresh_token: String(tokens.refresh_token),
    resource,
  });
  const read = () => callApi(server, String(renewed.body.access_token), "GET", "/api/v1/acrs");
  assert.equal((await read()).status, 200);
  const token = String(renewed.body.refresh_token);
  assert.equal((await post(server, "/revoke", { client_id: "sallyport-cli", token })).status, 200);
  assert.equal((await read()).status, 401);
});

test("S08: what an administrator ends for a person ends the command line as well", async () => {
  const { access_token: token, refresh_token: refresh } = await deviceTokens(server);
  assert.equal((await callApi(server, token, "GET", "/api/v1/acrs")).status, 200);
  await server.parts.sessions.endAll(root?.id ?? "", "test", "test");
  assert.equal((await callApi(server, token, "GET", "/api/v1/acrs")).status, 401);
  const again = await post(server, "/token", {
    grant_type: "refresh_token",
    client_id: "sallyport-cli",
    refresh_token: refresh,
  });
  assert.equal(again.body.error, "invalid_grant");
});

test("whoever is signed in with both factors already is asked the question alone", async () => {
  const visitor = server.visitor();
  await deviceTokens(server, "root", ROOT_PHONE, visitor);
  const asked = await askForCode(server);
  const question = await typeCode(visitor, asked.user_code);
  assert.match(textOf(question.body), /You are signed in as root/);
  assert.match(textOf((await visitor.submit(question, {})).body), /Your device is connected/);
  assert.equal((await poll(server, asked)).status, 200);
});

test("a session with a password alone is asked for the second factor", async () => {
  const visitor = server.visitor();
  const tv = { ...basic("tv", WEB_SECRET) };
  const answer = await post(server, "/device_authorization", { scope: "openid" }, tv);
  const question = await typeCode(visitor, String(answer.body.user_code));
  const login = await visitor.submit(question, {});
  const consent = await visitor.submit(login, { username: "root", password: "two doors, one open" });
  assert.match(textOf(consent.body), /Television asks for your consent/);
  assert.match(textOf((await visitor.submit(consent, {})).body), /connected Go back to Television/);

  const asked = await askForCode(server);
  const code = await visitor.submit(await typeCode(visitor, asked.user_code), {});
  assert.match(code.body, /name="code"/);
});

test("who refuses, or says that the device is not theirs, gives it nothing", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const refused = await visitor.submit(await typeCode(visitor, asked.user_code), { action: "refuse" });
  assert.match(textOf(refused.body), /The device was not connected/);
  assert.equal((await poll(server, asked)).body.error, "access_denied");

  const cancelled = await askForCode(server);
  const login = await visitor.submit(await typeCode(visitor, cancelled.user_code), {});
  assert.match(
    textOf((await visitor.submit(login, { action: "cancel" })).body),
    /The device was not connected/,
  );
  assert.equal((await poll(server, cancelled)).body.error, "access_denied");
  const events = await server.parts.audit.query({ kind: "device-refused", limit: 5 });
  assert.deepEqual(events[0]?.facts, { askedFrom: "127.0.0.1" });
});

test("a sign-in that was left can be begun again with the same code", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  await visitor.submit(await typeCode(visitor, asked.user_code), {});
  const login = await visitor.submit(await visitor.get("/device"), {});
  assert.match(textOf((await twoSteps(server, visitor, login, "root", ROOT_PHONE)).body), /connected/);
  assert.equal((await poll(server, asked)).status, 200);
});

test("where no acr with a second factor is enabled, the command line is told so", async () => {
  const plain = await startServer({
    hashCost: QUICK,
    settings: { acrs: { enabled: ["simple_password_auth"], default: "simple_password_auth" } },
    simulator: server.simulator,
  });
  const answer = await post(plain, "/device_authorization", { client_id: "sallyport-cli", scope: "openid" });
  assert.deepEqual([answer.status, answer.body.error], [400, "unmet_authentication_requirements"]);
  assert.match(
    String(answer.body.error_description),
    /enable one with a second factor first, such as twilio_sms/,
  );
});

test("RFC 9470: introspection says how the person signed in, as the gate had it", async () => {
  const { createRelyingParty } = await import("../kit/relying-party.ts");
  const web = await createRelyingParty(server, { clientId: "web" });
  const visitor = server.visitor();
  const weak = await web.introspect((await web.byPassword(visitor, "grace")).access_token);
  assert.deepEqual([weak.acr, weak.amr], ["simple_password_auth", ["pwd"]]);
  const tokens = await web.byTwoSteps(server.visitor());
  const strong = await web.introspect(tokens.access_token);
  assert.deepEqual([strong.acr, strong.amr], ["twilio_sms", ["pwd", "sms", "mfa"]]);
  assert.ok(Math.abs(Number(strong.auth_time) * 1000 - Date.now()) < 60_000);
});
