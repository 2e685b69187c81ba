/**
 * Makes test/fixtures/release-<version>: what an installation of this version leaves behind, for the upgrade tests of the
 * versions after it. Run by hand when a version is released, never in a test: `node test/kit/make-release-fixture.ts`.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createSite, PASSWORD } from "./serve.ts";
import { signIn, toCodePage, wish } from "./sign-in.ts";

const { version } = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8"),
) as { version: string };
const at = (name: string) =>
  fileURLToPath(new URL(`../fixtures/release-${version}.${name}`, import.meta.url));

test("the fixture is made", async () => {
  // The account of the file, so that a restored installation talks to whichever simulator the test starts.
  const site = await createSite();
  for (const name of ["ada", "grace", "mary"])
    assert.equal((await site.command(["user", "add", name], PASSWORD)).code, 0);
  const node = await site.start();
  await signIn(site, node, "ada", "+12025550147");
  await signIn(site, node, "grace", "+12025550148");
  await signIn(site, node, "mary", "+12025550149");
  // Somebody guesses at mary: three wrong codes are counted against her.
  const visitor = node.visitor();
  let page = await toCodePage(visitor, wish(), "mary");
  for (let tries = 0; tries < 3; tries += 1) page = await visitor.submit(page, { code: "000000" });
  // What was open of grace is ended, and she is let in again.
  for (const act of ["disable", "enable"]) assert.equal((await site.command(["user", act, "grace"])).code, 0);
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  await node.program.end("SIGTERM");
  const file = join(site.folder, "fixture.db");
  const made = await site.command(["backup", file]);
  assert.equal(made.code, 0, made.stderr);
  const facts = await site.look(async ({ directory, audit }) => ({
    at: Date.now(),
    masterKey: readFileSync(join(site.data, "master.key"), "utf8").trim(),
    mary: (await directory.find("mary"))?.id,
    events: (await audit.page({ limit: 500 })).entries.length,
  }));
  writeFileSync(at("db.gz"), gzipSync(readFileSync(file), { level: 9 }));
  writeFileSync(at("json"), `${JSON.stringify(facts, undefined, 2)}\n`);
});
