/** OpenID Connect Back-Channel Logout 1.0, with an application that listens over TLS and one that is away for a while. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { createPostOutward } from "../../src/kits/http/outward.ts";
import { isPublicAddress } from "../../src/kits/web/address.ts";
import { selfSigned } from "../kit/certificate.ts";
import { createRelyingParty, type Tokens } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";
import type { TestVisitor } from "../kit/visitor.ts";

const certificate = selfSigned("localhost", "127.0.0.1", "::1", "::ffff:7f00:1");
setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);

const told: { readonly path: string; readonly token: string }[] = [];
let status = 200;
const listener = createServer({ key: certificate.key, cert: certificate.cert }, (req, res) => {
  let body = "";
  req.on("data", (part: Buffer) => {
    body += part.toString();
  });
  req.on("end", () => {
    told.push({ path: req.url ?? "", token: new URLSearchParams(body).get("logout_token") ?? "" });
    if (req.url === "/endless") {
      res.writeHead(200);
      const more = (): boolean => res.destroyed || (res.write(" ".repeat(65_536)) && more());
      res.on("drain", more);
      more();
    } else if (req.url === "/silent") return;
    else if (req.url === "/elsewhere") res.writeHead(307, { location: "/other" }).end();
    else res.writeHead(status).end();
  });
});
await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
const { port } = listener.address() as AddressInfo;
after(() => {
  listener.closeAllConnections();
  listener.close();
});

const clients = ["one", "two"].map((name) => ({
  client_id: `listens-${name}`,
  trusted: true,
  redirect_uris: [CALLBACK],
  post_logout_redirect_uris: ["https://rp.example.test/bye"],
  backchannel_logout_uri: `https://localhost:${port}/${name}`,
  backchannel_logout_session_required: name === "one",
  id_token_signed_response_alg: name === "one" ? "ES256" : "RS256",
}));
const folder = mkdtempSync(join(tmpdir(), "sallyport-test-"));
const options = { clients, folder, reach: () => true } as const;

async function signedIn(server: Awaited<ReturnType<typeof startServer>>) {
  const visitor = server.visitor();
  const tokens: Tokens[] = [];
  for (const [clientId, idTokenAlg] of [
    ["listens-one", "ES256"],
    ["listens-two", "RS256"],
  ] as const) {
    const rp = await createRelyingParty(server, { clientId, idTokenAlg });
    if (tokens.length === 0) tokens.push(await rp.byPassword(visitor, "grace"));
    else {
      const begun = await rp.begin({ acr_values: "simple_password_auth" });
      tokens.push(await rp.redeem(begun, await visitor.get(begun.url.href)));
    }
  }
  return { visitor, tokens };
}
async function logOut(visitor: TestVisitor, tokens: readonly Tokens[]): Promise<void> {
  const query = new URLSearchParams({ id_token_hint: String(tokens[0]?.id_token) });
  await visitor.submit(await visitor.get(`/end_session?${query}`), { logout: "yes" });
}
async function heard(count: number): Promise<typeof told> {
  for (let tries = 0; tries < 1_000 && told.length < count; tries += 1) await sleep(20);
  assert.equal(told.length, count);
  return told.splice(0);
}

test("T16 back-channel: whoever signs out is signed out at every application that listens", async () => {
  const server = await startServer({ ...options, pace: 0.1 });
  const spa = await createRelyingParty(server);
  const metadata = spa.configuration.serverMetadata();
  assert.equal(metadata.backchannel_logout_supported, true);
  assert.equal(metadata.backchannel_logout_session_supported, true);
  const { visitor, tokens } = await signedIn(server);
  await logOut(visitor, tokens);
  const posts = await heard(2);
  assert.deepEqual(posts.map(({ path }) => path).sort(), ["/one", "/two"]);
  const jwks = (await (await fetch(`${server.issuer}/jwks`)).json()) as JSONWebKeySet;
  for (const { path, token } of posts) {
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: server.issuer,
      audience: `listens-${path.slice(1)}`,
      typ: "logout+jwt",
      requiredClaims: ["iat", "exp", "jti", "sub", "events"],
    });
    assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
    assert.equal(payload.nonce, undefined, "no ID token passes for it, nor the other way round");
    assert.equal(payload.sub, tokens[0]?.claims()?.sub);
    assert.equal(payload.sid, path === "/one" ? tokens[0]?.claims()?.sid : undefined);
    assert.equal(decodeProtectedHeader(token).alg, path === "/one" ? "ES256" : "RS256");
    assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 120);
  }
  assert.notEqual(tokens[0]?.claims()?.sid, undefined);

  // An administrator ends what is open, or disables the person: the same.
  const again = await signedIn(server);
  const sub = String(again.tokens[0]?.claims()?.sub);
  await server.parts.sessions.endAll(sub, "root", "lost laptop");
  assert.deepEqual((await heard(2)).map(({ path }) => path).sort(), ["/one", "/two"]);
  await server.close();
});

test("L10: an application that was away hears of it after the server was started anew", async () => {
  const first = await startServer({ ...options, pace: 0.1 });
  const { visitor, tokens } = await signedIn(first);
  status = 503;
  await logOut(visitor, tokens);
  await heard(2);
  await first.close();
  status = 200;
  const second = await startServer({ ...options, pace: 0.1 });
  second.advance(15_000);
  assert.deepEqual((await heard(2)).map(({ path }) => path).sort(), ["/one", "/two"]);
  await sleep(50);
  await second.close();
  assert.equal(told.length, 0);
});

test("T18: a logout address leads to no host inside the network, by whatever name", async () => {
  const post = createPostOutward(isPublicAddress);
  const hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]", "0x7f000001", "2130706433", "127.1"];
  for (const host of hosts)
    await assert.rejects(post(`https://${host}:${port}/one`, { logout_token: "x" }), host);
  await assert.rejects(post(`http://localhost:${port}/one`, {}), /inside/);
  assert.equal(told.length, 0);
  // And with the guard off they are all there: it was the guard that said no.
  const open = createPostOutward(() => true);
  assert.equal(await open(`https://localhost:${port}/one`, { logout_token: "x" }), 200);
  assert.equal(told.splice(0).length, 1);
});

test("T18: no redirect is followed, no endless answer read, nobody waited for", async () => {
  const open = createPostOutward(() => true);
  assert.equal(await open(`https://localhost:${port}/elsewhere`, {}), 307);
  await assert.rejects(open(`https://localhost:${port}/endless`, {}), /EMSGSIZE/);
  await assert.rejects(open(`https://localhost:${port}/silent`, {}), /ETIMEDOUT/);
  assert.deepEqual(
    told.splice(0).map(({ path }) => path),
    ["/elsewhere", "/endless", "/silent"],
  );
});
