#!/usr/bin/env node
/** The `sallyport` command: plain JavaScript, so that a Node that is too old gets a sentence and not a syntax error. */
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 7)) {
  process.stderr.write(`Sallyport needs Node 24.7 or newer, and this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  // A checkout runs its source, not what was built from it some time ago; the package has no source.
  const source = new URL("../src/main.ts", import.meta.url);
  await import(existsSync(source) ? source.href : new URL("../dist/main.js", import.meta.url).href);
}
