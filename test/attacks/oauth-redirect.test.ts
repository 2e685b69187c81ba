/** Attacks on where the answer goes: redirect URIs that are nearly right (RFC 9700 §4.1), and schemes that run code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, startServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer({
  clients: [
    {
      client_id: "native",
      application_type: "native",
      trusted: true,
      redirect_uris: ["http://127.0.0.1/cb", "org.example.app:/cb"],
    },
    { client_id: "query", trusted: true, redirect_uris: ["https://rp.example.test/cb?tenant=1"] },
  ],
});
const spa = await createRelyingParty(server);

const mutations: readonly string[] = [
  "https://rp.example.test/Callback",
  "https://RP.example.test/callback",
  "HTTPS://rp.example.test/callback",
  "http://rp.example.test/callback",
  "https://rp.example.test:443/callback",
  "https://rp.example.test:8443/callback",
  "https://rp.example.test/callback/",
  "https://rp.example.test//callback",
  "https://rp.example.test/callback/../callback",
  "https://rp.example.test/x/../callback",
  "https://rp.example.test/callback/../../evil",
  "https://rp.example.test/./callback",
  "https://rp.example.test/%63allback",
  "https://rp.example.test/callback%2e",
  "https://rp.example.test/%2e%2e/callback",
  "https://rp.example.test/callback%00",
  "https://rp.example.test/callback%0d%0aX:1",
  "https://rp.example.test/callback?x=1",
  "https://rp.example.test/callback?",
  "https://rp.example.test/callback#",
  "https://rp.example.test/callback#code",
  "https://user@rp.example.test/callback",
  "https://rp.example.test@evil.test/callback",
  "https://evil.test#@rp.example.test/callback",
  "https://evil.test\\@rp.example.test/callback",
  "https://fooarp.example.test/callback",
  "https://rp-example.test/callback",
  "https://rp.example.test.evil.test/callback",
  "https://rp.example.test./callback",
  "https://rp.еxample.test/callback",
  "https://xn--rp-example-test/callback",
  " https://rp.example.test/callback",
  "https://rp.example.test/callback ",
  "//rp.example.test/callback",
  "/callback",
  "callback",
  "http://localhost.evil.test/callback",
  "http://localhost/callback",
  "javascript:alert(1)",
  "data:text/html,hello",
  `${CALLBACK},${CALLBACK}`,
  "",
];

test(`T01 M16: ${mutations.length} redirect URIs that are nearly right get an error page, and nobody is sent anywhere`, async () => {
  const visitor = server.visitor({ stopAt: ["http"] });
  await spa.byPassword(server.visitor(), "grace");
  for (const uri of mutations) {
    const begun = await spa.begin();
    begun.url.searchParams.set("redirect_uri", uri);
    const seen = await visitor.get(begun.url.href);
    assert.equal(seen.status, 400, `${uri} → ${seen.status} ${seen.url.href}`);
    assert.equal(seen.headers.location, undefined, uri);
    assert.match(textOf(seen.body), /redirect_uri/, uri);
  }
});

test("T01: the same holds in a signed-in session, with prompt=none and in every response mode", async () => {
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  for (const extra of [
    { prompt: "none" },
    { response_mode: "form_post" },
    { response_mode: "fragment" },
    { response_type: "none" },
    { scope: "" },
    { claims: "{" },
  ])
    for (const uri of ["https://evil.test/callback", "https://rp.example.test/callback/.."]) {
      const begun = await spa.begin({ acr_values: "simple_password_auth", ...extra });
      begun.url.searchParams.set("redirect_uri", uri);
      const seen = await visitor.get(begun.url.href);
      assert.equal(seen.status, 400, JSON.stringify(extra));
      assert.doesNotMatch(seen.body, /name="code"/);
    }
});

test("T01: redirect_uri may neither be missing nor sent twice", async () => {
  const begun = await spa.begin();
  begun.url.searchParams.append("redirect_uri", "https://evil.test/");
  assert.equal((await server.visitor().get(begun.url.href)).status, 400);
  begun.url.searchParams.delete("redirect_uri");
  assert.equal((await server.visitor().get(begun.url.href)).status, 400);
});

test("T01: the code belongs to the redirect URI of its request, at the token endpoint too", async () => {
  const native = await createRelyingParty(server, { clientId: "native" });
  const visitor = server.visitor({ stopAt: ["http://127.0.0.1"] });
  const begun = await native.begin({
    acr_values: "simple_password_auth",
    redirect_uri: "http://127.0.0.1:5123/cb",
  });
  const consent = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  const seen = await visitor.submit(consent, {});
  assert.equal(seen.url.host, "127.0.0.1:5123", "a native client chooses its loopback port (RFC 8252 §7.3)");
  const code = seen.url.searchParams.get("code") ?? "";
  assert.notEqual(code, "");
  for (const redirect_uri of ["http://127.0.0.1:5124/cb", "org.example.app:/cb"]) {
    const answer = await fetch(new URL("/token", server.issuer), {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: "native",
        code,
        redirect_uri,
        code_verifier: begun.verifier,
      }),
    });
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { error: string }).error, "invalid_grant");
  }
});

test("T01: only the port of a native client's loopback address is free", async () => {
  const native = await createRelyingParty(server, { clientId: "native" });
  for (const uri of [
    "http://127.0.0.1:5123/cb/",
    "http://127.0.0.1:5123/other",
    "http://localhost:5123/cb",
    "http://127.0.0.1.evil.test/cb",
    "http://127.0.0.2:5123/cb",
    "https://127.0.0.1:5123/cb",
    "org.example.app:/cb/../x",
    "org.example.evil:/cb",
  ]) {
    const begun = await native.begin();
    begun.url.searchParams.set("redirect_uri", uri);
    assert.equal(
      (await server.visitor({ stopAt: ["http://127.0.0.1:5123", "org."] }).get(begun.url.href)).status,
      400,
      uri,
    );
  }
});

test("T01: a registered query is compared as it stands", async () => {
  const query = await createRelyingParty(server, { clientId: "query" });
  for (const [uri, status] of [
    ["https://rp.example.test/cb?tenant=1", 200],
    ["https://rp.example.test/cb?tenant=2", 400],
    ["https://rp.example.test/cb?tenant=1&x=1", 400],
    ["https://rp.example.test/cb", 400],
  ] as const) {
    const begun = await query.begin();
    begun.url.searchParams.set("redirect_uri", uri);
    assert.equal((await server.visitor().get(begun.url.href)).status, status, uri);
  }
});
