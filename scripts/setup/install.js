/**
 * Installs what the lock file says without ever leaving the project without packages: `npm ci` works in
 * `.staging/<own folder>/`, the result is tried, and only then two renames put it in place of the old node_modules.
 * A run that was killed between the two renames is finished by the next one.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { adopt } from "./adopt.js";
import { explain } from "./explain.js";
import { takeLock } from "./lock.js";
import { isUpToDate, mark } from "./marker.js";
import { canRun, checkLock, npmCi } from "./npm.js";
import { ownNode } from "./runtime.js";

const say = (text) => process.stderr.write(text);

/** Installs unless another run did meanwhile; throws one sentence, with the old packages still in place. */
export async function install(root, wanted) {
  const yard = path.join(root, ".staging");
  let release;
  let stage;
  let problem;
  // npm is ended on exit (npm.js); what it leaves behind is swept by the next installation.
  const stop = (signal) => {
    release?.();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    release = await takeLock(path.join(yard, "lock"), () =>
      say("Another set-up is running; waiting for it.\n"),
    );
    finishInterrupted(root, yard, wanted);
    if (!isUpToDate(root, wanted) && !adopt(root, wanted)) {
      stage = mkdtempSync(path.join(yard, "tree-"));
      await fill(root, stage, wanted);
      swap(root, stage);
    }
    sweep(yard);
  } catch (cause) {
    problem = cause;
    if (stage !== undefined) rmSync(stage, { recursive: true, force: true });
  }
  release?.();
  for (const signal of SIGNALS) process.off(signal, stop);
  try {
    rmdirSync(yard); // fails while another run waits in it
  } catch {}
  if (problem !== undefined)
    throw new Error(explain(problem, existsSync(path.join(root, "node_modules"))), { cause: problem });
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

async function fill(root, stage, wanted) {
  checkLock(wanted.lock);
  const again = existsSync(path.join(root, "node_modules"));
  say(`${again ? "Updating" : "Installing"} the packages (usually under a minute, only when they change) … `);
  const started = Date.now();
  copyFileSync(path.join(root, "package.json"), path.join(stage, "package.json"));
  if (existsSync(path.join(root, ".npmrc")))
    copyFileSync(path.join(root, ".npmrc"), path.join(stage, ".npmrc"));
  // The bytes that were hashed, not the file: it may have changed since.
  writeFileSync(path.join(stage, "package-lock.json"), wanted.lock);
  try {
    mkdirSync(path.join(stage, "node_modules"));
    await npmCi(stage);
    const node = ownNode(stage);
    if (node !== undefined) await canRun(node);
    mark(stage, wanted);
  } catch (problem) {
    say("failed.\n");
    throw problem;
  }
  say(`done in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

function swap(root, stage) {
  const current = path.join(root, "node_modules");
  if (existsSync(current)) renameSync(current, path.join(stage, "old"));
  try {
    renameSync(path.join(stage, "node_modules"), current);
  } catch (problem) {
    if (existsSync(path.join(stage, "old"))) renameSync(path.join(stage, "old"), current);
    throw problem;
  }
}

/** node_modules is missing: a complete new one or the old one may stand in the folder of a run that was killed. */
function finishInterrupted(root, yard, wanted) {
  const current = path.join(root, "node_modules");
  if (existsSync(current)) return;
  const stages = left(yard);
  const ready = stages.find((stage) => isUpToDate(stage, wanted));
  if (ready !== undefined) return renameSync(path.join(ready, "node_modules"), current);
  const old = stages.map((stage) => path.join(stage, "old")).find((folder) => existsSync(folder));
  if (old !== undefined) renameSync(old, current);
}

const left = (yard) =>
  readdirSync(yard)
    .filter((name) => name.startsWith("tree-"))
    .map((name) => path.join(yard, name));

function sweep(yard) {
  for (const stage of left(yard)) rmSync(stage, { recursive: true, force: true });
}
