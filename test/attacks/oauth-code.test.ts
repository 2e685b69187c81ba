/** Attacks on the authorization code: used twice, used at once, used without or with another proof of possession. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Begun, createRelyingParty, post, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const server = await startServer();
const spa = await createRelyingParty(server);
const visitor = server.visitor();
await spa.byPassword(visitor, "grace");
const password = { acr_values: "simple_password_auth" };

/** A fresh code of grace's session. */
async function fresh(parameters: Record<string, string> = {}): Promise<{ begun: Begun; code: string }> {
  const begun = await spa.begin({ ...password, ...parameters });
  const code = (await visitor.get(begun.url.href)).url.searchParams.get("code");
  assert.ok(code);
  return { begun, code };
}

const redeem = (code: string, verifier: string | undefined, over: Record<string, string> = {}) =>
  post(server, "/token", {
    grant_type: "authorization_code",
    client_id: "spa",
    redirect_uri: CALLBACK,
    code,
    ...(verifier === undefined ? {} : { code_verifier: verifier }),
    ...over,
  });

const userinfo = async (token: unknown): Promise<number> =>
  (
    await fetch(new URL("/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${String(token)}` },
    })
  ).status;

test("T03: a code replayed at once is refused, and the tokens it gave are dead", async () => {
  const { begun, code } = await fresh();
  const first = await redeem(code, begun.verifier);
  assert.equal(first.status, 200);
  assert.equal(await userinfo(first.body.access_token), 200);
  const second = await redeem(code, begun.verifier);
  assert.equal(second.status, 400);
  assert.equal(second.body.error, "invalid_grant");
  assert.equal(await userinfo(first.body.access_token), 401);
});

test("T03: a code replayed after 30 seconds is refused, and the tokens it gave are dead", async (t) => {
  const { begun, code } = await fresh();
  const first = await redeem(code, begun.verifier);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 30_000 });
  assert.equal((await redeem(code, begun.verifier)).body.error, "invalid_grant");
  assert.equal(await userinfo(first.body.access_token), 401);
});

test("T03: a code nobody redeems ends after a minute", async (t) => {
  const { begun, code } = await fresh();
  const other = await fresh();
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 55_000 });
  assert.equal((await redeem(other.code, other.begun.verifier)).status, 200);
  t.mock.timers.setTime(Date.now() + 8_000);
  assert.equal((await redeem(code, begun.verifier)).body.error, "invalid_grant");
});

test("T03 M11: of 20 redemptions of one code at once exactly one succeeds", async () => {
  for (let round = 0; round < 3; round += 1) {
    const { begun, code } = await fresh();
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(code, begun.verifier)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, "invalid_grant");
  }
});

test("T04: a request without a challenge is refused before anybody signs in", async () => {
  const begun = await spa.begin({ ...password, code_challenge: "", code_challenge_method: "" });
  assert.equal(refusalOf(await server.visitor().get(begun.url.href), begun).get("error"), "invalid_request");
  const web = await createRelyingParty(server, { clientId: "web" });
  const other = await web.begin({ ...password, code_challenge: "", code_challenge_method: "" });
  assert.equal(
    refusalOf(await visitor.get(other.url.href), other).get("error"),
    "invalid_request",
    "confidential clients too",
  );
});

test("T04: plain is refused, named or by leaving the method out", async () => {
  for (const code_challenge_method of ["plain", "", "s256", "S512"]) {
    const begun = await spa.begin({ ...password, code_challenge_method });
    assert.equal(
      refusalOf(await visitor.get(begun.url.href), begun).get("error"),
      "invalid_request",
      code_challenge_method,
    );
  }
});

test("T04: a challenge that is no S256 digest is refused", async () => {
  for (const code_challenge of ["short", "a".repeat(42), "a".repeat(200), `${"a".repeat(42)}!`]) {
    const begun = await spa.begin({ ...password, code_challenge });
    assert.equal(
      refusalOf(await visitor.get(begun.url.href), begun).get("error"),
      "invalid_request",
      code_challenge,
    );
  }
});

test("T04: no verifier, a wrong one, the challenge itself and one too short are refused", async () => {
  const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url");
  for (const forged of [
    () => undefined,
    () => "",
    () => "b".repeat(43),
    (begun: Begun) => challengeOf(begun.verifier),
    (begun: Begun) => begun.verifier.slice(0, 42),
    (begun: Begun) => `${begun.verifier}=`,
    (begun: Begun) => begun.verifier.toUpperCase(),
  ]) {
    const { begun, code } = await fresh();
    const answer = await redeem(code, forged(begun));
    assert.equal(answer.status, 400, String(forged));
    assert.ok(["invalid_grant", "invalid_request"].includes(String(answer.body.error)));
  }
});

test("T04: a verifier for a code that was given without a challenge is refused (downgrade, RFC 9700 §4.8.2)", async () => {
  const doc = await createRelyingParty(server, { clientId: "doc" });
  const begun = await doc.begin({ ...password, code_challenge: "", code_challenge_method: "" });
  const code = (await visitor.get(begun.url.href)).url.searchParams.get("code") ?? "";
  assert.notEqual(code, "");
  const answer = await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: "doc",
    client_secret: "a-secret-of-the-web-client",
    redirect_uri: CALLBACK,
    code,
    code_verifier: begun.verifier,
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error, "invalid_grant");
  assert.equal(answer.body.access_token, undefined);
});

test("T03: another client cannot redeem the code", async () => {
  const { begun, code } = await fresh();
  const answer = await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: "asks",
    redirect_uri: CALLBACK,
    code,
    code_verifier: begun.verifier,
  });
  assert.equal(answer.body.error, "invalid_grant");
});

test("T05: implicit and hybrid response types are refused", async () => {
  for (const response_type of [
    "token",
    "id_token",
    "id_token token",
    "code token",
    "code id_token",
    "code id_token token",
    "none",
  ]) {
    const begun = await spa.begin({ ...password, response_type });
    const seen = await visitor.get(begun.url.href);
    const told = new URLSearchParams(`${seen.url.search.slice(1)}&${seen.url.hash.slice(1)}`);
    assert.ok(
      ["unsupported_response_type", "invalid_request"].includes(told.get("error") ?? ""),
      `${response_type}: ${seen.url.href}`,
    );
    for (const name of ["access_token", "id_token", "code"])
      assert.equal(told.get(name), null, response_type);
  }
});

test("T05: the password grant and other grants that skip the walk do not exist", async () => {
  for (const grant_type of [
    "password",
    "implicit",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:openid:params:grant-type:ciba",
    "",
  ]) {
    const answer = await post(server, "/token", {
      grant_type,
      client_id: "web",
      client_secret: "a-secret-of-the-web-client",
      username: "grace",
      password: "two doors, one open",
      scope: "openid",
    });
    assert.equal(answer.status, 400, grant_type);
    assert.ok(
      ["unsupported_grant_type", "invalid_request"].includes(String(answer.body.error)),
      String(answer.body.error),
    );
    assert.equal(answer.body.access_token, undefined);
  }
});
