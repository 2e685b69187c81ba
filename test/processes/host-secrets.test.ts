/** Commands on the host where secrets of the file are out of reach, as those of a service are for whoever sits at a shell. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openParts } from "../../src/compose/parts.ts";
import { readHostConfig } from "../../src/compose/with-parts.ts";
import { runProgram } from "../kit/processes.ts";
import { CALLBACK, CLIENT_SECRET, createSite, PASSWORD } from "../kit/serve.ts";

const CREDENTIAL = "/run/credentials/sallyport.service/nowhere";

test("a host command does without secrets that it does not use; serve and the first settings need them all", async () => {
  const site = await createSite({
    config: {
      twilio_token: { env: "TWILIO_TOKEN" },
      smtp: {
        host: "mail.example.test",
        username: "u",
        password: { file: CREDENTIAL },
        from: "a@example.test",
      },
      clients: [{ client_id: "web", client_secret: { env: "WEB_SECRET" }, redirect_uris: [CALLBACK] }],
    },
  });
  const config = ["--config", site.write(9)];
  const run = (args: readonly string[], env = {}) =>
    runProgram([...args, ...config], { env, input: PASSWORD });
  const whole = { TWILIO_TOKEN: site.simulator.account.token, WEB_SECRET: CLIENT_SECRET };

  // The first settings are made of the file: without a secret in them they are not made, nor anything else.
  const first = await run(["user", "add", "ada"], { TWILIO_TOKEN: whole.TWILIO_TOKEN });
  assert.equal(first.code, 1);
  assert.match(
    first.stderr,
    /^\S+: clients\[0\]\.client_secret: the environment variable WEB_SECRET is not set\n$/,
  );
  assert.equal(existsSync(site.data), false, "nothing may be written");
  assert.equal((await run(["user", "add", "ada"], whole)).code, 0);

  const backup = join(site.folder, "backup.db");
  for (const args of [
    ["user", "add", "grace"],
    ["user", "disable", "grace"],
    ["user", "reset-phone", "ada", "--window", "--reason", "lost"],
    ["backup", backup],
    ["migrate"],
    ["audit", "verify"],
    ["sms", "test-numbers"],
  ]) {
    const { code, stderr } = await run(args);
    assert.deepEqual([args.join(" "), code, stderr], [args.join(" "), 0, ""]);
  }
  for (const end of ["", "-wal", "-shm"]) rmSync(join(site.data, `sallyport.db${end}`), { force: true });
  const restored = await run(["restore", backup]);
  assert.deepEqual([restored.code, restored.stderr], [0, ""]);

  // What stands for a missing secret has gone nowhere.
  const parts = await openParts(readHostConfig(config[1] ?? "", "store"));
  const { revision } = parts.settings;
  const { scripts, clients } = parts.settings.document();
  await parts.close();
  const token = scripts
    .flatMap(({ configurationProperties }) => configurationProperties)
    .find(({ value1 }) => value1 === "twilio_token");
  assert.deepEqual(
    [revision, token?.value2, clients[0]?.client_secret],
    [1, whole.TWILIO_TOKEN, whole.WEB_SECRET],
  );

  const serve = await run(["serve"]);
  assert.equal(serve.code, 1);
  for (const said of [
    /TWILIO_TOKEN is not set/,
    /WEB_SECRET is not set/,
    /smtp\.password: the file .* cannot be read/,
  ])
    assert.match(serve.stderr, said);
});

test("the password of a directory is needed where people are, and a file that is not there is one sentence", async () => {
  const corp = {
    type: "ldap",
    name: "corp",
    urls: ["ldaps://127.0.0.1:9"],
    base: "ou=people,dc=example,dc=org",
    bind_dn: "cn=sallyport,dc=example,dc=org",
    bind_password: { env: "LDAP_PASSWORD" },
  };
  const site = await createSite({ config: { directories: [corp, { type: "sql" }] } });
  assert.equal((await site.command(["audit", "verify"])).code, 0);
  const add = await site.command(["user", "add", "ada"], PASSWORD);
  assert.equal(add.code, 1);
  assert.match(add.stderr, /^\S+: directories\[0\]\.bind_password: .* LDAP_PASSWORD is not set\n$/);
  const lost = await createSite({ config: { directories: [{ ...corp, ca: "no.pem" }, { type: "sql" }] } });
  const { code, stderr } = await lost.command(["audit", "verify"]);
  assert.equal(code, 1);
  assert.match(stderr, /^\S+no\.pem is not there \(ENOENT\); give the path of a file that is\.\n$/);
});
