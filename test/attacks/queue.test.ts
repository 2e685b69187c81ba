/** P15: a flood of passwords cannot starve the server: others are answered, the flood waits its turn or is told when to come back. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { startServer } from "../kit/server.ts";
import { formOf, type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";
import { begin, claims, signIn } from "./attacker.ts";

const LOGINS = 500;
// Each try from an address of its own, so that it is the hashing that is under load and not the throttle that answers.
const server = await startServer({ config: { trustedProxies: ["127.0.0.1"] } });
const addressOf = (index: number) => `198.${18 + (index >> 8)}.${index & 255}.1`;
const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;

async function openLogins(): Promise<{ visitor: TestVisitor; page: Seen }[]> {
  const open: { visitor: TestVisitor; page: Seen }[] = [];
  const lane = async () => {
    while (open.length < LOGINS) {
      const index = open.length;
      const visitor = server.visitor({ headers: { "x-forwarded-for": addressOf(index) } });
      const place = open.push({ visitor, page: undefined as unknown as Seen }) - 1;
      open[place] = { visitor, page: await begin(server, visitor) };
    }
  };
  await Promise.all([1, 2, 3, 4].map(lane));
  return open;
}

const WATCHER = `
const { parentPort, workerData } = require("node:worker_threads");
const { request } = require("node:http");
const host = "localhost:" + workerData.port;
const ask = (method, path, expected, body) => new Promise((resolve, reject) => {
  const start = performance.now();
  const headers = { host, ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }) };
  const req = request({ host: "127.0.0.1", port: workerData.port, method, path, headers }, (res) => {
    res.resume().on("end", () => res.statusCode === expected ? resolve(performance.now() - start) : reject(new Error(path + ": " + res.statusCode)));
  });
  req.on("error", reject).end(body);
});
(async () => {
  const waits = { discovery: [], token: [] };
  let enough = false;
  parentPort.once("message", () => { enough = true; });
  await ask("GET", "/jwks", 200);
  parentPort.postMessage("ready");
  while (!enough) {
    waits.discovery.push(await ask("GET", "/.well-known/openid-configuration", 200));
    waits.token.push(await ask("POST", "/token", 400, "grant_type=authorization_code&client_id=spa&code=x&redirect_uri=x&code_verifier=" + "x".repeat(43)));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  parentPort.postMessage(waits);
})();
`;

test("P15 M27 under 500 wrong passwords at once discovery and /token stay under a second, and the queue says when to come back", {
  timeout: 90_000,
}, async (t) => {
  const logins = await openLogins();
  // The others look on from a thread of their own: what they wait for is the server, not the flood's own work.
  const watcher = new Worker(WATCHER, { eval: true, workerData: { port: server.port } });
  await once(watcher, "message");
  const flood = Promise.all(
    logins.map(({ visitor, page }, index) =>
      visitor.send("POST", formOf(page).action, {
        ...formOf(page).fields,
        username: `nobody-${index}`,
        password: "neither door is open",
      }),
    ),
  );
  const answers = await flood;
  watcher.postMessage("enough");
  const [waits] = (await once(watcher, "message")) as [{ discovery: number[]; token: number[] }];
  const [discovery, token] = [quantile(waits.discovery, 0.99), quantile(waits.token, 0.99)];
  const busy = answers.filter(
    ({ status, trail }) => status === 503 || trail.some((one) => one.status === 503),
  );
  t.diagnostic(
    `${busy.length} of ${LOGINS} turned away; p99 of ${waits.discovery.length}: discovery ${discovery.toFixed(0)} ms, /token ${token.toFixed(0)} ms`,
  );
  assert.ok(discovery < 1000 && token < 1000, `discovery ${discovery} ms, /token ${token} ms`);
  assert.ok(busy.length > 0, "500 at once do not fit into the queue");
  for (const { status, headers, body } of answers) {
    assert.ok(status === 200 || status === 503, String(status));
    if (status !== 503) continue;
    assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
    assert.ok(textOf(body).length > 20);
  }
  const refused = await server.parts.audit.query({ kind: "password-wrong", limit: 10_000 });
  assert.equal(
    refused.length,
    LOGINS - busy.length,
    "who was turned away was not compared, and is not counted",
  );
});

test("P15 and afterwards everybody signs in", async () => {
  assert.equal((await claims(server, await signIn(server, server.visitor()))).acr, "twilio_sms");
});

test("P15 a password of more than 4 KiB is refused before any hashing, one of 4 KiB is compared", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const login = page.url.pathname.split("/")[2] ?? "";
  const { directory } = server.parts;
  const hashes = () => (directory as unknown as { hashingStats(): { total: number } }).hashingStats().total;
  const before = hashes();
  for (const password of ["x".repeat(4097), "é".repeat(2049), "x".repeat(12_000)]) {
    const answer = await visitor.submit(await visitor.get(page.url.href), { username: "grace", password });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /name="password"/);
  }
  assert.equal(hashes(), before);
  assert.equal((await server.parts.audit.query({ login, kind: "password-wrong", limit: 5 })).length, 0);
  const large = await visitor.submit(await visitor.get(page.url.href), {
    username: "grace",
    password: "x".repeat(20_000),
  });
  assert.equal(large.status, 413);
  assert.equal(hashes(), before);
  await visitor.submit(await visitor.get(page.url.href), { username: "grace", password: "x".repeat(256) });
  assert.equal(hashes(), before + 1);
});
