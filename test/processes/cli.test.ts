/** `sallyport cli` as an administrator runs it: the document's commands with only the program's name changed. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { selfSigned } from "../kit/certificate.ts";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { freePort } from "../kit/free-port.ts";
import { runProgram, startProgram } from "../kit/processes.ts";
import { createSite } from "../kit/serve.ts";

const INUM = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const demo = await startDemo();
const secret: string = JSON.parse(readFileSync(join(demo.data, "cli.json"), "utf8")).client_secret;
const cli = (args: readonly string[], options = {}) => demo.run(["cli", ...args], options);
const file = (name: string, value: unknown): string => {
  writeFileSync(join(demo.folder, name), typeof value === "string" ? value : JSON.stringify(value));
  return name;
};

describe("the document's story, command by command", () => {
  test("get-config-scripts-by-type in either case: JSON alone on standard output, no secret in it", async () => {
    for (const type of ["PERSON_AUTHENTICATION", "person_authentication"]) {
      const done = await cli([
        "--operation-id",
        "get-config-scripts-by-type",
        "--url-suffix",
        `type:${type}`,
      ]);
      assert.deepEqual([done.code, done.stderr], [0, ""]);
      const scripts = jsonOf(done).entries as { name: string; inum: string }[];
      assert.ok(scripts.some(({ name, inum }) => name === "twilio_sms" && inum === INUM));
      assert.equal(done.stdout, `${JSON.stringify(jsonOf(done), undefined, 2)}\n`, "two spaces, no colours");
      const { token } = JSON.parse(readFileSync(join(demo.data, "simulator.json"), "utf8"));
      assert.ok(!done.stdout.includes(token) && !done.stdout.includes(secret));
    }
  });

  test("get by inum, edit the file, put it back: the revision rises and the secret stays", async () => {
    const got = await cli(["--operation-id", "get-config-scripts-by-inum", "--url-suffix", `inum:${INUM}`]);
    assert.equal(got.code, 0, got.stderr);
    const script = { ...jsonOf(got), description: "Edited by hand" };
    const put = await cli(["--operation-id", "put-config-scripts", "--data", file("twilio.json", script)]);
    assert.equal(put.code, 0, put.stderr);
    const now = jsonOf(put);
    assert.deepEqual([now.description, now.revision], ["Edited by hand", script.revision + 1]);
    const hidden = now.configurationProperties.find(
      ({ value1 }: { value1: string }) => value1 === "twilio_token",
    );
    assert.deepEqual([hidden.value2, hidden.isSet], [null, true]);
  });

  test("put-acrs with the document's own file, from standard input and as JSON itself", async () => {
    const data = { defaultAcr: "`twilio_sms` " };
    for (const [given, input] of [
      [file("acr.json", data), ""],
      ["-", JSON.stringify(data)],
      [JSON.stringify(data), ""],
    ] as const) {
      const done = await cli(["--operation-id", "put-acrs", "--data", given], { input });
      assert.deepEqual([done.code, jsonOf(done)], [0, { defaultAcr: "twilio_sms" }], done.stderr);
    }
  });

  test("the command that the demo prints is the first of them, and runs as it stands", async () => {
    const line = demo.program.stdout().split("\n")[3] ?? "";
    const [, words = ""] = /^ {2}Configure: {2}(node .*)$/.exec(line) ?? [];
    const { execFile } = await import("node:child_process");
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) =>
      execFile(
        "/bin/sh",
        ["-c", words],
        { cwd: demo.folder, env: { PATH: process.env.PATH } },
        (problem, stdout) => (problem === null ? resolve({ stdout }) : reject(problem)),
      ),
    );
    assert.ok(JSON.parse(stdout).entries.length > 0);
  });

  test("--info in either case, --schema and --schema-sample", async () => {
    const info = await cli(["--info", "customscripts"]);
    assert.equal(info.code, 0, info.stderr);
    assert.ok(
      info.stdout.includes(
        "Operation ID: get-config-scripts-by-inum\n  Description: Gets a script by Inum\n  Parameters:\n  inum: Script identifier [string]\n",
      ),
    );
    assert.match(info.stdout, /Operation ID: put-config-scripts\n[\s\S]*? {2}Schema: CustomScript\n/);
    assert.match(info.stdout, / {2}Schema: Array of JsonPatch\n/);
    assert.match(
      info.stdout,
      /\n\nTo get sample schema type sallyport cli --schema-sample <schema>, for example .*\n$/,
    );
    assert.equal(jsonOf(await cli(["--schema-sample", "CustomScript"])).name, "string");
    assert.match((await cli(["--schema", "AuthenticationMethod"])).stdout, /^defaultAcr\* +string\n/);
    for (const args of [
      ["--info", "Nothing"],
      ["--schema", "Nothing"],
      ["--schema-sample", "Nothing"],
    ]) {
      const { code, stdout, stderr } = await cli(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /nearest/);
    }
  });

  test("patches, further arguments, options with one dash, and the ignored --op-mode", async () => {
    const patched = await cli([
      "-operation-id",
      "patch-config-scripts-by-inum",
      "--url-suffix=inum:09A0-93D6",
      "--patch-replace",
      "level:41",
      "-no-color",
      "--op-mode",
      "patch",
    ]);
    assert.deepEqual([patched.code, jsonOf(patched).level], [0, 41], patched.stderr);
    const some = await cli(["--operation-id", "get-config-scripts", "--endpoint-args", "limit:1,junk"]);
    assert.deepEqual([some.code, jsonOf(some).entries.length], [0, 1]);
    assert.match(some.stderr, /^junk is left out/);
  });

  test("post and delete: the deletion says so on standard error", async () => {
    const added = await cli([
      "--operation-id",
      "post-config-scripts",
      "--data",
      '{"name":"to_go","script":"export const mechanism = { requires: [\\"password\\"] };"}',
    ]);
    assert.equal(added.code, 0, added.stderr);
    const gone = await cli([
      "--operation-id",
      "delete-config-scripts-by-inum",
      "--url-suffix",
      `inum:${jsonOf(added).inum}`,
    ]);
    assert.deepEqual([gone.code, gone.stdout, gone.stderr], [0, "", "Object was successfully deleted.\n"]);
  });
});

test("colours are for a terminal, and for nobody who would not have them", async () => {
  const terminal = "--import data:text/javascript,Object.defineProperty(process.stdout,'isTTY',{value:true})";
  const args = ["--operation-id", "get-acrs"];
  const shown = async (more: readonly string[], env = {}) =>
    (await cli([...args, ...more], { env: { NODE_OPTIONS: terminal, ...env } })).stdout;
  const plain = (await cli(args)).stdout;
  const colours = await shown([]);
  assert.notEqual(colours, plain);
  assert.equal(stripVTControlCharacters(colours), plain);
  for (const without of [
    await shown(["--no-color"]),
    await shown(["-no-color"]),
    await shown([], { NO_COLOR: "1" }),
  ])
    assert.equal(without, plain);
});

describe("exit codes", () => {
  test("1: the server refuses; its answer is there as JSON and as a sentence", async () => {
    const acr = await cli(["--operation-id", "put-acrs", "--data", '{"defaultAcr":"twillio_sms"}']);
    assert.deepEqual([acr.code, jsonOf(acr).message], [1, "INVALID_ACR"]);
    assert.match(acr.stderr, /^INVALID_ACR: .*did you mean twilio_sms\?\n$/);
    assert.equal(
      (await cli(["--operation-id", "get-config-scripts-by-inum", "--url-suffix", "inum:none"])).code,
      1,
    );
  });

  test("2: wrong options, with the nearest name or what to type", async () => {
    for (const [args, sentence] of [
      [[], /No arguments were provided/],
      [
        ["--operation-id", "get-config-scripts-by-inun"],
        /was found\. The nearest are: get-config-scripts-by-inum,/,
      ],
      [
        ["--operation-id", "get-config-scripts-by-inum"],
        /requires a value for url-suffix inum\nFor example: --url-suffix="inum:Script identifier"/,
      ],
      [["--operation-id", "put-acrs"], /needs --data FILE .*--schema-sample AuthenticationMethod/],
      [["--operation-id", "put-acrs", "--data", "none.json"], /none\.json is no file/],
      [["--operation-id", "put-acrs", "--patch-replace", "a:b"], /takes --data/],
      [["--unheard-of"], /unknown option/],
      [["--host", "http://login.example.org", "--operation-id", "get-acrs"], /on this machine only/],
    ] as const) {
      const { code, stdout, stderr } = await cli(args);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /\n {4}at /, "no stack");
    }
  });

  test("3: nobody signed in, a token that is none, a scope that is missing", async () => {
    const nobody = await runProgram(["cli", "--operation-id", "get-acrs"], {
      env: { HOME: demo.home },
      cwd: "/",
    });
    assert.deepEqual([nobody.code, nobody.stdout], [3, ""]);
    assert.match(nobody.stderr, /sallyport login --host/);
    const wrong = await cli(["--operation-id", "get-acrs"], { env: { SALLYPORT_ACCESS_TOKEN: "made-up" } });
    assert.equal(wrong.code, 3);
    assert.ok(!wrong.stderr.includes("made-up"));
    const other = file("wrong-secret", "not-the-secret-of-it\n");
    const client = ["--client-id", "demo-cli", "--client-secret-file", other, "--operation-id", "get-acrs"];
    const refused = await cli(client);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /does not know the client demo-cli, or its secret/);
  });

  test("4: a server that is down, one that is broken, one that is something else", async () => {
    const down = await cli(["--host", `localhost:${await freePort()}`, "--operation-id", "get-acrs"], {
      env: { SALLYPORT_ACCESS_TOKEN: "x" },
    });
    assert.deepEqual([down.code, down.stdout], [4, ""]);
    assert.match(down.stderr, /cannot be reached \(ECONNREFUSED\)/);
    for (const [status, body] of [
      [500, "<h1>\u001b[31mbroken</h1>"],
      [200, "<h1>a web site</h1>"],
      [302, ""],
      [421, "{}"],
    ] as const) {
      const server = createServer((_request, response) =>
        response.writeHead(status, { location: "https://elsewhere.example/" }).end(body),
      );
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const odd = await cli(["--host", `127.0.0.1:${port}`, "--operation-id", "get-acrs"], {
        env: { SALLYPORT_ACCESS_TOKEN: "x" },
      });
      server.close();
      assert.deepEqual([odd.code, odd.stdout], [4, ""], `${status}: ${odd.stderr}`);
      assert.doesNotMatch(odd.stderr.replaceAll("\n", ""), /\p{Cc}| {4}at /u);
    }
  });

  test("5: a lost race; the other's change stays", async () => {
    const got = await cli(["--operation-id", "get-acrs"]);
    const [, etag = ""] = /^For --if-match: (.*)$/m.exec(got.stderr) ?? [];
    const put = (acr: string) =>
      cli(["--operation-id", "put-acrs", "--if-match", etag, "--data", JSON.stringify({ defaultAcr: acr })]);
    assert.equal((await put("simple_password_auth")).code, 0);
    const late = await put("twilio_sms");
    assert.equal(late.code, 5);
    assert.match(late.stderr, /somebody has changed it since you read it/);
    assert.equal(jsonOf(await cli(["--operation-id", "get-acrs"])).defaultAcr, "simple_password_auth");
    assert.equal((await demo.run(["acr", "default", "twilio_sms"])).code, 0);
  });
});

describe("S21: secrets, files and terminals", () => {
  test("S21: no documented way of saying a secret puts it into the process list", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    after(() => server.closeAllConnections());
    after(() => server.close());
    const host = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const keep = file("secret-file", secret);
    for (const [args, input] of [
      [["cli", "--operation-id", "get-acrs", "--client-id", "demo-cli", "--client-secret-file", keep], ""],
      [["cli", "--operation-id", "get-acrs", "--access-token", "-"], secret],
      [["cli", "--operation-id", "get-acrs", "--access-token", keep], ""],
      [["script", "set", "twilio_sms", "twilio_token=-"], secret],
      [["script", "set", "twilio_sms", `twilio_token=@${keep}`], ""],
    ] as const) {
      const program = startProgram([...args, "--host", host], {
        cwd: demo.folder,
        env: { HOME: demo.home, ...(args[0] === "script" ? { SALLYPORT_ACCESS_TOKEN: "x" } : {}) },
        input,
      });
      const asked = new Promise<void>((resolve) => server.once("request", () => resolve()));
      await Promise.race([
        asked,
        program.ended.then(({ stderr }) => assert.fail(`it asked nothing: ${stderr}`)),
      ]);
      const argv = readFileSync(`/proc/${program.pid}/cmdline`, "utf8");
      assert.ok(argv.includes(args[0]) && !argv.includes(secret), args.join(" "));
      await program.end("SIGTERM");
      assert.ok(!program.stdout().includes(secret) && !program.stderr().includes(secret));
    }
  });

  test("S21: a secret typed as an argument is refused where we can, and warned about where the original takes it", async () => {
    const refused = await demo.run(["script", "set", "twilio_sms", "twilio_token=canary-5vJm2"]);
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.match(refused.stderr, /twilio_token=- and pipe it in, or twilio_token=@FILE/);
    assert.doesNotMatch(refused.stderr, /canary/);
    const asked = ["--operation-id", "get-acrs", "--client-id", "demo-cli", "--client-secret", secret];
    const warned = await cli(asked);
    assert.equal(warned.code, 0, warned.stderr);
    assert.match(warned.stderr, /Use --client-secret-file FILE instead/);
    assert.ok(!warned.stderr.includes(secret));
  });

  test("S21: credentials that others can read are refused in one sentence", async () => {
    const config = join(demo.data, "cli.json");
    assert.equal(statSync(config).mode & 0o777, 0o600);
    for (const mode of [0o640, 0o604, 0o666]) {
      chmodSync(config, mode);
      const { code, stdout, stderr } = await cli(["--operation-id", "get-acrs"]);
      assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1]);
      assert.match(stderr, /can be read by others \(mode 6\d\d\); run chmod 600 /);
    }
    chmodSync(config, 0o600);
    assert.equal((await cli(["--operation-id", "get-acrs"])).code, 0);
  });

  test("S21: names with escape sequences reach a terminal as letters", async () => {
    const evil = "\u001b]0;owned\u0007\u009b2J\u202eabc\u2028";
    const data = JSON.stringify([{ op: "replace", path: "/description", value: evil }]);
    const patch = [
      "--operation-id",
      "patch-config-scripts-by-inum",
      "--url-suffix",
      `inum:${INUM}`,
      "--data",
      data,
    ];
    const done = await cli(patch);
    assert.equal(jsonOf(done).description, evil, "the same text, once it is read as JSON");
    const property = ["script", "set", "twilio_sms", `phone_attribute=${evil}`];
    const texts = [done, await demo.run(property), await demo.run(["script", "get", "twilio_sms"])];
    for (const { stdout, stderr } of texts)
      assert.doesNotMatch((stdout + stderr).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}]/u);
  });
});

describe("who asks", () => {
  async function token(): Promise<string> {
    const answer = await fetch(`${demo.origin}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`demo-cli:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: adminScopes.join(" ") }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  test("an access token from standard input, a file, the environment, or (warned about) as it is", async () => {
    const value = await token();
    const given = file("access-token", `${value}\n`);
    const args = ["--operation-id", "get-acrs", "--host", demo.origin];
    for (const [more, options, said] of [
      [["--access-token", "-"], { input: `${value}\n` }, ""],
      [["--access-token", given], {}, ""],
      [[], { env: { SALLYPORT_ACCESS_TOKEN: value } }, ""],
      [["--access-token", value], {}, "Use SALLYPORT_ACCESS_TOKEN, a file or - instead."],
    ] as const) {
      const done = await cli([...args, ...more], options);
      assert.deepEqual([done.code, jsonOf(done)], [0, { defaultAcr: "twilio_sms" }], done.stderr);
      assert.ok(done.stderr.includes(said) && !done.stderr.includes(value));
    }
    const both = await cli(["--operation-id", "put-acrs", "--access-token", "-", "--data", "-"], {
      input: value,
    });
    assert.equal(both.code, 2);
    assert.match(both.stderr, /--data and --access-token cannot both come from standard input/);
  });

  test("credentials are for the server they name: another --host does not get them", async () => {
    const elsewhere = await cli(["--operation-id", "get-acrs", "--host", "login.example.test"]);
    assert.deepEqual([elsewhere.code, elsewhere.stdout], [3, ""]);
    assert.match(elsewhere.stderr, /Nobody is signed in/);
    // A folder from a stranger, with credentials in it that lead to the stranger.
    const own = await runProgram(["cli", "--operation-id", "get-acrs"], {
      cwd: trap(),
      env: { HOME: demo.home },
    });
    assert.equal(own.code, 3);
  });

  function trap(): string {
    const folder = join(demo.folder, "trap");
    mkdirSync(join(folder, ".sallyport"), { recursive: true });
    const evil = { host: "https://evil.example.test", client_id: "x", client_secret: "x".repeat(20) };
    writeFileSync(join(folder, ".sallyport/cli.json"), JSON.stringify(evil), { mode: 0o600 });
    return folder;
  }
});

describe("over TLS", () => {
  test("a certificate that does not verify ends it, whatever the environment says; --ca FILE is how it verifies", async () => {
    const port = await freePort();
    const { cert, key } = selfSigned("localhost");
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const site = await createSite({
      config: {
        issuer: `https://localhost:${port}`,
        trusted_proxies: undefined,
        tls: { cert: "cert.pem", key: "key.pem" },
        clients: [
          {
            client_id: "machine",
            client_secret: "a-secret-of-the-machine",
            grant_types: ["client_credentials"],
            scope: adminScopes.join(" "),
          },
          {
            client_id: "signer",
            token_endpoint_auth_method: "private_key_jwt",
            jwks: { keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "one" }] },
            grant_types: ["client_credentials"],
            scope: adminScopes.join(" "),
          },
        ],
      },
    });
    writeFileSync(join(site.folder, "cert.pem"), cert);
    writeFileSync(join(site.folder, "key.pem"), key, { mode: 0o600 });
    const credentials = join(site.folder, "cli.json");
    const say = {
      host: `https://localhost:${port}`,
      client_id: "machine",
      client_secret: "a-secret-of-the-machine",
    };
    writeFileSync(credentials, JSON.stringify(say), { mode: 0o600 });
    await site.start(port);
    const args = ["cli", "--operation-id", "get-acrs", "--config-file", credentials];
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }]) {
      const { code, stdout, stderr } = await runProgram(args, { env });
      assert.deepEqual([code, stdout], [4, ""], stderr);
      assert.match(
        stderr,
        /certificate of https:\/\/localhost:\d+ does not verify \(\w+\), so nothing was sent/,
      );
    }
    const trusted = await runProgram([...args, "--ca", join(site.folder, "cert.pem")]);
    assert.deepEqual([trusted.code, jsonOf(trusted)], [0, { defaultAcr: "twilio_sms" }]);
    // Instead of a secret a private key, as PEM and as JWK (RFC 7523).
    const jwk = JSON.stringify({ ...pair.privateKey.export({ format: "jwk" }), kid: "one" });
    for (const text of [pair.privateKey.export({ type: "pkcs8", format: "pem" }), jwk]) {
      writeFileSync(join(site.folder, "signer.key"), text, { mode: 0o600 });
      const options = ["--client-id", "signer", "--client-key", join(site.folder, "signer.key")];
      const where = ["--host", `https://localhost:${port}`, "--ca", join(site.folder, "cert.pem")];
      const signed = await runProgram(["cli", "--operation-id", "get-acrs", ...options, ...where]);
      assert.deepEqual([signed.code, signed.stderr.replace(/^For .*\n/, "")], [0, ""]);
    }
    const other = await runProgram([...args, "--ca", credentials]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /holds no certificate/);
  });
});

describe("the demo's credentials", () => {
  test("a second start keeps them; a lost file is made anew, and the old secret is worth nothing", async () => {
    const own = await startDemo();
    const path = join(own.data, "cli.json");
    const first = readFileSync(path, "utf8");
    const again = async () => {
      await own.program.end("SIGTERM");
      const program = startProgram(["demo"], { cwd: own.folder, env: { PORT: new URL(own.origin).port } });
      own.program = program;
      const { until } = await import("../kit/processes.ts");
      await until(program, async () => (program.stdout().split("\n").length > 4 ? true : undefined));
    };
    await again();
    assert.equal(readFileSync(path, "utf8"), first);
    rmSync(path);
    await again();
    assert.notEqual(readFileSync(path, "utf8"), first);
    assert.equal((await own.run(["acr", "list"])).code, 0);
    writeFileSync(path, first);
    assert.equal((await own.run(["acr", "list"])).code, 3);
  });
});
