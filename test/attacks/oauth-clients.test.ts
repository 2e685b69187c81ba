/** Attacks by and between clients: no authentication, somebody else's, somebody else's tokens and pushed requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import { basic, createRelyingParty, post, type Tokens } from "../kit/relying-party.ts";
import { CALLBACK, startServer, typePassword, WEB_SECRET } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const OTHER_SECRET = "a-secret of the:other%20client+";
const server = await startServer({
  clients: [
    { client_id: "other", trusted: true, client_secret: OTHER_SECRET, redirect_uris: [CALLBACK] },
    {
      client_id: "signer",
      trusted: true,
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [await exportJWK((await generateKeyPair("ES256")).publicKey)] },
      redirect_uris: [CALLBACK],
    },
  ],
});
const web = await createRelyingParty(server, { clientId: "web" });
const spa = await createRelyingParty(server);
const password = { acr_values: "simple_password_auth" };

async function tokensOf(rp: typeof web): Promise<Tokens & { refresh_token: string }> {
  const visitor = server.visitor();
  await rp.byPassword(visitor, "grace");
  const begun = await rp.begin({ ...password, scope: "openid offline_access", prompt: "consent" });
  return (await rp.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}))) as Tokens & {
    refresh_token: string;
  };
}

/** What each endpoint is asked for; each needs client authentication for `web`. */
const calls: Readonly<Record<string, (tokens: Tokens) => Record<string, string>>> = {
  "/token": (tokens) => ({ grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) }),
  "/par": () => ({
    response_type: "code",
    redirect_uri: CALLBACK,
    scope: "openid",
    code_challenge: "a".repeat(43),
    code_challenge_method: "S256",
  }),
  "/introspect": (tokens) => ({ token: tokens.access_token }),
  "/revoke": (tokens) => ({ token: tokens.access_token }),
};

const tokens = await tokensOf(web);
for (const [path, fields] of Object.entries(calls))
  test(`T07: ${path} refuses a confidential client that does not authenticate, or not as itself`, async () => {
    const wrong: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
      ["no authentication", { client_id: "web" }, {}],
      ["wrong secret, Basic", {}, basic("web", `${WEB_SECRET}x`)],
      ["empty secret, Basic", {}, basic("web", "")],
      ["empty secret, posted", { client_id: "web", client_secret: "" }, {}],
      ["another client's secret", {}, basic("web", OTHER_SECRET)],
      ["unknown client", {}, basic("nobody", WEB_SECRET)],
      ["no client at all", {}, {}],
      ["two ways at once", { client_id: "web", client_secret: WEB_SECRET }, basic("web", WEB_SECRET)],
      ["posted id that is another's", { client_id: "other" }, basic("web", WEB_SECRET)],
      ["Basic without a colon", {}, { authorization: `Basic ${Buffer.from("web").toString("base64")}` }],
      ["Basic that is no base64", {}, { authorization: "Basic %%%" }],
      [
        "Basic with a broken escape",
        {},
        { authorization: `Basic ${Buffer.from(`web:${WEB_SECRET}%zz`).toString("base64")}` },
      ],
      ["Basic of two words", {}, { authorization: `${basic("web", WEB_SECRET).authorization} x` }],
      ["Bearer", {}, { authorization: `Bearer ${WEB_SECRET}` }],
      [
        "an assertion nobody signed",
        {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWIiLCJpc3MiOiJ3ZWIifQ.",
        },
        {},
      ],
    ];
    for (const [how, extra, headers] of wrong) {
      const answer = await post(server, path, { ...fields(tokens), ...extra }, headers);
      assert.ok(
        [400, 401].includes(answer.status),
        `${how}: ${answer.status} ${JSON.stringify(answer.body)}`,
      );
      assert.ok(
        ["invalid_client", "invalid_request"].includes(String(answer.body.error)),
        `${how}: ${JSON.stringify(answer.body)}`,
      );
    }
    assert.equal((await web.introspect(tokens.access_token)).active, true, "none of them had an effect");
  });

test("T07: a secret in the URL is refused, and so is every parameter there", async () => {
  for (const path of Object.keys(calls)) {
    const query = new URLSearchParams({ client_id: "web", client_secret: WEB_SECRET });
    const answer = await post(server, `${path}?${query}`, calls[path]?.(tokens) ?? {});
    assert.ok([400, 401].includes(answer.status), path);
    const get = await fetch(new URL(`${path}?${query}`, server.issuer));
    assert.ok([400, 404, 405].includes(get.status), `${path} by GET: ${get.status}`);
  }
});

test("T07: Basic is decoded as RFC 6749 §2.3.1 says, once", async () => {
  const ask = (headers: Record<string, string>) => post(server, "/introspect", { token: "x" }, headers);
  assert.equal((await ask(basic("other", OTHER_SECRET))).status, 200);
  const raw = { authorization: `Basic ${Buffer.from(`other:${OTHER_SECRET}`).toString("base64")}` };
  assert.equal((await ask(raw)).status, 401, "an unencoded secret reads as another one");
  const twice = basic("other", encodeURIComponent(OTHER_SECRET));
  assert.equal((await ask(twice)).status, 401);
});

test("T07: a client that is registered with a key does not come in with a secret or with nothing", async () => {
  for (const [fields, headers] of [
    [{ client_id: "signer" }, {}],
    [{ client_id: "signer", client_secret: "anything at all 1" }, {}],
    [{}, basic("signer", "anything at all 1")],
    [{}, basic("signer", "")],
  ] as const) {
    const { status, body } = await post(server, "/introspect", { token: "x", ...fields }, headers);
    assert.ok([400, 401].includes(status));
    assert.ok(["invalid_client", "invalid_request"].includes(String(body.error)), JSON.stringify(body));
  }
});

test("T07: a public client is not made confidential by a secret of its choice", async () => {
  for (const headers of [basic("spa", "anything"), basic("spa", "")])
    assert.match(
      String(
        (await post(server, "/token", { grant_type: "refresh_token", refresh_token: "x" }, headers)).body
          .error,
      ),
      /^invalid_(client|request)$/,
    );
});

test("T08: introspection of another client's, an unknown or a public client's token says inactive and nothing else", async () => {
  const mine = await tokensOf(web);
  const spas = await spa.byPassword(server.visitor(), "grace");
  for (const token of [mine.access_token, mine.refresh_token, spas.access_token, "unknown", "a".repeat(5000)])
    for (const hint of ["", "access_token", "refresh_token", "nonsense"]) {
      const answer = await post(
        server,
        "/introspect",
        { token, ...(hint === "" ? {} : { token_type_hint: hint }) },
        basic("other", OTHER_SECRET),
      );
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, { active: false }, hint);
    }
  for (const token of [mine.access_token, mine.refresh_token])
    assert.equal((await web.introspect(token)).active, true);
});

test("T08: a public client cannot introspect, its own tokens neither", async () => {
  const { access_token } = await spa.byPassword(server.visitor(), "grace");
  const answer = await post(server, "/introspect", { token: access_token, client_id: "spa" });
  assert.notEqual(answer.body.active, true);
});

test("T08: revocation answers 200 for unknown tokens, and nobody revokes another's", async () => {
  const mine = await tokensOf(web);
  const unknown = await post(server, "/revoke", { token: "unknown" }, basic("other", OTHER_SECRET));
  assert.equal(unknown.status, 200);
  for (const token of [mine.access_token, mine.refresh_token]) {
    const answers = [
      await post(server, "/revoke", { token }, basic("other", OTHER_SECRET)),
      await post(server, "/revoke", { token, client_id: "spa" }),
    ];
    for (const { status, body } of answers)
      assert.equal(JSON.stringify(body).includes("grace"), false, String(status));
    assert.equal((await web.introspect(token)).active, true);
  }
  assert.equal(
    (await post(server, "/revoke", { token: mine.refresh_token }, basic("web", WEB_SECRET))).status,
    200,
  );
  assert.equal((await web.introspect(mine.refresh_token)).active, false);
});

for (const mode of ["", "none", "login", "consent"])
  test(`T09: a pushed request works once, prompt=${mode || "absent"} too`, async () => {
    const visitor = server.visitor();
    await web.byPassword(visitor, "grace");
    const begun = await web.push({ ...password, ...(mode === "" ? {} : { prompt: mode }) });
    let seen = await visitor.get(begun.url.href);
    if (mode === "login") seen = await typePassword(visitor, seen, "grace");
    if (mode === "consent") seen = await visitor.submit(seen, {});
    await web.redeem(begun, seen);
    const again = await visitor.get(begun.url.href);
    assert.equal(again.url.searchParams.get("code"), null, textOf(again.body));
    assert.ok(again.status === 400 || again.url.searchParams.get("error") !== null, String(again.status));
  });

test("T09 M11: of 20 uses of one pushed request at once, with a session, exactly one gives a code", async () => {
  const visitor = server.visitor();
  await web.byPassword(visitor, "grace");
  const begun = await web.push({ ...password, prompt: "none" });
  const seen = await Promise.all(Array.from({ length: 20 }, () => visitor.get(begun.url.href)));
  assert.equal(seen.filter(({ url }) => url.searchParams.get("code") !== null).length, 1);
});

test("T09: a request pushed by one client is of no use to another", async () => {
  const visitor = server.visitor();
  await web.byPassword(visitor, "grace");
  const begun = await web.push({ ...password, prompt: "none" });
  begun.url.searchParams.set("client_id", "other");
  const seen = await visitor.get(begun.url.href);
  assert.equal(seen.url.searchParams.get("code"), null);
  assert.ok(seen.status === 400 || seen.url.searchParams.has("error"));
});

test("T09: a pushed request ends after 60 seconds, and one nobody pushed never was", async (t) => {
  const visitor = server.visitor();
  await web.byPassword(visitor, "grace");
  const begun = await web.push({ ...password, prompt: "none" });
  const forged = new URL(begun.url);
  forged.searchParams.set("request_uri", "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAA");
  assert.equal((await visitor.get(forged.href)).url.searchParams.get("code"), null);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 62_000 });
  assert.equal((await visitor.get(begun.url.href)).url.searchParams.get("code"), null);
});

test("T09: what was pushed cannot be changed on the way through the browser", async () => {
  const visitor = server.visitor();
  await web.byPassword(visitor, "grace");
  const begun = await web.push({ ...password, prompt: "none", scope: "openid" });
  begun.url.searchParams.set("scope", "openid email phone");
  begun.url.searchParams.set("redirect_uri", "https://evil.test/");
  begun.url.searchParams.set("state", "swapped");
  const seen = await visitor.get(begun.url.href);
  if (seen.url.searchParams.get("code") !== null) {
    assert.ok(seen.url.href.startsWith(CALLBACK));
    const tokens = await web.redeem(begun, seen);
    assert.equal(tokens.scope, "openid");
  } else assert.equal(seen.url.origin === "https://evil.test", false);
});
