/** The `sallyport` command on a Node that cannot run the program: the packaged one does, and without it one sentence says so. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const root = path.resolve(import.meta.dirname, "../..");
const alone = mkdtempSync(path.join(tmpdir(), "sallyport-command-"));
after(() => rmSync(alone, { recursive: true, force: true }));
for (const file of ["bin/sallyport.js", "scripts/setup/run.js", "scripts/setup/runtime.js"])
  cpSync(path.join(root, file), path.join(alone, file), { recursive: true });

function runAs(version: string, folder: string) {
  const code = `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } })`;
  const older = `data:text/javascript,${encodeURIComponent(code)}`;
  return spawnSync(
    process.execPath,
    ["--import", older, path.join(folder, "bin/sallyport.js"), "--version"],
    {
      encoding: "utf8",
    },
  );
}

for (const version of ["20.20.2", "24.6.0"]) {
  test(`Node ${version} is told in one sentence that it is too old, where no newer one came along`, () => {
    const { status, stdout, stderr } = runAs(version, alone);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(`^[^\\n]*this is Node ${version}: install Node 24\\.7 or newer[^\\n]*\\n$`),
    );
  });

  test(`Node ${version} hands over to the packaged one`, () => {
    const { status, stdout } = runAs(version, root);
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
}
