/** The examples of an installation: nginx in front as the file says, the systemd unit, the container's recipe. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { selfSigned } from "../kit/certificate.ts";
import { createNode, createSite, HOST, PASSWORD } from "../kit/serve.ts";
import { freePort } from "../kit/server.ts";
import { signIn } from "../kit/sign-in.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), "utf8");
const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
const skip = NGINX === undefined ? "nginx is not installed (apt-get install nginx-light)" : false;

describe("nginx in front", { skip }, () => {
  test("S15: a person signs in through it, and what a client claims to be its address counts for nothing", async () => {
    const site = await createSite({ config: { trusted_proxies: ["127.0.0.1/32"] } });
    assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
    const node = await site.start();
    const { cert, key } = selfSigned(HOST);
    const port = await startNginx(node.port, cert, key);
    const front = createNode(node.program, await openTlsTunnel(port, cert, HOST));
    const headers = { "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.7" };
    const { claims } = await signIn(site, front, "ada", "+12025550147", {
      visitor: front.visitor({ headers }),
    });
    assert.equal(claims.acr, "twilio_sms");
    const events = await site.look(({ audit }) => audit.query({ kind: "signed-in", limit: 1 }));
    assert.equal(events[0]?.address, "127.0.0.1");
  });
});

/** Starts nginx on the example with its ports, names and files replaced; it ends with the test file. */
async function startNginx(behind: number, cert: string, key: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "sallyport-nginx-"));
  const [tls, plain] = [await freePort(), await freePort()];
  writeFileSync(path.join(folder, "tls.crt"), cert);
  writeFileSync(path.join(folder, "tls.key"), key, { mode: 0o600 });
  const site = read("nginx/sallyport.conf")
    .replaceAll("/etc/sallyport", folder)
    .replaceAll("login.example.org", HOST)
    .replace("listen 443 ssl", `listen 127.0.0.1:${tls} ssl`)
    .replace("listen 80;", `listen 127.0.0.1:${plain};`)
    .replace("http://127.0.0.1:8080", `http://127.0.0.1:${behind}`);
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(
    path.join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log warn;
     events { worker_connections 64; }
     http { ${scratch.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}\n${site}\n}`,
  );
  const child = spawn(NGINX ?? "nginx", ["-p", folder, "-c", path.join(folder, "nginx.conf")], {
    stdio: "ignore",
  });
  after(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`http://127.0.0.1:${plain}`, { redirect: "manual" }).then(
        () => true,
        () => false,
      )
    )
      return tls;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nginx does not answer: ${readFileSync(path.join(folder, "error.log"), "utf8")}`);
}

test("the systemd unit starts the command as a user of its own and holds no secret", () => {
  const unit = read("systemd/sallyport.service");
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
  const lines = read("docker/Dockerfile").split("\n");
  assert.match(lines.find((line) => line.startsWith("FROM")) ?? "", /^FROM node:24-/);
  assert.ok(lines.includes("USER node"));
  assert.ok(lines.some((line) => line.startsWith("COPY sallyport-*.tgz")));
});

test("the example file names only settings that exist", () => {
  const known = readFileSync(fileURLToPath(new URL("../../src/config.ts", import.meta.url)), "utf8");
  for (const name of Object.keys(parse(read("sallyport.yaml")) as object))
    assert.match(known, new RegExp(`\\b${name}\\b`));
});
