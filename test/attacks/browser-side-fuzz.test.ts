/** S17: junk on every route. No answer is a 500, and none shows a stack, a path, a query or a library's name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PASSWORD, startServer } from "../kit/server.ts";
import { formOf } from "../kit/visitor.ts";
import { begin, claims, raw, rawRequest, signIn, toCodePage } from "./attacker.ts";

const server = await startServer();
const LEAKS =
  /\bat \S+ \(|\bat async |node_modules|\/src\/|\.ts:\d|SQLITE|SELECT |INSERT |syntax error|TypeError|ReferenceError|RangeError|ENOENT|kysely|fastify|FST_|oidc-provider/i;

function sound(status: number, text: string, what: string): void {
  assert.ok(status < 500, `${what}: ${status}`);
  assert.doesNotMatch(text, LEAKS, what);
}

const paths = fc.constantFrom(
  "/",
  "/authorize",
  "/authorize/x",
  "/login/x",
  "/login/",
  "/token",
  "/userinfo",
  "/jwks",
  "/introspect",
  "/revoke",
  "/par",
  "/end_session",
  "/end_session/confirm",
  "/end_session/success",
  "/.well-known/openid-configuration",
  "/jans-auth/authorize.htm",
  "/jans-auth/restv1/token",
  "/jans-auth/restv1/par",
  "/assets/x",
  "/demo",
  "/demo/login",
  "/demo/callback",
  "/demo/claims",
  "/demo/logout",
);
const names = fc.constantFrom(
  "client_id",
  "response_type",
  "redirect_uri",
  "scope",
  "state",
  "nonce",
  "acr_values",
  "claims",
  "max_age",
  "prompt",
  "login_hint",
  "id_token_hint",
  "request",
  "request_uri",
  "response_mode",
  "code_challenge",
  "code_challenge_method",
  "code",
  "grant_type",
  "refresh_token",
  "token",
  "code_verifier",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "logout",
  "xsrf",
  "post_logout_redirect_uri",
  "csrf",
  "username",
  "password",
  "action",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "a[b][c]",
  "a[]",
  "",
);
const values = fc.oneof(
  fc.constantFrom(
    "",
    "spa",
    "web",
    "code",
    "openid",
    "none",
    "login",
    "consent",
    "create",
    "S256",
    "-1",
    "0",
    "1e309",
    "9".repeat(400),
    "NaN",
    "null",
    "undefined",
    "true",
    "[]",
    "{}",
    '{"id_token":{"acr":{"essential":true,"values":[1,null]}}}',
    '{"id_token":null}',
    '{"userinfo":1}',
    "https://rp.example.test/callback",
    "\u0000",
    "%",
    "%00",
    "%zz",
    "'",
    "' OR 1=1 --",
    '"',
    "<script>",
    "\uD800",
    "\u{1F600}".repeat(50),
    "../../../etc/passwd",
    "{{7*7}}",
    "a".repeat(5000),
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "urn:ietf:params:oauth:request_uri:x",
    "form_post",
    "query",
    "fragment",
    "yes",
  ),
  fc.string({ maxLength: 40, unit: "binary" }),
);
const fields = fc.array(fc.tuple(names, values), { maxLength: 8 });
const encode = (pairs: readonly (readonly [string, string])[]) =>
  pairs
    .map(
      ([name, value]) =>
        `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
    )
    .join("&");

test("S17 random parameters on every route, by GET and POST", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      paths,
      fields,
      fields,
      fc.constantFrom("GET", "POST", "HEAD"),
      async (path, query, body, method) => {
        const target = `${path}?${encode(query)}`;
        const { status, text } = await rawRequest(server, {
          method,
          target,
          ...(method === "POST" ? { body: encode(body) } : {}),
        });
        sound(status, text, `${method} ${target}`);
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 12_000 },
  );
});

test("S17 a well-formed authorization request with one junk parameter", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(names, values, async (name, value) => {
      const good = {
        client_id: "spa",
        response_type: "code",
        scope: "openid",
        redirect_uri: "https://rp.example.test/callback",
        code_challenge: "x".repeat(43),
        code_challenge_method: "S256",
      };
      const { status, text } = await rawRequest(server, {
        target: `/authorize?${new URLSearchParams(good)}&${encode([[name, value]])}`,
      });
      sound(status, text, `${name}=${value}`);
    }),
    { numRuns: 200, interruptAfterTimeLimit: 8_000 },
  );
});

test("S17 random fields in the forms of a login under way", { timeout: 60_000 }, async () => {
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const { page } = await toCodePage(server, visitor);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(first, page), fields, async (at, junk) => {
      const fresh = await visitor.get(at.url.href);
      const csrf = /name="csrf"/.test(fresh.body) ? (formOf(fresh).fields.csrf ?? "") : "";
      const harmless = junk.filter(([name]) => name !== "action");
      const answer = await visitor.post(at.url.pathname, `${encode(harmless)}&csrf=${csrf}`);
      sound(answer.status, answer.body, encode(harmless));
    }),
    { numRuns: 80, interruptAfterTimeLimit: 10_000 },
  );
});

test("S17 junk cookies, headers and credentials", { timeout: 60_000 }, async () => {
  const junk = fc.oneof(
    fc.constantFrom(
      "",
      "=",
      ";;;",
      "sallyport_session=",
      "sallyport_browser=%zz",
      "sallyport_login=../../x; sallyport_login.sig=x",
      "__proto__=1",
      "a".repeat(8000),
      "sallyport_known=....",
      '"',
      "sallyport_resume=x; sallyport_resume=y",
    ),
    fc.string({ maxLength: 60 }).map((text) => text.replace(/[^\x20-\x7e]/g, "?")),
  );
  await fc.assert(
    fc.asyncProperty(
      paths,
      fc.constantFrom(
        "Cookie",
        "Authorization",
        "Accept",
        "Accept-Language",
        "Origin",
        "Sec-Fetch-Site",
        "If-None-Match",
        "Range",
        "DPoP",
        "X-Request-Id",
      ),
      junk,
      async (path, name, value) => {
        const { status, text } = await rawRequest(server, { target: path, headers: { [name]: value } });
        sound(status, text, `${path} ${name}: ${value}`);
      },
    ),
    { numRuns: 150, interruptAfterTimeLimit: 8_000 },
  );
  for (const value of [
    "Basic",
    "Basic !!!",
    "Basic Og==",
    `Basic ${Buffer.from("web:%zz").toString("base64")}`,
    "Bearer",
    "Bearer a.b.c",
    "Negotiate x",
  ])
    for (const target of ["/token", "/introspect", "/revoke", "/par"]) {
      const { status, text } = await rawRequest(server, {
        method: "POST",
        target,
        headers: { Authorization: value },
        body: "grant_type=client_credentials&token=x",
      });
      sound(status, text, `${target} ${value}`);
    }
});

test("S17 bytes that are no HTTP", async () => {
  const host = new URL(server.issuer).host;
  for (const bytes of [
    "\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000",
    `GET /\u0000 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
    `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: -1\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nA: ${"b".repeat(40_000)}\r\n\r\n`,
  ]) {
    const { status, text } = await raw(server, bytes, 150);
    assert.ok(
      status === 0 || (status >= 400 && status < 500),
      `${JSON.stringify(bytes.slice(0, 40))}: ${status}`,
    );
    assert.doesNotMatch(text, LEAKS);
  }
});

test("S17 and after all of it the server complained about nothing and signs people in", async () => {
  assert.deepEqual(server.problems, []);
  assert.equal((await claims(server, await signIn(server, server.visitor()))).acr, "twilio_sms");
  assert.ok(PASSWORD.length > 0);
});
