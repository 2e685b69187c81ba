/** The examples of an installation: nginx in front as the file says, the systemd unit, the container's recipe. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { selfSigned } from "../kit/certificate.ts";
import { noNginx, readExample, startNginx } from "../kit/nginx.ts";
import { createNode, createSite, HOST, PASSWORD } from "../kit/serve.ts";
import { signIn } from "../kit/sign-in.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";

describe("nginx in front", { skip: noNginx }, () => {
  test("S15: a person signs in through it, and what a client claims to be its address counts for nothing", async () => {
    const site = await createSite({ config: { trusted_proxies: ["127.0.0.1/32"] } });
    assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
    const node = await site.start();
    const made = selfSigned(HOST);
    const places = { "http://127.0.0.1:8080": `http://127.0.0.1:${node.port}` };
    const port = await startNginx("nginx/sallyport.conf", places, made);
    const front = createNode(node.program, await openTlsTunnel(port, made.cert, HOST));
    const headers = { "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.7" };
    const { claims } = await signIn(site, front, "ada", "+12025550147", {
      visitor: front.visitor({ headers }),
    });
    assert.equal(claims.acr, "twilio_sms");
    const events = await site.look(({ audit }) => audit.query({ kind: "signed-in", limit: 1 }));
    assert.equal(events[0]?.address, "127.0.0.1");
  });
});

test("the systemd unit starts the command as a user of its own and holds no secret", () => {
  const unit = readExample("systemd/sallyport.service");
  for (const line of [
    /^User=sallyport$/m,
    /^ExecStart=.*sallyport serve --config/m,
    /^NoNewPrivileges=yes$/m,
  ])
    assert.match(unit, line);
  assert.doesNotMatch(unit, /Environment=.*TOKEN/);
  const verify = spawnSync(
    "systemd-analyze",
    ["verify", fileURLToPath(new URL("../../examples/systemd/sallyport.service", import.meta.url))],
    { encoding: "utf8" },
  );
  // Without systemd-analyze the lines above are all that can be looked at here.
  if (verify.error === undefined) assert.doesNotMatch(verify.stderr, /Unknown|Failed to parse|Invalid/);
});

test("the container runs as nobody special, on a Node that is new enough, and builds from the package", () => {
  const lines = readExample("docker/Dockerfile").split("\n");
  assert.match(lines.find((line) => line.startsWith("FROM")) ?? "", /^FROM node:24-/);
  assert.ok(lines.includes("USER node"));
  assert.ok(lines.some((line) => line.startsWith("COPY sallyport-*.tgz")));
});

test("the example files name only settings that exist", () => {
  const known = readFileSync(fileURLToPath(new URL("../../src/config.ts", import.meta.url)), "utf8");
  for (const file of ["sallyport.yaml", "two-nodes/sallyport.yaml"])
    for (const name of Object.keys(parse(readExample(file)) as object))
      assert.match(known, new RegExp(`\\b${name}\\b`));
});
