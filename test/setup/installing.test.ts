/** The set-up script: what a person gets who clones the project, pulls, or works without a network. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, rmSync } from "node:fs";
import { test } from "node:test";
import { createProject, launcher, NO_NPM, OFFLINE, runtime } from "./project.ts";

test("a fresh clone: packages are installed and the script runs on the project's own Node", async (t) => {
  const project = await createProject(t);
  const { code, stdout, stderr } = await project.run(["hello.js", "3", "two words"]);
  assert.equal(code, 3, "the script's exit code is ours");
  assert.match(stdout, /^greeting 1\.0\.0 own \d+ 3 two words\n$/);
  assert.match(stderr, /^Installing the packages \(usually under a minute[^\n]*done in \d+ s\.\n$/);
  assert.equal(existsSync(project.file(".staging")), false, "nothing is left lying about");
});

test("up to date: no network, no npm, and no word", async (t) => {
  const project = await createProject(t);
  await project.run(["hello.js"]);
  const before = project.registry.requests.length;
  const { code, stdout, stderr } = await project.run(["hello.js"], { ...OFFLINE, ...NO_NPM });
  assert.equal(code, 0);
  assert.match(stdout, /^greeting 1\.0\.0 own/);
  assert.equal(stderr, "");
  assert.equal(project.registry.requests.length, before);
});

test("up to date: the script runs at once, without npm, and says how long the look took", async (t) => {
  const project = await createProject(t);
  await project.run(["hello.js"]);
  const fastest = (args: readonly string[]) => {
    const once = () => {
      const started = performance.now();
      assert.equal(spawnSync(launcher, args, { stdio: "ignore" }).status, 0);
      return performance.now() - started;
    };
    return Math.min(...Array.from({ length: 8 }, once));
  };
  const added = fastest([project.file("scripts/setup.js")]) - fastest(["-e", "0"]);
  t.diagnostic(`adds ${added.toFixed(1)} ms`);
});

test("on the project's own Node already: the script runs in the same process", async (t) => {
  const project = await createProject(t);
  await project.run(["hello.js"]);
  const node = project.file("node_modules", runtime, "bin/node");
  rmSync(node);
  try {
    linkSync(process.execPath, node);
  } catch {
    copyFileSync(process.execPath, node); // another file system
  }
  const running = project.start(["hello.js", "4", "x"], {}, node);
  const { code, stdout } = await running.ended;
  assert.equal(code, 4);
  assert.equal(stdout, `greeting 1.0.0 in process ${running.pid} 4 x\n`);
});

test("the lock file changed: the next run installs what it says now", async (t) => {
  const project = await createProject(t);
  await project.run(["hello.js"]);
  project.lock("2.0.0");
  const { code, stdout, stderr } = await project.run(["hello.js"]);
  assert.equal(code, 0);
  assert.match(stdout, /^greeting 2\.0\.0 own/);
  assert.match(stderr, /^Updating the packages/);
});

test("packages that somebody installed with npm ci are taken as they are", async (t) => {
  const project = await createProject(t);
  await project.run(["hello.js"]);
  rmSync(project.file("node_modules/.installed"));
  assert.equal((await project.run(["hello.js"], { ...OFFLINE, ...NO_NPM })).code, 0);
  project.lock("2.0.0");
  assert.equal(
    (await project.run(["hello.js"], { ...OFFLINE, ...NO_NPM })).code,
    1,
    "but only where they fit",
  );
});

test("two set-ups at once: one installs, the other waits, both go on", async (t) => {
  const project = await createProject(t);
  project.registry.delay = 300;
  const both = await Promise.all([project.run(["hello.js"]), project.run(["hello.js"])]);
  for (const { code, stdout } of both) {
    assert.equal(code, 0);
    assert.match(stdout, /^greeting 1\.0\.0 own/);
  }
  const downloads = project.registry.requests.filter((at) => at.endsWith("greeting-1.0.0.tgz"));
  assert.equal(downloads.length, 1);
  assert.equal(both.filter(({ stderr }) => stderr.startsWith("Another set-up is running")).length, 1);
});

test("a signal to the set-up reaches the script, and its answer is ours", async (t) => {
  const project = await createProject(t);
  const script = `process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up")`;
  const { writeFileSync } = await import("node:fs");
  writeFileSync(project.file("wait.js"), script);
  const running = project.start(["wait.js"]);
  await running.says("up");
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 7);
});
