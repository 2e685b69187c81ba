/** The `sallyport` command on a Node that cannot run it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const command = path.resolve(import.meta.dirname, "../../bin/sallyport.js");
const folder = mkdtempSync(path.join(tmpdir(), "sallyport-command-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The command as it lies in the package: without sources, and without a Node beside it. */
const packaged = path.join(folder, "bin/sallyport.js");
mkdirSync(path.dirname(packaged));
copyFileSync(command, packaged);
writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');

function run(script: string, version: string, args: readonly string[]) {
  const code = `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } })`;
  const older = `data:text/javascript,${encodeURIComponent(code)}`;
  return spawnSync(process.execPath, ["--import", older, script, ...args], { encoding: "utf8" });
}

for (const version of ["20.20.2", "24.6.0"]) {
  test(`Node ${version} is told in one sentence that it is too old`, () => {
    const { status, stdout, stderr } = run(packaged, version, ["--help"]);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.equal(stderr, `Sallyport needs Node 24.7 or newer, and this is Node ${version}.\n`);
  });

  test(`in a checkout Node ${version} hands over to the project's own, exit codes and all`, () => {
    const { status, stdout } = run(command, version, ["--version"]);
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(run(command, version, ["no-such-command"]).status, 2);
  });
}
