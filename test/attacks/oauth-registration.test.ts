/** T02: URIs of a client that would run code or go out in the clear are refused before the client can be used. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientSchema } from "../../src/core/settings.ts";

const web = (uri: string) => ({ client_id: "c", redirect_uris: [uri] });
const native = (uri: string) => ({ ...web(uri), application_type: "native" });

const refused: readonly (readonly [string, Record<string, unknown>])[] = [
  ...[
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://rp.example.test/1",
    "about:blank",
    "http://rp.example.test/cb",
    "https://rp.example.test/cb#fragment",
    "https://user:pass@rp.example.test/cb",
    "//rp.example.test/cb",
    "/cb",
    "",
    "https://",
    "ftp://rp.example.test/cb",
    "org.example.app:/cb",
  ].map((uri) => [`web ${uri}`, web(uri)] as const),
  ...[
    "javascript:alert(1)",
    "data:text/html,x",
    "http://rp.example.test/cb",
    "myapp:/cb",
    "javascript://x.y/%0aalert(1)",
  ].map((uri) => [`native ${uri}`, native(uri)] as const),
  ...["javascript:alert(1)", "data:text/html,x", "http://rp.example.test/bye"].map(
    (uri) =>
      [`logout ${uri}`, { ...web("https://rp.example.test/cb"), post_logout_redirect_uris: [uri] }] as const,
  ),
  ...["jwks_uri", "policy_uri", "tos_uri"].flatMap((name) =>
    ["javascript:alert(1)", "data:text/html,x", "file:///x", "http://rp.example.test/in-the-clear"].map(
      (uri) => [`${name} ${uri}`, { ...web("https://rp.example.test/cb"), [name]: uri }] as const,
    ),
  ),
];

for (const [name, client] of refused)
  test(`T02: ${name} is refused`, () => assert.equal(clientSchema.safeParse(client).success, false));

for (const client of [
  web("https://rp.example.test/cb"),
  web("https://rp.example.test:8443/cb?tenant=1"),
  web("http://localhost:8080/demo/callback"),
  web("http://127.0.0.1:3000/cb"),
  native("http://127.0.0.1/cb"),
  native("http://[::1]/cb"),
  native("org.example.app:/cb"),
  native("https://app.example.test/cb"),
  {
    ...web("https://rp.example.test/cb"),
    jwks_uri: "https://rp.example.test/jwks",
    policy_uri: "https://rp.example.test/policy",
    tos_uri: "https://rp.example.test/terms",
  },
])
  test(`T02: ${JSON.stringify(client)} is accepted`, () => {
    const parsed = clientSchema.safeParse(client);
    assert.equal(parsed.success, true, JSON.stringify(parsed.error?.issues));
  });
