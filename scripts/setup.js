/**
 * The first thing every npm script of this project runs: makes node_modules what package-lock.json says, then runs the
 * wanted script on the project's own Node. Plain JavaScript for Node 20, no dependencies: it has to run before anything
 * is installed. Up to date it reads two files and neither asks the network nor starts npm. It never touches a
 * node_modules that works before a complete new one stands beside it.
 *
 *   node scripts/setup.js                        install only
 *   node scripts/setup.js src/main.ts demo …     install, then run that script with these arguments
 */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isUpToDate, readWanted } from "./setup/marker.js";
import { chooseNode } from "./setup/runtime.js";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/**
 * `npm start` ends with npm. A signal to npm ends only the shell in between, which does not pass it on, and `exec` in
 * package.json would be no command on Windows: so the server looks whether that shell is there.
 */
const launcher = process.env.npm_lifecycle_event === "start" ? process.ppid : undefined;

async function main() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new Error(`This is Node ${process.versions.node}; install Node 20 or newer and try again.`);
  }
  const wanted = readWanted(root);
  const fresh = isUpToDate(root, wanted);
  if (!fresh) {
    const { install } = await import("./setup/install.js");
    await install(root, wanted);
  }
  const [script, ...args] = process.argv.slice(2);
  const node = chooseNode(root);
  if (script === undefined) {
    process.stderr.write("The packages are up to date.\n");
    return;
  }
  const file = path.resolve(root, script);
  // After an installation this process may run on a Node that has just been replaced, so it hands over.
  if (fresh && node === process.execPath) {
    process.argv = [node, file, ...args];
    if (launcher !== undefined) process.env.SALLYPORT_LAUNCHER = String(launcher);
    return () => import(pathToFileURL(file).href);
  }
  const { runOn } = await import("./setup/run.js");
  return () => runOn(node, [file, ...args], { isProgram: launcher !== undefined, launcher });
}

let next;
try {
  next = await main();
} catch (problem) {
  process.stderr.write(`${problem.message}\n`);
  process.exit(1);
}
// Outside the try: an error of the script itself is shown by Node as it is.
await next?.();
