/** Starts a program for a check: nothing on its input, its output is ours. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";

/** The project folder, absolute. */
export const root = path.dirname(import.meta.dirname);

/** Runs a script on this Node with the project as current folder; resolves to its exit code. */
export function runNode(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}
