/** `/health/live` and `/health/ready`, as a load balancer and as a stranger ask. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { createHealth } from "../../src/surfaces/health/health.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { startServer } from "../kit/server.ts";

interface Asked {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const all = { host: `127.0.0.1:${port}`, ...headers };
    const req = request({ host: "127.0.0.1", port, path, method, setHost: false, headers: all }, (res) => {
      let text = "";
      res.on("data", (part: Buffer) => {
        text += part.toString();
      });
      res.on("end", () =>
        resolve({
          status: res.statusCode ?? 0,
          body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
          headers: res.headers,
        }),
      );
    });
    req.on("error", reject);
    req.end();
  });
}

const server = await startServer({ httpsIssuer: "https://login.example.test" });

test("421: a load balancer asks by address and is answered; every other path still has one name", async () => {
  for (const path of ["/health/live", "/health/ready", "/health/ready?from=lb"]) {
    const { status, body, headers } = await ask(server.port, path);
    assert.equal(status, 200, path);
    assert.equal(body.status, "up");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["set-cookie"], undefined);
  }
  for (const path of [
    "/jwks",
    "/health",
    "/health/",
    "/health/live/",
    "/health/ready/x",
    "/Health/live",
    "//health/live",
  ])
    assert.equal((await ask(server.port, path)).status, 421, path);
});

test("a stranger learns up or down and nothing else; this host and its proxies learn which", async () => {
  const own = await ask(server.port, "/health/ready");
  assert.deepEqual(own.body, {
    status: "up",
    checks: { store: "up", directory: "up", gateway: "up" },
    draining: false,
  });
  const stranger = await ask(server.port, "/health/ready", { "x-forwarded-for": "203.0.113.7" });
  assert.deepEqual(stranger.body, { status: "up" });
  assert.equal((await ask(server.port, "/health/ready", {}, "POST")).status, 405);
  assert.deepEqual((await ask(server.port, "/health/ready", {}, "HEAD")).body, {});
});

test("S16: without its store it is alive and not ready", async () => {
  const other = await startServer();
  assert.equal((await ask(other.port, "/health/ready")).status, 200);
  const { records } = other.parts.store;
  const { commit } = records;
  // As a full disk does: reading works, writing does not.
  Object.assign(records, { commit: () => Promise.reject(new Error("the disk is full")) });
  await sleep(1_200);
  const down = await ask(other.port, "/health/ready");
  assert.equal(down.status, 503);
  assert.deepEqual(down.body.checks, { store: "down", directory: "up", gateway: "up" });
  assert.equal((await ask(other.port, "/health/live")).status, 200);
  Object.assign(records, { commit });
  await sleep(1_200);
  assert.equal((await ask(other.port, "/health/ready")).status, 200);
});

test("M29: a node whose clock is ten minutes off the database's takes no requests until it is right", {
  skip: noPostgres,
}, async () => {
  const { url } = await startPostgres();
  const shared = await startServer({
    config: {
      store: { type: "postgres", url: new Secret(url), pool: 3 },
      masterKey: new Secret(randomBytes(32).toString("base64")),
    },
  });
  const checks = async () => (await ask(shared.port, "/health/ready")).body.checks as Record<string, string>;
  assert.equal((await checks()).clock, "up");
  for (const [minutes, found] of [
    [10, "down"],
    [-20, "down"],
    [10, "up"],
  ] as const) {
    shared.advance(minutes * 60_000);
    await sleep(1_200);
    assert.equal((await checks()).clock, found);
  }
  assert.equal(shared.problems.filter((text) => /clock of this node is 600 s off/.test(text)).length, 1);
  await shared.close();
});

test("M33: a provider that is away is told, and takes no node away; a store that hangs does", async () => {
  let hangs = false;
  const health = createHealth({
    checks: {
      store: { needed: true, look: () => (hangs ? new Promise(() => {}) : Promise.resolve(true)) },
      gateway: { needed: false, look: () => Promise.resolve(false) },
    },
    isOwn: () => true,
    patienceMs: 20,
    keepMs: 0,
  });
  const look = () =>
    new Promise<{ status: number; body: unknown }>((resolve) => {
      let status = 0;
      const response = {
        setHeader() {},
        writeHead(code: number) {
          status = code;
          return response;
        },
        end: (text: string) => resolve({ status, body: JSON.parse(text) }),
      };
      health.door({ url: "/health/ready", method: "GET" } as never, response as never);
    });
  assert.deepEqual(await look(), {
    status: 200,
    body: { status: "up", checks: { store: "up", gateway: "down" }, draining: false },
  });
  hangs = true;
  await sleep(5);
  assert.equal((await look()).status, 503);
  hangs = false;
  await sleep(5);
  assert.equal((await look()).status, 200);
  health.drain();
  assert.equal((await look()).status, 503);
});
