#!/usr/bin/env node
/**
 * The `sallyport` command: plain JavaScript for any Node from 20 on. Where the Node at hand is new enough the program runs
 * in this very process; otherwise on the newer Node that comes along as a package.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chooseNode, isNewEnough } from "../scripts/setup/runtime.js";

try {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const node = isNewEnough(process.versions.node) ? process.execPath : chooseNode(root);
  // A checkout runs its source, not what was built from it some time ago; the package has no main.ts.
  const source = new URL("../src/main.ts", import.meta.url);
  const main = existsSync(source) ? source : new URL("../dist/main.js", import.meta.url);
  if (node === process.execPath) await import(main.href);
  else {
    const { runOn } = await import("../scripts/setup/run.js");
    await runOn(node, [fileURLToPath(main), ...process.argv.slice(2)], { isProgram: true });
  }
} catch (problem) {
  if (!(problem instanceof Error) || problem.cause !== "no-node") throw problem;
  process.stderr.write(`${problem.message}\n`);
  process.exitCode = 1;
}
