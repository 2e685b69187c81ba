/** The package: packed, installed into an empty folder, started with the plain `sallyport` command, signed in at. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSite, PASSWORD } from "../kit/serve.ts";
import { signIn } from "../kit/sign-in.ts";
import { apiCall, machineToken, siteClients } from "../kit/site-admin.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "sallyport-package-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// A `node --test` that hears it is inside of another one runs nothing.
const { NODE_TEST_CONTEXT: _inside, ...env } = process.env;

/** As a person types it: with whatever Node and npm are on the PATH. */
function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

const [packed] = JSON.parse(
  run("npm", ["pack", "--silent", "--json", "--pack-destination", folder], root).replace(/^[^[]*/, ""),
) as { filename: string; files: { path: string }[] }[];
const place = path.join(folder, "place");
mkdirSync(place);
writeFileSync(path.join(place, "package.json"), "{}");
run(
  "npm",
  ["install", "--no-audit", "--no-fund", "--loglevel=error", path.join(folder, packed?.filename ?? "")],
  place,
);
const command = path.join(place, "node_modules", ".bin", "sallyport");

test("the package holds JavaScript, pages and the source of the mechanisms, and no test or secret", () => {
  const files = packed?.files.map((file) => file.path) ?? [];
  for (const wanted of [
    "bin/sallyport.js",
    "dist/main.js",
    "dist/plugins/mechanisms/twilio-sms.ts",
    "pages/default/texts/en.json",
  ])
    assert.ok(files.includes(wanted), `${wanted} is not in the package`);
  const odd = files.filter((file) => /^(test|bench|docs|src|\.)/.test(file) || /\.(key|pem|db)$/.test(file));
  assert.deepEqual(odd, []);
});

test("the command runs with the Node of the PATH, whichever that is", () => {
  assert.match(run(command, ["--version"], folder), /^\d+\.\d+\.\d+\n$/);
});

test("what was compiled once is kept beside the program, and where that cannot be it runs all the same", () => {
  const { NODE_COMPILE_CACHE: _other, ...plain } = env;
  const version = () => spawnSync(command, ["--version"], { cwd: folder, env: plain, encoding: "utf8" });
  const cache = path.join(place, "node_modules", "sallyport", "node_modules", ".cache");
  rmSync(cache, { recursive: true, force: true });
  assert.equal(version().status, 0);
  assert.ok(readdirSync(path.join(cache, "compiled")).length > 0);
  rmSync(cache, { recursive: true });
  writeFileSync(cache, "no folder");
  const { status, stderr } = version();
  assert.deepEqual([status, stderr], [0, ""]);
  rmSync(cache);
});

test("serve starts from the package and a person signs in with both factors", async () => {
  const site = await createSite({
    script: path.join(place, "node_modules", "sallyport", "bin", "sallyport.js"),
  });
  assert.ok(existsSync(path.join(place, "node_modules", "sallyport", "dist", "main.js")));
  const added = await site.command(["user", "add", "ada"], PASSWORD);
  assert.equal(added.code, 0, added.stderr);
  const node = await site.start();
  const { claims } = await signIn(site, node, "ada", "+12025550147");
  assert.deepEqual([claims.acr, claims.amr], ["twilio_sms", ["pwd", "sms", "mfa"]]);
});

test("a stranger's mechanism and gateway are proved by the package's own suites, and its types are right", () => {
  const own = path.join(place, "own");
  cpSync(path.join(root, "examples/own-mechanism"), own, { recursive: true });
  writeFileSync(path.join(own, "package.json"), '{ "type": "module" }');
  const node = process.execPath;
  const said = run(node, ["--test", "--test-reporter=tap", "badge.test.ts", "gateway.test.ts"], own);
  assert.match(said, /ok \d+ - enrol: the page is a question/);
  assert.match(said, /ok \d+ - takes a message to the provider, as it is/);
  assert.match(said, /# fail 0/);
  // As an editor sees it, with no configuration of ours.
  const types = path.join(root, "node_modules/@types");
  run(
    node,
    [
      path.join(root, "node_modules/typescript/bin/tsc"),
      ...[
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "es2024",
        "--allowImportingTsExtensions",
      ],
      ...[
        "--typeRoots",
        types,
        "--types",
        "node",
        "--skipLibCheck",
        "badge.ts",
        "badge.test.ts",
        "gateway.test.ts",
      ],
    ],
    own,
  );
});

test("a suite is red for a mechanism that lets everybody in", () => {
  const own = path.join(place, "own");
  const badge = readFileSync(path.join(own, "badge.ts"), "utf8");
  writeFileSync(
    path.join(own, "badge.ts"),
    badge.replace("typed !== undefined && bound.includes(typed)", "true"),
  );
  const { status, stdout } = spawnSync(process.execPath, ["--test", "badge.test.ts"], {
    cwd: own,
    env,
    encoding: "utf8",
  });
  assert.notEqual(status, 0);
  assert.match(stdout, /took "" for the right answer/);
});

test("the packed command takes scripts, and runs them at a sign-in", async () => {
  const script = path.join(place, "node_modules", "sallyport", "bin", "sallyport.js");
  const file = path.join(place, "own", "order.ts");
  writeFileSync(
    file,
    'import { nextInOrder } from "sallyport/mechanism";\nconst requires = ["password", "sms"];\nexport const mechanism = { requires, next: (facts) => nextInOrder(requires, facts) };\n',
  );
  assert.match(run(command, ["script", "test", file], place), /all 4 promises hold/);
  const site = await createSite({ script, config: { clients: siteClients } });
  assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
  const node = await site.start();
  const token = await machineToken(node);
  const added = await apiCall(node, token, "POST", "/config/scripts", {
    name: "order",
    level: 45,
    enabled: true,
    script: readFileSync(file, "utf8"),
  });
  assert.equal(added.status, 201, added.body);
  const { claims } = await signIn(site, node, "ada", "+12025550147", { parameters: { acr_values: "order" } });
  assert.deepEqual([claims.acr, claims.amr], ["order", ["pwd", "sms", "mfa"]]);
});
