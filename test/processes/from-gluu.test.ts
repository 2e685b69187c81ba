/** The tutorial for those who come from the original, run as it is written: every shell block, in order, then a sign-in. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { selfSigned } from "../kit/certificate.ts";
import { freePort } from "../kit/free-port.ts";
import { startProgram, until } from "../kit/processes.ts";
import { PASSWORD } from "../kit/serve.ts";
import { codeOf, startSimulator } from "../kit/simulator.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";
import { createVisitor } from "../kit/visitor.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(path.join(root, "docs/tutorials/from-gluu.md"), "utf8");
const folder = mkdtempSync(path.join(tmpdir(), "sallyport-story-"));
const port = await freePort();
const origin = `https://localhost:${port}`;
const here = (text: string) =>
  text.replaceAll("https://login.example.org", origin).replaceAll("0.0.0.0:443", `127.0.0.1:${port}`);
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text = ""]) =>
    here(text),
  );

const { cert, key } = selfSigned("localhost", "127.0.0.1");
const put = (name: string, text: string) => writeFileSync(path.join(folder, name), text, { mode: 0o600 });
put("tls.crt", cert);
put("tls.key", key);
const [yaml = ""] = blocks("yaml");
put("sallyport.yaml", yaml);
const [files = ""] = blocks("console");
const made = spawnSync("bash", ["-euc", files], { cwd: folder, input: `${PASSWORD}\n`, encoding: "utf8" });
assert.deepEqual([made.status, made.stdout, made.stderr], [0, "", ""]);
const clientSecret = readFileSync(path.join(folder, "client-secret"), "utf8").trim();
for (const name of ["client-secret", "password.txt"])
  assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600, name);
// What is typed as `sallyport` is this checkout's command.
put("sallyport", `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, "bin/sallyport.js")}" "$@"\n`);
chmodSync(path.join(folder, "sallyport"), 0o700);
const env = {
  PATH: `${folder}:${process.env.PATH}`,
  HOME: folder,
  NODE_EXTRA_CA_CERTS: path.join(folder, "tls.crt"),
  CURL_CA_BUNDLE: path.join(folder, "tls.crt"),
};
const simulator = await startSimulator();
const server = startProgram(["serve", "--config", path.join(folder, "sallyport.yaml")], { cwd: folder, env });
after(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});
await until(server, async () => (server.stdout().includes("No administrator") ? true : undefined));

/** One shell for all of a block, and what earlier blocks exported. */
let exported = "";
function shell(script: string) {
  const ran = spawnSync("bash", ["-eu", "-o", "pipefail", "-c", `${exported}\n${script}`], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  for (const [line] of script.matchAll(/^(export|unset) .*$/gm))
    exported = line.startsWith("export") ? `${exported}\n${line}` : "";
  assert.equal(ran.status, 0, `${script}\n${ran.stdout}\n${ran.stderr}`);
  return ran;
}
const said: string[] = [];

test("every command of the page does what the page says", async () => {
  const scripts = blocks("sh");
  assert.ok(scripts.length >= 9, `only ${scripts.length} blocks were found`);
  for (const script of scripts) {
    const { stdout, stderr } = shell(script);
    said.push(stdout, stderr);
    if (script.includes("get-config-scripts-by-type"))
      assert.ok(JSON.parse(stdout).entries.some(({ name }: { name: string }) => name === "twilio_sms"));
    if (script.includes("put-config-scripts")) {
      const { enabled, revision, configurationProperties } = JSON.parse(stdout);
      assert.deepEqual([enabled, revision], [true, 2]);
      const token = configurationProperties.find(
        ({ value1 }: { value1: string }) => value1 === "twilio_token",
      );
      assert.deepEqual([token.value2, token.isSet], [null, true]);
      // The page's account is nobody's: the texts of the test go to the simulator, and with them the account.
      const { sid, token: secret } = simulator.account;
      put("simulator-token", secret);
      shell(
        `sallyport script set twilio_sms twilio_sid=${sid} api_base=${simulator.url} twilio_token=@simulator-token --host ${origin}`,
      );
    }
    if (script.includes("script.log")) assert.match(stdout, /Initialization[\s\S]*Initialized successfully/);
    if (script.includes("put-acrs")) assert.equal(stdout.match(/"defaultAcr": "twilio_sms"/g)?.length, 2);
    if (script.includes("acr_values_supported")) {
      assert.match(stdout, /"acr_values_supported":\[[^\]]*"twilio_sms"/);
      assert.match(stdout, /"auth_level_mapping":\{[^}]*"40":\["twilio_sms"\]/);
    }
    if (script.includes("admin bootstrap")) assert.match(stdout, /^chief is an administrator/);
    if (script.includes("reset-phone")) assert.match(stdout, /ada may bind a phone/);
  }
});

test("the page's own URL signs ada in by the default acr, without PKCE and without a consent page", async () => {
  const url = new URL(/^https:\/\/login\.example\.org\/jans-auth\/authorize\.htm.*$/m.exec(page)?.[0] ?? "");
  url.searchParams.set("state", "a-state");
  url.searchParams.set("nonce", "a-nonce");
  const tunnel = await openTlsTunnel(port, cert, "localhost");
  const visitor = createVisitor({
    origin,
    connect: { host: "127.0.0.1", port: tunnel },
    stopAt: ["https://app.example.org/"],
  });
  const phonePage = await visitor.submit(await visitor.get(`${url.pathname}${url.search}`), {
    username: "ada",
    password: PASSWORD,
  });
  assert.match(phonePage.body, /name="phone"/);
  const before = (await simulator.messages()).length;
  const codePage = await visitor.submit(phonePage, { phone: "+12025550147" });
  const message = (await simulator.messages()).slice(before).find(({ to }) => to === "+12025550147");
  assert.ok(message, "no text arrived");
  const done = await visitor.submit(codePage, { code: codeOf(message) });
  const answer = spawnSync(
    "curl",
    [
      "--silent",
      "--user",
      `gluu-client:${clientSecret}`,
      `${origin}/jans-auth/restv1/token`,
      "--data-urlencode",
      "grant_type=authorization_code",
      "--data-urlencode",
      `code=${done.url.searchParams.get("code")}`,
      "--data-urlencode",
      "redirect_uri=https://app.example.org/callback",
    ],
    { env, encoding: "utf8" },
  );
  const { id_token, access_token } = JSON.parse(answer.stdout) as { id_token: string; access_token: string };
  const claims = JSON.parse(Buffer.from(id_token.split(".")[1] ?? "", "base64url").toString());
  assert.deepEqual([claims.acr, claims.amr, claims.nonce], ["twilio_sms", ["pwd", "sms", "mfa"], "a-nonce"]);
  const userinfo = spawnSync(
    "curl",
    ["--silent", "--header", `authorization: Bearer ${access_token}`, `${origin}/jans-auth/restv1/userinfo`],
    { env, encoding: "utf8" },
  );
  assert.equal(JSON.parse(userinfo.stdout).user_name, "ada");
});

test("S21: no command of the page printed a secret", () => {
  const all = said.join("\n") + server.stdout() + server.stderr();
  for (const secret of ["your-auth-token", simulator.account.token, PASSWORD, clientSecret])
    assert.equal(all.includes(secret), false, secret);
});
