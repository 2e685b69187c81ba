/** What the compilers are told is told in words they know. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("this Node's V8 knows the flags that are set once a server listens", () => {
  const module = new URL("../../src/compose/compilers.ts", import.meta.url).href;
  const code = `import { compileEarly } from ${JSON.stringify(module)}; compileEarly();`;
  const told = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" });
  assert.deepEqual({ status: told.status, stderr: told.stderr }, { status: 0, stderr: "" });
});
