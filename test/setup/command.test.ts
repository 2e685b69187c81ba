/** The `sallyport` command on a Node that cannot run it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const command = path.resolve(import.meta.dirname, "../../bin/sallyport.js");

for (const version of ["20.20.2", "24.6.0"]) {
  test(`Node ${version} is told in one sentence that it is too old`, () => {
    const code = `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } })`;
    const older = `data:text/javascript,${encodeURIComponent(code)}`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", older, command, "--help"], {
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.equal(stderr, `Sallyport needs Node 24.7 or newer, and this is Node ${version}.\n`);
  });
}
