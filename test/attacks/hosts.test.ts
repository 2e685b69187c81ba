/** One name: whatever way a request names another host, it is refused before anything runs, and the name is in no answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../kit/server.ts";
import { authorize, raw, rawRequest } from "./attacker.ts";

const server = await startServer();
const proxied = await startServer({
  httpsIssuer: "https://login.example.test",
  simulator: server.simulator,
  config: { trustedProxies: ["127.0.0.1"] },
});
const host = new URL(server.issuer).host;

const ROUTES = [
  "/",
  "/authorize",
  authorize(server),
  "/authorize/abc",
  "/login/abc",
  "/token",
  "/userinfo",
  "/jwks",
  "/introspect",
  "/revoke",
  "/par",
  "/end_session",
  "/end_session/success",
  "/.well-known/openid-configuration",
  "/jans-auth/authorize.htm",
  "/jans-auth/.well-known/openid-configuration",
  "/jans-auth/restv1/token",
  "/assets/sallyport.css",
  "/demo",
  "/demo/login",
  "/nothing",
  "/%00",
  "/..//..",
  "*",
];
const EVIL = "evil-host.example";

const forgeries: readonly (readonly [
  string,
  (target: string) => { target: string; headers: Record<string, string | undefined> },
])[] = [
  ["Host", (target) => ({ target, headers: { Host: EVIL } })],
  ["Host with our port", (target) => ({ target, headers: { Host: `${EVIL}:${server.port}` } })],
  ["our name on another port", (target) => ({ target, headers: { Host: "localhost:1" } })],
  ["our name as a prefix", (target) => ({ target, headers: { Host: `${host}.${EVIL}` } })],
  ["our name behind an @", (target) => ({ target, headers: { Host: `${EVIL}@${host}` } })],
  [
    "our address instead of our name",
    (target) => ({ target, headers: { Host: `127.0.0.1:${server.port}` } }),
  ],
  ["X-Forwarded-Host", (target) => ({ target, headers: { "X-Forwarded-Host": EVIL } })],
  [
    "X-Forwarded-Host behind ours",
    (target) => ({ target, headers: { "X-Forwarded-Host": `${host}, ${EVIL}` } }),
  ],
  ["Forwarded", (target) => ({ target, headers: { Forwarded: `for=1.2.3.4;host=${EVIL};proto=https` } })],
  ["Forwarded, quoted", (target) => ({ target, headers: { Forwarded: `for=1.2.3.4, host="${EVIL}"` } })],
  [
    "an absolute request line",
    (target) => ({ target: `http://${EVIL}${target.startsWith("/") ? target : "/"}`, headers: {} }),
  ],
  [
    "an absolute request line with our name before an @",
    (target) => ({ target: `http://${host}@${EVIL}${target.startsWith("/") ? target : "/"}`, headers: {} }),
  ],
  [
    "an absolute request line of another scheme",
    (target) => ({ target: `ftp://${EVIL}${target.startsWith("/") ? target : "/"}`, headers: {} }),
  ],
];

for (const [story, forge] of forgeries)
  test(`M16 ${story}: 421 on every route by every verb, and no answer names the forged host`, async () => {
    const asked = ROUTES.flatMap((route) =>
      (["/token", "/authorize", "/login/abc"].includes(route) ? ["GET", "POST", "OPTIONS"] : ["GET"]).map(
        (method) => ({ method, ...forge(route) }),
      ),
    );
    const answers = await Promise.all(
      asked.map((request) =>
        rawRequest(server, { ...request, ...(request.method === "POST" ? { body: "a=1" } : {}) }),
      ),
    );
    for (const [index, { status, text }] of answers.entries()) {
      // Node's own parser may refuse what is no URL at all.
      assert.ok(
        status === 421 || (status === 400 && !text.includes("text/html")),
        `${asked[index]?.method} ${asked[index]?.target}: ${status}`,
      );
      assert.ok(!text.toLowerCase().includes(EVIL), `${asked[index]?.target} names the forged host`);
      assert.doesNotMatch(text, /set-cookie/i);
    }
    assert.ok(answers.filter(({ status }) => status === 421).length >= ROUTES.length - 4);
  });

test("M16 no host, two hosts, an empty one: refused", async () => {
  for (const lines of [
    "",
    "Host:\r\n",
    `Host: ${host}\r\nHost: ${EVIL}\r\n`,
    `Host: ${EVIL}\r\nHost: ${host}\r\n`,
  ]) {
    const { status, text } = await raw(
      server,
      `GET /.well-known/openid-configuration HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`,
    );
    assert.ok(status === 421 || status === 400, `${JSON.stringify(lines)}: ${status}`);
    assert.ok(!text.includes(EVIL));
  }
  const old = await raw(server, "GET / HTTP/1.0\r\n\r\n");
  assert.ok(old.status === 421 || old.status === 400, String(old.status));
});

test("M16 two X-Forwarded-Host or Forwarded fields, of which one is ours: refused", async () => {
  for (const name of ["X-Forwarded-Host", "Forwarded"]) {
    const value = (one: string) => (name === "Forwarded" ? `host=${one}` : one);
    const { status } = await raw(
      server,
      `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n${name}: ${value(host)}\r\n${name}: ${value(EVIL)}\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(status, 421, name);
  }
});

test("M16 our own name is taken in every honest way, and every URL that leaves is the issuer's", async () => {
  for (const request of [
    { target: "/.well-known/openid-configuration" },
    { target: `http://${host}/.well-known/openid-configuration` },
    { target: "/.well-known/openid-configuration", headers: { Host: host.toUpperCase() } },
    { target: "/.well-known/openid-configuration", headers: { "X-Forwarded-Host": host } },
    {
      target: "/.well-known/openid-configuration",
      headers: {
        "X-Forwarded-Proto": "ftp",
        "X-Forwarded-Port": "1",
        "X-Original-Host": EVIL,
        "X-Forwarded-Server": EVIL,
        "X-Forwarded-Prefix": `/${EVIL}`,
        "X-Rewrite-Url": `/${EVIL}`,
        "X-Original-Url": `/${EVIL}`,
      },
    },
  ]) {
    const { status, text } = await rawRequest(server, request);
    assert.equal(status, 200);
    assert.ok(!text.includes(EVIL));
    const document = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as Record<
      string,
      unknown
    >;
    for (const [name, value] of Object.entries(document))
      if (name === "issuer" || name.endsWith("_endpoint") || name === "jwks_uri")
        assert.ok(
          String(value) === server.issuer || String(value).startsWith(`${server.issuer}/`),
          `${name}: ${String(value)}`,
        );
  }
});

test("M16 behind a trusted proxy its word for our name is enough, and its word for another name is refused", async () => {
  const target = "/.well-known/openid-configuration";
  const good = await rawRequest(proxied, {
    target,
    headers: { Host: "10.0.0.7:8080", "X-Forwarded-Host": "login.example.test" },
  });
  assert.equal(good.status, 200);
  assert.ok(!good.text.includes("10.0.0.7"));
  for (const headers of [
    { Host: "login.example.test", "X-Forwarded-Host": EVIL },
    { Host: EVIL },
    { Host: EVIL, Forwarded: "for=1.2.3.4" },
  ]) {
    const { status, text } = await rawRequest(proxied, { target, headers });
    assert.equal(status, 421, JSON.stringify(headers));
    assert.ok(!text.includes(EVIL));
  }
});

test("M16 open redirects: no answer leads to a host that a path or a parameter names", async () => {
  const tricks = [
    `//${EVIL}`,
    `//${EVIL}/%2e%2e`,
    `/\\${EVIL}`,
    `/%5c${EVIL}`,
    `/%2f%2f${EVIL}`,
    `/%0d%0aLocation:%20https://${EVIL}`,
    `/login//${EVIL}`,
    `/authorize//${EVIL}`,
    `/login/%0d%0aSet-Cookie:x=1`,
    `/authorize?client_id=spa&response_type=code&redirect_uri=https://${EVIL}`,
    `/authorize?client_id=spa&response_type=code&redirect_uri=//${EVIL}`,
    `/authorize?client_id=spa&redirect_uri=/\\${EVIL}`,
    `/end_session?post_logout_redirect_uri=https://${EVIL}`,
    `/end_session?client_id=spa&post_logout_redirect_uri=//${EVIL}`,
    `/end_session/success?client_id=${EVIL}`,
    `/demo/login?redirect_uri=https://${EVIL}&scope=openid`,
    `/demo/login?return_to=https://${EVIL}`,
    `/demo/logout?return_to=//${EVIL}`,
  ];
  for (const target of tricks) {
    const { status, text } = await rawRequest(server, { target });
    const location = /^location: (.*)$/im.exec(text.split("\r\n\r\n")[0] ?? "")?.[1] ?? "";
    assert.ok(status < 500, `${target}: ${status}`);
    if (location !== "") {
      const place = new URL(location, server.issuer);
      assert.ok(
        [new URL(server.issuer).hostname, "rp.example.test"].includes(place.hostname),
        `${target} leads to ${location}`,
      );
    }
    assert.doesNotMatch(text.split("\r\n\r\n")[0] ?? "", /^set-cookie: ?x=1/im, target);
  }
});
