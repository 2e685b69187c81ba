/** The test runner itself: what it counts, and that nothing is green by not looking. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { sumUp } from "../../scripts/summary.ts";

const scripts = path.resolve(import.meta.dirname, "../../scripts");
const DRIVER = `const { runGroup } = await import("./scripts/groups.ts");
process.stdout.write("\\nTALLY" + JSON.stringify(await runGroup("unit")));`;

/** What `runGroup("unit")` prints and answers in a project with these tests. */
function runUnit(
  t: TestContext,
  tests: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
) {
  const root = mkdtempSync(path.join(tmpdir(), "sallyport-groups-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  cpSync(scripts, path.join(root, "scripts"), { recursive: true });
  mkdirSync(path.join(root, "test/unit"), { recursive: true });
  writeFileSync(path.join(root, "package.json"), `{ "type": "module" }`);
  for (const [name, text] of Object.entries(tests)) {
    writeFileSync(
      path.join(root, "test/unit", name),
      `import { describe, test } from "node:test";\n${text}\n`,
    );
  }
  // The variable tells node:test that it runs inside a test, and a run inside a run does nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", DRIVER], {
    cwd: root,
    env: { ...env, ...more },
    encoding: "utf8",
  });
  const [output = "", tally = "{}"] = stdout.split("\nTALLY");
  return { output, tally: JSON.parse(tally) };
}

test("passed, failed and skipped tests of a group are counted, and node's own figures are shown", (t) => {
  const { output, tally } = runUnit(t, {
    "a.test.ts": `test("one", () => {}); test("two", () => { throw new Error("red"); });`,
    "b.test.ts": `test("three", () => {}); test("four", { skip: "no PostgreSQL" }, () => {});`,
    "c.test.ts": `describe.skip("five", () => { test("six", () => {}); });`,
    "not-a-test.ts": `test("seven", () => {});`,
  });
  assert.equal(tally.passed, 2);
  assert.equal(tally.failed, 1);
  assert.ok(tally.skipped.includes("four (no PostgreSQL)"), tally.skipped.join());
  assert.ok(tally.skipped.includes("five"), tally.skipped.join());
  assert.match(output, /ℹ tests \d+\n/);
  assert.match(output, /ℹ pass 2\n/);
});

test("a test file that breaks before its first test has failed", (t) => {
  const { tally } = runUnit(t, { "a.test.ts": `throw new Error("red");` });
  assert.equal(tally.passed, 0);
  assert.ok(tally.failed > 0);
});

test("a file that does not end once its tests are over has failed, is named, and holds nobody", (t) => {
  const { output, tally } = runUnit(
    t,
    {
      "a.test.ts": `import { createServer } from "node:net"; test("one", () => { createServer().listen(0); });`,
      "b.test.ts": `test("two", () => {});`,
    },
    { SALLYPORT_LONGEST_FILE_MS: "3000" },
  );
  assert.equal(tally.passed, 2);
  assert.equal(tally.failed, 1);
  assert.match(output, /a\.test\.ts did not end within 3 s; open: .*TCPServerWrap/);
});

test("a group without tests has failed", (t) => {
  assert.equal(runUnit(t, {}).tally.failed, 1);
});

test("the last line sums up; a skipped test is named, and with CI=true it has failed", () => {
  const results = [
    { title: "types", seconds: "1.0", passed: 1, failed: 0, skipped: [] },
    { title: "test/unit", seconds: "2.0", passed: 4, failed: 0, skipped: ["four (no PostgreSQL)"] },
  ];
  const here = sumUp(results, false);
  assert.equal(here.failed, 0);
  assert.match(here.text, /skipped: four \(no PostgreSQL\)\n5 passed, 0 failed\n$/);
  const strict = sumUp(results, true);
  assert.equal(strict.failed, 1);
  assert.match(strict.text, /5 passed, 1 failed\n$/);
});
