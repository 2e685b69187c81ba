#!/usr/bin/env node
/** The `sallyport` command: plain JavaScript, so that a Node that is too old gets a sentence and not a syntax error. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
// A checkout runs its source, not what was built from it some time ago; the package has no source.
const source = new URL("../src/main.ts", import.meta.url);
const checkout = existsSync(source);
if (major > 24 || (major === 24 && minor >= 7)) {
  await import(checkout ? source.href : new URL("../dist/main.js", import.meta.url).href);
} else if (!(checkout && (await onProjectsNode()))) {
  process.stderr.write(`Sallyport needs Node 24.7 or newer, and this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
}

/** A checkout has a Node of its own among its packages, once they are installed; true: it has taken over. */
async function onProjectsNode() {
  const { ownNode } = await import("../scripts/setup/runtime.js");
  const node = ownNode(fileURLToPath(new URL("..", import.meta.url)));
  if (node === undefined) return false;
  const { runOn } = await import("../scripts/setup/run.js");
  await runOn(node, [fileURLToPath(source), ...process.argv.slice(2)]);
  return true;
}
