/** Runs npm, and the Node it brought. */
import { spawn } from "node:child_process";

/** Hashes in the lock file vouch for every package; none needs an install script, so none may run one. */
const FLAGS = [
  "ci",
  "--ignore-scripts",
  "--include=dev",
  "--include=optional",
  "--prefer-offline",
  "--no-audit",
  "--no-fund",
  "--no-progress",
  "--loglevel=error",
  "--engine-strict=false",
  // Some 4 s of patience, instead of npm's minute and a half.
  "--fetch-retries=3",
  "--fetch-retry-factor=2",
  "--fetch-retry-mintimeout=500",
  "--fetch-retry-maxtimeout=4000",
];

/** npm takes a lock file that it cannot parse for a missing one, and would say so in its own words. */
export function checkLock(lock) {
  try {
    JSON.parse(lock.toString("utf8"));
  } catch (cause) {
    throw Object.assign(new Error("package-lock.json is not JSON", { cause }), { code: "EJSONPARSE" });
  }
}

/** `npm ci` in a folder. Rejects with an error that carries npm's own `code` (`ECONNREFUSED`, `EUSAGE`, …). */
export function npmCi(folder) {
  const script = process.env.npm_execpath;
  // The npm that started us, if one did; npm itself is no program on Windows, so there a shell has to find it.
  return script !== undefined && /npm-cli\.c?js$/.test(script)
    ? run(process.execPath, [script, ...FLAGS], { cwd: folder })
    : run("npm", FLAGS, { cwd: folder, shell: process.platform === "win32" });
}

/** Resolves when this Node starts here; rejects with code `ENODE` (another C library, a wrong processor). */
export async function canRun(node) {
  try {
    await run(node, ["--version"], {});
  } catch (cause) {
    throw Object.assign(new Error(String(cause.message), { cause }), { code: "ENODE" });
  }
}

function run(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const stop = () => child.kill("SIGTERM");
    process.once("exit", stop);
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-20_000);
    });
    child.once("error", (cause) => reject(Object.assign(cause, { missing: program })));
    child.once("close", (exit, signal) => {
      process.off("exit", stop);
      if (exit === 0) return resolve();
      const code = /^npm (?:error|ERR!) code (\S+)/m.exec(output)?.[1];
      reject(
        Object.assign(new Error(output || `${program} ended with ${signal ?? exit}`), {
          code: code ?? "ENPM",
        }),
      );
    });
  });
}
