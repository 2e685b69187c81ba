/** Runs a script on another Node as if it were this process: same terminal, same signals, same ending. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const LOOK_MS = 250;

/**
 * Resolves never, or when the child is gone; this process then ends the way the child did. `isProgram`: the child is the
 * server's program, which ends when this process is gone. `launcher`: the process id to end with, where there is one.
 */
export function runOn(node, args, { isProgram = false, launcher } = {}) {
  const env = isProgram ? { ...process.env, SALLYPORT_LAUNCHER: String(process.pid) } : process.env;
  const child = spawn(node, args, { stdio: "inherit", env });
  let told = false;
  // A terminal's Ctrl-C reaches the child by itself; passing it on would interrupt it twice.
  const fromTerminal = process.stdin.isTTY === true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      told = true;
      if (signal === "SIGTERM" || !fromTerminal) child.kill(signal);
    });
  }
  if (launcher !== undefined)
    setInterval(() => {
      // Told twice, the child would take it for impatience.
      if (told || process.ppid === launcher) return;
      told = true;
      child.kill("SIGTERM");
    }, LOOK_MS).unref();
  return new Promise(() => {
    child.once("error", (problem) => {
      process.stderr.write(
        `${node} cannot be started (${problem.code}); remove node_modules and run the command again.\n`,
      );
      process.exit(1);
    });
    child.once("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  });
}
