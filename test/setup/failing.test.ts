/** The set-up script never breaks a tree that works: every failure says one sentence and leaves the old packages. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { createProject, type Ended, NO_NPM, OFFLINE, type Project } from "./project.ts";

async function workingProject(t: Parameters<typeof createProject>[0]): Promise<Project> {
  const project = await createProject(t);
  assert.equal((await project.run(["hello.js"])).code, 0);
  return project;
}

function assertRefused(project: Project, { code, stdout, stderr }: Ended, sentence: RegExp): void {
  assert.equal(code, 1);
  assert.equal(stdout, "", "the script did not run");
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines.at(-1) ?? "", sentence);
  assert.ok(lines.length <= 2, `no more than the line of progress and the sentence:\n${stderr}`);
  assert.match(stderr, /the packages installed before are untouched\.\n$/);
  assert.equal(project.installed(), "1.0.0");
}

async function assertStillWorks(project: Project): Promise<void> {
  project.lock("1.0.0");
  const { code, stdout } = await project.run(["hello.js"], { ...OFFLINE, ...NO_NPM });
  assert.equal(code, 0);
  assert.match(stdout, /^greeting 1\.0\.0 own/);
}

test("a changed lock file without a network: one sentence, exit 1, the old packages go on working", async (t) => {
  const project = await workingProject(t);
  project.lock("2.0.0");
  assertRefused(
    project,
    await project.run(["hello.js"], OFFLINE),
    /registry cannot be reached \(ECONNREFUSED\)/,
  );
  await assertStillWorks(project);
});

test("a package that is not what the lock file says is refused", async (t) => {
  const project = await workingProject(t);
  project.lock("2.0.0", `sha512-${Buffer.alloc(64).toString("base64")}`);
  assertRefused(project, await project.run(["hello.js"]), /differs from its hash/);
  await assertStillWorks(project);
});

test("a version that the registry does not have: one sentence", async (t) => {
  const project = await workingProject(t);
  project.lock("3.0.0", `sha512-${Buffer.alloc(64).toString("base64")}`);
  assertRefused(project, await project.run(["hello.js"]), /does not have a package/);
  await assertStillWorks(project);
});

test("package.json and the lock file disagree: one sentence", async (t) => {
  const project = await workingProject(t);
  project.lock("2.0.0");
  writeFileSync(
    project.file("package.json"),
    JSON.stringify({ name: "project", type: "module", dependencies: { greeting: "1.0.0" } }),
  );
  assertRefused(project, await project.run(["hello.js"]), /do not agree/);
  await assertStillWorks(project);
});

test("a damaged lock file: one sentence", async (t) => {
  const project = await workingProject(t);
  writeFileSync(project.file("package-lock.json"), "{");
  assertRefused(project, await project.run(["hello.js"]), /damaged/);
  await assertStillWorks(project);
});

test("npm is missing: one sentence", async (t) => {
  const project = await workingProject(t);
  project.lock("2.0.0");
  const empty = { PATH: "/nonexistent", npm_execpath: "" };
  assertRefused(project, await project.run(["hello.js"], empty), /npm was not found/);
  await assertStillWorks(project);
});

test("killed in the middle of an installation: the old packages work, the next run finishes", async (t) => {
  const project = await workingProject(t);
  project.lock("2.0.0");
  project.registry.delay = 1500;
  const running = project.start(["hello.js"]);
  while (!project.registry.requests.some((at) => at.endsWith("greeting-2.0.0.tgz"))) {
    await new Promise((done) => setTimeout(done, 10));
  }
  running.kill("SIGKILL");
  await running.ended;
  assert.equal(project.installed(), "1.0.0");
  assert.deepEqual(readdirSync(project.file(".staging")).includes("lock"), true, "its lock is still there");
  project.registry.delay = 0;
  const { code, stdout } = await project.run(["hello.js"]);
  assert.equal(code, 0);
  assert.match(stdout, /^greeting 2\.0\.0 own/);
  assert.throws(() => readdirSync(project.file(".staging")), /ENOENT/);
});

test("killed between the two renames, with the new packages complete: they are put in place without a network", async (t) => {
  const project = await workingProject(t);
  mkdirSync(project.file(".staging/tree-killed"), { recursive: true });
  renameSync(project.file("node_modules"), project.file(".staging/tree-killed/node_modules"));
  await assertStillWorks(project);
});

test("killed between the two renames: the old packages come back even when the new ones cannot be had", async (t) => {
  const project = await workingProject(t);
  mkdirSync(project.file(".staging/tree-killed"), { recursive: true });
  renameSync(project.file("node_modules"), project.file(".staging/tree-killed/old"));
  project.lock("2.0.0");
  assertRefused(project, await project.run(["hello.js"], OFFLINE), /registry cannot be reached/);
  await assertStillWorks(project);
});
