/** Runs a script on another Node as if it were this process: same terminal, same signals, same ending. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Resolves never, or when the child is gone; this process then ends the way the child did. */
export function runOn(node, args) {
  const child = spawn(node, args, { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself; passing it on would interrupt it twice.
  const fromTerminal = process.stdin.isTTY === true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !fromTerminal) child.kill(signal);
    });
  }
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
