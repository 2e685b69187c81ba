/** The package: packed, installed into an empty folder, started with the plain `sallyport` command, signed in at. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSite, PASSWORD } from "../kit/serve.ts";
import { signIn } from "../kit/sign-in.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "sallyport-package-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** As a person types it: with whatever Node and npm are on the PATH. */
function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stderr}`);
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
