/** Starts a program for a check: nothing on its input, its output is ours. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";

/** The project folder, absolute. */
export const root = path.dirname(import.meta.dirname);

/**
 * Where Node keeps what it made of our sources: the two hundred processes of a run would else strip and compile the same
 * files again and again, half a second of a processor each.
 */
const env = {
  NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "compiled"),
  ...process.env,
};

/** Runs a script on this Node with the project as current folder; resolves to its exit code. */
export function runNode(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}
