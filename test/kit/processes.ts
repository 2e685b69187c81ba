/**
 * The program as an operator runs it: `node src/main.ts …` in a process of its own, with nothing of this process's
 * environment but the PATH and the compile cache. Whatever is still running when the test file ends is ended then.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const running = new Set<ChildProcess>();
/** What every program gets of this process's environment: where programs are, and Node's cache of compiled sources. */
export const SHELL: Readonly<Record<string, string>> = Object.fromEntries(
  ["PATH", "NODE_COMPILE_CACHE"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

/** How a process ended; `ms` counts from its start. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Program {
  readonly pid: number;
  /** Everything it has said so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ending>;
  /** More standard input; needs `keepInput`. */
  write(text: string): void;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ending>;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Goes to standard input, which is closed after it. */
  readonly input?: string;
  /** Standard input stays open. */
  readonly keepInput?: boolean;
  readonly cwd?: string;
  /** Runs this script instead of the product's main file. */
  readonly script?: string;
  /** Runs as the user with this id; only root may. */
  readonly user?: number;
}

/** Starts `sallyport ARGUMENTS`. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  const began = performance.now();
  const child = spawn(process.execPath, [options.script ?? MAIN, ...args], {
    env: { ...SHELL, ...options.env },
    cwd: options.cwd,
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
  });
  running.add(child);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => err.push(part));
  // A process that ends before it has read its input is no fault of the test.
  child.stdin.on("error", () => {});
  if (options.keepInput !== true) child.stdin.end(options.input ?? "");
  const text = (parts: Buffer[]) => Buffer.concat(parts).toString("utf8");
  const ended = new Promise<Ending>((resolve) => {
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout: text(out), stderr: text(err), ms: performance.now() - began });
    });
  });
  return {
    pid: child.pid ?? -1,
    stdout: () => text(out),
    stderr: () => text(err),
    ended,
    write: (text) => void child.stdin.write(text),
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs `sallyport ARGUMENTS` to its end, which has to come within a minute. */
export async function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Ending> {
  const program = startProgram(args, options);
  const late = setTimeout(() => void program.end("SIGKILL"), 60_000);
  const ending = await program.ended;
  clearTimeout(late);
  return ending;
}

/** Waits until `look` answers; throws with what the program said when it ends first or `ms` are over. */
export async function until<T>(
  program: Program,
  look: () => Promise<T | undefined>,
  ms = 60_000,
): Promise<T> {
  let gone: Ending | undefined;
  void program.ended.then((ending) => {
    gone = ending;
  });
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    if (gone !== undefined) break;
    await sleep(10);
  }
  throw new Error(
    `the program ${gone === undefined ? "did not answer in time" : `ended with ${gone.code}`}: ${program.stderr()}`,
  );
}

after(async () => {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise((resolve) => {
          child.once("close", resolve);
          child.kill("SIGKILL");
        }),
    ),
  );
});
