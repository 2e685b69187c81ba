/**
 * T18 M28: what the server fetches for a client (`jwks_uri`) is no way into the network behind it. Real TLS listeners
 * on this computer with a trusted certificate stand for what an attacker wants to reach: without the guard every one
 * of these requests would be answered.
 */
import assert from "node:assert/strict";
import dns from "node:dns/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, mock, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { fetchMetadata } from "../../src/surfaces/oidc/outbound.ts";
import { selfSigned } from "../kit/certificate.ts";
import { post } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const certificate = selfSigned("localhost", "127.0.0.1", "0.0.0.0", "::ffff:7f00:1", "::1", "::");
setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);

const pair = await generateKeyPair("ES256", { extractable: true });
const jwks = JSON.stringify({
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" }],
});

let asked: string[] = [];
let written = 0;
const answers: Record<string, (res: ServerResponse) => void> = {
  "/jwks": (res) => void res.setHeader("content-type", "application/json").end(jwks),
  "/elsewhere": (res) => void res.writeHead(302, { location: "/jwks" }).end(),
  "/permanently": (res) => void res.writeHead(308, { location: "/jwks" }).end(),
  "/announced": (res) => void res.writeHead(200, { "content-length": String(10 ** 10) }).write("{"),
  "/endless": (res) => {
    const more = (): void => {
      while (!res.destroyed && written < 50_000_000) {
        written += 65_536;
        if (!res.write(" ".repeat(65_536))) return void res.once("drain", more);
      }
    };
    more();
  },
  "/slow": (res) => {
    res.write("{");
    const drip = setInterval(() => res.write(" "), 200);
    res.on("close", () => clearInterval(drip));
  },
  "/silent": () => undefined,
};
const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
  asked.push(req.url ?? "");
  answers[req.url ?? ""]?.(res);
};
const listener = createServer({ key: certificate.key, cert: certificate.cert }, onRequest);
await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
const { port } = listener.address() as AddressInfo;
const six = createServer({ key: certificate.key, cert: certificate.cert }, onRequest);
const hasSix = await new Promise<boolean>((resolve) =>
  six.once("error", () => resolve(false)).listen(port, "::1", () => resolve(true)),
);
after(() => {
  for (const one of [listener, six]) {
    one.closeAllConnections();
    one.close();
  }
});

const hosts = [
  "127.0.0.1",
  "localhost",
  "2130706433",
  "0x7f000001",
  "127.1",
  "0.0.0.0",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::1]",
  "[::]",
];
/** What must not even be tried: on this computer nobody answers there, in a real network somebody may. */
const inside = [
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "[fe80::1]",
  "[fd00::1]",
  "[::ffff:10.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "[::7f00:1]",
];
const ways = ["/elsewhere", "/permanently", "/announced", "/endless", "/slow", "/silent"];
const clientOf = (client_id: string, jwks_uri: string) => ({
  client_id,
  trusted: true,
  redirect_uris: [CALLBACK],
  token_endpoint_auth_method: "private_key_jwt",
  grant_types: ["authorization_code", "client_credentials"],
  jwks_uri,
});
const server = await startServer({
  clients: [
    ...[...hosts, ...inside].map((host) => clientOf(`at-${host}`, `https://${host}:${port}/jwks`)),
    ...["/jwks", ...ways].map((path) => clientOf(`way-${path.slice(1)}`, `https://localhost:${port}${path}`)),
  ],
});

/** The client signs an assertion; to believe it the server has to fetch the client's keys. */
async function comeIn(client: string) {
  const now = Math.floor(Date.now() / 1000);
  const client_assertion = await new SignJWT({
    iss: client,
    sub: client,
    aud: server.issuer,
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
  })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .sign(pair.privateKey);
  asked = [];
  return post(server, "/token", {
    grant_type: "client_credentials",
    client_assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  });
}

for (const host of hosts)
  test(`T18: keys at ${host} are not fetched: nothing is asked, the client does not come in`, async () => {
    const answer = await comeIn(`at-${host}`);
    assert.ok([400, 401].includes(answer.status), String(answer.status));
    assert.equal(answer.body.access_token, undefined);
    assert.deepEqual(asked, []);
    assert.equal(
      JSON.stringify(answer.body).includes(String(port)),
      false,
      "the answer says nothing of what is there",
    );
    if (host.includes(":") && !hasSix) return;
    const unguarded = await asIfPublic(() => comeIn(`at-${host}`));
    assert.equal(unguarded.status, 200, "it was the guard alone that stood in the way");
  });

for (const host of inside)
  test(`T18: keys at ${host}: no connection is tried, the client does not come in`, async (t) => {
    // Nothing may leave this computer, also when the check is broken.
    const fetched = t.mock.method(globalThis, "fetch", fetchHere);
    const answer = await comeIn(`at-${host}`);
    assert.ok([400, 401].includes(answer.status), String(answer.status));
    assert.equal(answer.body.access_token, undefined);
    const urls = fetched.mock.calls.map(({ arguments: [url] }) => String(url));
    assert.deepEqual(
      urls.filter((url) => !url.startsWith(server.issuer)),
      [],
    );
  });

const realFetch = globalThis.fetch;
const fetchHere: typeof fetch = (input, init) => {
  if (!String(input).startsWith(server.issuer)) throw new Error("this would leave the computer");
  return realFetch(input, init);
};

for (const [name, found] of [
  ["one of several addresses inside the network", ["93.184.215.14", "10.0.0.1"]],
  ["an address inside the network", ["::ffff:192.168.0.1"]],
  ["no address", []],
] as const)
  test(`T18: a name with ${name} is not fetched from`, async (t) => {
    const fetched = t.mock.method(globalThis, "fetch", fetchHere);
    resolveTo(t, found);
    assert.notEqual((await comeIn("way-jwks")).status, 200);
    assert.equal(fetched.mock.callCount(), 1, "the call of the client alone");
  });

test("T18: a name that is public when it is looked up and loopback when it is connected to gains nothing", async (t) => {
  const looked = resolveTo(t, ["93.184.215.14"]);
  const answer = await comeIn("way-jwks");
  assert.equal(looked.mock.callCount(), 1, "the first answer was the public one");
  assert.ok([400, 401].includes(answer.status), String(answer.status));
  assert.equal(answer.body.access_token, undefined);
  assert.deepEqual(asked, [], "the connection was dropped before anything was asked");
});

/** Lets the check before a fetch see these addresses; connections go where they always went. */
const resolveTo = (t: { readonly mock: typeof mock }, addresses: readonly string[]) =>
  t.mock.method(dns, "lookup", async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  );

/** Stands for a public address: the same listener, with both guards taken away. */
async function asIfPublic<T>(act: () => Promise<T>): Promise<T> {
  const real = globalThis.fetch;
  const looked = resolveTo({ mock }, ["93.184.215.14"]);
  globalThis.fetch = (input, init) => {
    const { dispatcher: _guard, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
    return real(input, String(input).includes(`:${port}/`) ? rest : init);
  };
  try {
    return await act();
  } finally {
    globalThis.fetch = real;
    looked.mock.restore();
  }
}

test("T18: at a public address the same keys are fetched and the client comes in", async () => {
  const answer = await asIfPublic(() => comeIn("way-jwks"));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(asked, ["/jwks"]);
});

for (const way of ways.slice(0, -2))
  test(`T18: an address that answers ${way.slice(1)} is given up within 3 seconds`, async () => {
    written = 0;
    const began = Date.now();
    const answer = await asIfPublic(() => comeIn(`way-${way.slice(1)}`));
    assert.ok([400, 401].includes(answer.status), String(answer.status));
    assert.deepEqual(asked, [way], "a redirect is not followed");
    assert.ok(Date.now() - began < 3500, `${Date.now() - began} ms`);
    assert.ok(written < 5_000_000, `${written} bytes were taken`);
  });

test("T18: addresses that drip or keep silent are given up within 3 seconds", async () => {
  const began = Date.now();
  const answers = await asIfPublic(() => Promise.all([comeIn("way-slow"), comeIn("way-silent")]));
  for (const { status } of answers) assert.ok([400, 401].includes(status), String(status));
  assert.ok(Date.now() - began < 3500, `${Date.now() - began} ms`);
});

test("T18: without the guard on the connection, and over plain http, nothing is fetched at all", async () => {
  await assert.rejects(fetchMetadata(`https://localhost:${port}/jwks`), /guard/);
  await assert.rejects(fetchMetadata(`http://localhost:${port}/jwks`), /https/);
});

test("T18: a request_uri or a sector or logo address in a request makes the server fetch nothing", async () => {
  asked = [];
  for (const name of ["request_uri", "sector_identifier_uri", "logo_uri", "jwks_uri", "jku"]) {
    const query = new URLSearchParams({
      client_id: "spa",
      response_type: "code",
      scope: "openid",
      redirect_uri: CALLBACK,
      [name]: `https://localhost:${port}/jwks`,
    });
    await asIfPublic(() => server.visitor().get(`/authorize?${query}`));
    await asIfPublic(() => post(server, "/par", Object.fromEntries(query)));
  }
  assert.deepEqual(asked, []);
});
