/** What an application does with tokens: userinfo, refresh, introspection, revocation, and what ends them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, createRelyingParty, errorOf, post, type Tokens } from "../kit/relying-party.ts";
import { startServer, typePassword, WEB_SECRET } from "../kit/server.ts";

const server = await startServer();
const spa = await createRelyingParty(server);
const web = await createRelyingParty(server, { clientId: "web" });
const offline = { scope: "openid offline_access", prompt: "consent" };

/** A sign-in that ends with a refresh token. */
async function withRefresh(rp: typeof spa, username = "grace"): Promise<Tokens & { refresh_token: string }> {
  const visitor = server.visitor();
  await rp.byPassword(visitor, username);
  const begun = await rp.begin({ acr_values: "simple_password_auth", ...offline });
  const tokens = await rp.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  assert.ok(tokens.refresh_token, "offline_access with prompt=consent gives a refresh token");
  return tokens as Tokens & { refresh_token: string };
}

const claimsOfScope: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  [
    "profile",
    { name: "Grace Hopper", given_name: "Grace", family_name: "Hopper", preferred_username: "grace" },
    ["email", "phone_number", "user_name", "address"],
  ],
  ["email", { email: "grace@example.org", email_verified: true }, ["name", "phone_number", "user_name"]],
  ["phone", { phone_number: "+12025550143", phone_number_verified: true }, ["name", "email", "user_name"]],
  ["user_name", { user_name: "grace" }, ["name", "email", "phone_number", "preferred_username"]],
  ["address", {}, ["name", "email", "phone_number", "user_name"]],
];
for (const [scope, has, lacks] of claimsOfScope)
  test(`userinfo: scope ${scope} gives its claims and no others`, async () => {
    const tokens = await spa.byPassword(server.visitor(), "grace", { scope: `openid ${scope}` });
    const info = await spa.userinfo(tokens);
    for (const [name, value] of Object.entries(has)) assert.deepEqual(info[name], value, name);
    for (const name of lacks) assert.equal(name in info, false, `${name} was not asked for`);
    assert.equal(info.sub, claimsOf(tokens).sub);
  });

test("userinfo answers a token in the header and in a posted body, and refuses none and junk", async () => {
  const { access_token } = await spa.byPassword(server.visitor(), "grace");
  const url = new URL("/userinfo", server.issuer);
  const bearer = { authorization: `Bearer ${access_token}` };
  assert.equal((await fetch(url, { headers: bearer })).status, 200);
  assert.equal((await fetch(url, { method: "POST", headers: bearer })).status, 200);
  assert.equal(
    (await fetch(url, { method: "POST", body: new URLSearchParams({ access_token }) })).status,
    200,
  );
  assert.equal(
    (await fetch(`${url}?access_token=${access_token}`)).status,
    400,
    "never in a URL (RFC 9700 §4.3.2)",
  );
  assert.ok([400, 401].includes((await fetch(url)).status));
  const junk = await fetch(url, { headers: { authorization: "Bearer nothing" } });
  assert.equal(junk.status, 401);
  assert.match(junk.headers.get("www-authenticate") ?? "", /invalid_token/);
});

test("without offline_access there is no refresh token, and without prompt=consent none either", async () => {
  const plain = await spa.byPassword(server.visitor(), "grace");
  assert.equal(plain.refresh_token, undefined);
  const unasked = await spa.byPassword(server.visitor(), "grace", { scope: "openid offline_access" });
  assert.equal(unasked.refresh_token, undefined);
});

for (const [name, rp] of [
  ["public", spa],
  ["confidential", web],
] as const)
  test(`T06: the refresh token of a ${name} client turns with every use and keeps acr and auth_time`, async () => {
    const first = await withRefresh(rp);
    const second = await rp.refresh(first.refresh_token);
    assert.ok(second.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.notEqual(second.access_token, first.access_token);
    assert.equal(claimsOf(second).auth_time, claimsOf(first).auth_time);
    assert.equal(claimsOf(second).acr, "simple_password_auth");
    assert.deepEqual(claimsOf(second).amr, ["pwd"]);
    assert.equal(claimsOf(second).sub, claimsOf(first).sub);
  });

test("introspection tells a client of its own tokens; after revocation they are inactive", async () => {
  const tokens = await withRefresh(web);
  const seen = await web.introspect(tokens.access_token);
  assert.equal(seen.active, true);
  assert.equal(seen.client_id, "web");
  assert.equal(seen.sub, claimsOf(tokens).sub);
  assert.equal((await web.introspect(tokens.refresh_token)).active, true);
  await web.revoke(tokens.refresh_token);
  assert.deepEqual(await web.introspect(tokens.refresh_token), { active: false });
  assert.equal(await errorOf(web.refresh(tokens.refresh_token)), "invalid_grant");
});

test("a public client can revoke its tokens, and the access token is dead at once", async () => {
  const tokens = await spa.byPassword(server.visitor(), "grace");
  await spa.userinfo(tokens);
  await spa.revoke(tokens.access_token);
  await assert.rejects(spa.userinfo(tokens));
});

test("sub survives a change of username; user_name and preferred_username follow it", async () => {
  const before = await spa.byPassword(server.visitor(), "ada", { scope: "openid profile user_name" });
  const { sub } = claimsOf(before);
  assert.deepEqual(await server.parts.directory.write?.rename(sub, "countess"), { kind: "done" });
  const after = await spa.byPassword(server.visitor(), "countess", { scope: "openid profile user_name" });
  assert.equal(claimsOf(after).sub, sub);
  const info = await spa.userinfo(after);
  assert.equal(info.user_name, "countess");
  assert.equal(info.preferred_username, "countess");
  assert.equal((await spa.userinfo(before)).user_name, "countess", "tokens given before go on");
});

test("S08 P17: a disabled person's refresh, userinfo and session are refused at once", async () => {
  const visitor = server.visitor();
  const signedIn = await spa.byPassword(visitor, "root");
  const tokens = await withRefresh(spa, "root");
  const { sub } = claimsOf(tokens);
  assert.deepEqual(await server.parts.directory.write?.setStatus(sub, "disabled"), { kind: "done" });

  assert.equal(await errorOf(spa.refresh(tokens.refresh_token)), "invalid_grant");
  await assert.rejects(spa.userinfo(signedIn));
  const refused = await spa.refusal(visitor, { prompt: "none", acr_values: "simple_password_auth" });
  assert.equal(refused.get("error"), "login_required");
  const begun = await spa.begin({ acr_values: "simple_password_auth" });
  const page = await visitor.get(begun.url.href);
  assert.ok(page.url.pathname.startsWith("/login/"), "the session opens nothing any more");
  const again = await typePassword(visitor, page, "root");
  assert.ok(again.url.pathname.startsWith("/login/"), "nor does the right password");
  const next = await spa.redeem(begun, await typePassword(visitor, again, "grace"));
  assert.notEqual(claimsOf(next).sub, sub, "somebody else can sign in at this browser");
});

test("T05: a client gets a token of its own only where that grant is registered for it", async () => {
  for (const fields of [{ client_id: "spa" }, { client_id: "web", client_secret: WEB_SECRET }]) {
    const { status, body } = await post(server, "/token", { grant_type: "client_credentials", ...fields });
    assert.equal(status, 400);
    assert.equal(body.access_token, undefined);
  }
});
