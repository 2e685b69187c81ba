/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): the eleven cases of the OpenID Foundation's plan by
 * their names, and what a logout ends.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPair, SignJWT } from "jose";
import { createRelyingParty, errorOf, type Tokens } from "../kit/relying-party.ts";
import { startServer } from "../kit/server.ts";
import { formOf, type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const server = await startServer();
const spa = await createRelyingParty(server);
const BYE = "https://rp.example.test/bye";

async function signedIn(): Promise<{ visitor: TestVisitor; tokens: Tokens }> {
  const visitor = server.visitor();
  return { visitor, tokens: await spa.byPassword(visitor, "grace") };
}

const endSession = (visitor: TestVisitor, parameters: Record<string, string>): Promise<Seen> =>
  visitor.get(`/end_session?${new URLSearchParams(parameters)}`);

/** The person says yes on the page. */
const confirm = (visitor: TestVisitor, page: Seen): Promise<Seen> => visitor.submit(page, { logout: "yes" });

const isOut = async (visitor: TestVisitor): Promise<boolean> => {
  const begun = await spa.begin({ prompt: "none", acr_values: "simple_password_auth" });
  return (await visitor.get(begun.url.href)).url.searchParams.get("error") === "login_required";
};

const staysHere = (seen: Seen): void =>
  assert.equal(seen.url.origin, server.issuer, `sent to ${seen.url.href}`);

test("T16 discovery: the end session endpoint is advertised", () => {
  assert.equal(spa.configuration.serverMetadata().end_session_endpoint, `${server.issuer}/end_session`);
});

test("T16 happy: hint, address and state lead back to the application, signed out", async () => {
  const { visitor, tokens } = await signedIn();
  const page = await endSession(visitor, {
    id_token_hint: String(tokens.id_token),
    post_logout_redirect_uri: BYE,
    state: "s 1&2",
  });
  assert.equal(page.status, 200);
  assert.equal(await isOut(visitor), false, "nothing ends before the person has said so");
  const seen = await confirm(visitor, page);
  assert.equal(seen.url.origin + seen.url.pathname, BYE);
  assert.equal(seen.url.searchParams.get("state"), "s 1&2");
  assert.equal(await isOut(visitor), true);
});

test("T16 bad-post-logout-redirect-uri: an error page, and the person stays signed in", async () => {
  const { visitor, tokens } = await signedIn();
  for (const uri of [
    "https://evil.test/bye",
    "https://rp.example.test/bye/",
    "https://rp.example.test/by",
    "javascript:alert(1)",
    "//rp.example.test/bye",
  ]) {
    const seen = await endSession(visitor, {
      id_token_hint: String(tokens.id_token),
      post_logout_redirect_uri: uri,
    });
    assert.equal(seen.status, 400, uri);
    staysHere(seen);
  }
  assert.equal(await isOut(visitor), false);
});

test("T16 modified-id-token-hint: a hint with alg none or another body is refused", async () => {
  const { visitor, tokens } = await signedIn();
  const [head = "", body = "", signature = ""] = String(tokens.id_token).split(".");
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  const other = Buffer.from(JSON.stringify({ ...claims, sub: "somebody" })).toString("base64url");
  for (const hint of [
    `${none}.${body}.`,
    `${none}.${body}.${signature}`,
    `${head}.${other}.${signature}`,
    `${head}.${body}.`,
    "junk",
  ]) {
    const seen = await endSession(visitor, { id_token_hint: hint, post_logout_redirect_uri: BYE });
    assert.equal(seen.status, 400, textOf(seen.body));
    staysHere(seen);
  }
  assert.equal(await isOut(visitor), false);
});

test("T16 no-id-token-hint: an address alone is not followed", async () => {
  const { visitor } = await signedIn();
  const page = await endSession(visitor, { post_logout_redirect_uri: BYE, state: "x" });
  assert.equal(page.status, 200);
  staysHere(await confirm(visitor, page));
  assert.equal(await isOut(visitor), true);
});

test("T16 no-params: the person is asked, then told", async () => {
  const { visitor } = await signedIn();
  const page = await endSession(visitor, {});
  assert.equal(page.status, 200);
  const seen = await confirm(visitor, page);
  assert.equal(seen.status, 200);
  staysHere(seen);
  assert.equal(await isOut(visitor), true);
});

test("T16 no-post-logout-redirect-uri: a hint alone ends here", async () => {
  const { visitor, tokens } = await signedIn();
  const seen = await confirm(
    visitor,
    await endSession(visitor, { id_token_hint: String(tokens.id_token), state: "x" }),
  );
  assert.equal(seen.status, 200);
  staysHere(seen);
  assert.equal(await isOut(visitor), true);
});

test("T16 no-state: the way back carries no state", async () => {
  const { visitor, tokens } = await signedIn();
  const seen = await confirm(
    visitor,
    await endSession(visitor, { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: BYE }),
  );
  assert.equal(seen.url.href, BYE);
});

test("T16 only-state: nothing is followed", async () => {
  const { visitor } = await signedIn();
  staysHere(await confirm(visitor, await endSession(visitor, { state: "https://evil.test" })));
});

test("T16 query-added-to-post-logout-redirect-uri: refused", async () => {
  const { visitor, tokens } = await signedIn();
  const seen = await endSession(visitor, {
    id_token_hint: String(tokens.id_token),
    post_logout_redirect_uri: `${BYE}?foo=bar`,
  });
  assert.equal(seen.status, 400);
  staysHere(seen);
});

test("T16 bad-id-token-hint: a hint signed with a foreign key is refused", async () => {
  const { visitor, tokens } = await signedIn();
  const [head = "", body = ""] = String(tokens.id_token).split(".");
  const { privateKey } = await generateKeyPair("RS256");
  const header = JSON.parse(Buffer.from(head, "base64url").toString());
  const forged = await new SignJWT(JSON.parse(Buffer.from(body, "base64url").toString()))
    .setProtectedHeader(header)
    .sign(privateKey);
  const seen = await endSession(visitor, { id_token_hint: forged, post_logout_redirect_uri: BYE });
  assert.equal(seen.status, 400);
  staysHere(seen);
  assert.equal(await isOut(visitor), false);
});

test("T16: logout needs the page's own token; another site cannot log anybody out", async () => {
  const { visitor } = await signedIn();
  const page = await endSession(visitor, {});
  const { action } = formOf(page);
  for (const fields of [{ logout: "yes" }, { logout: "yes", xsrf: "guessed" }]) {
    const seen = await visitor.send("POST", new URL(action, page.url).href, fields);
    assert.equal(seen.status, 400);
  }
  assert.equal(await isOut(visitor), false);
});

test("T16: a logout may be posted, and is confirmed like any other", async () => {
  const { visitor, tokens } = await signedIn();
  const fields = { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: BYE };
  const page = await visitor.send("POST", "/end_session", fields);
  assert.equal(await isOut(visitor), false);
  assert.equal((await confirm(visitor, page)).url.href, BYE);
  assert.equal(await isOut(visitor), true);
});

test("S07: after logout the old session cookie opens nothing and the access token is dead", async () => {
  const { visitor, tokens } = await signedIn();
  const old = new Map([...visitor.jar].map(([key, cookie]) => [key, { ...cookie }]));
  await confirm(visitor, await endSession(visitor, { id_token_hint: String(tokens.id_token) }));
  for (const [key, cookie] of old) visitor.jar.set(key, cookie);
  assert.equal(await isOut(visitor), true, "the cookie of before is of no use");
  await assert.rejects(spa.userinfo(tokens));
});

test("S07: a refresh token given with offline_access outlives the session, until it is revoked", async () => {
  const { visitor } = await signedIn();
  const begun = await spa.begin({
    acr_values: "simple_password_auth",
    scope: "openid offline_access",
    prompt: "consent",
  });
  const tokens = await spa.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  await confirm(visitor, await endSession(visitor, { id_token_hint: String(tokens.id_token) }));
  const next = await spa.refresh(String(tokens.refresh_token));
  await spa.revoke(String(next.refresh_token));
  assert.equal(await errorOf(spa.refresh(String(next.refresh_token))), "invalid_grant");
});
