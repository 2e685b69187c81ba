/** The processes of a benchmark, seen from the one that leads it: started, asked, ended; nothing outlives the leader. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One process with questions in flight. */
export interface Child {
  readonly pid: number;
  /** Asks and waits for the answer; rejects with the child's own words, or when the child is gone. */
  ask<Answer>(question: string, details?: unknown): Promise<Answer>;
  /** Lets the process end by itself, then by force after five seconds. */
  end(): Promise<void>;
}

type Reply = { readonly id: number; readonly answer?: unknown; readonly failure?: string };

/** Starts `bench/<name>.ts` on this Node. */
export function startChild(
  name: string,
  args: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Child {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child: ChildProcess = fork(file, args, {
    execArgv: [...nodeFlags],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  const open = new Map<number, { resolve: (answer: never) => void; reject: (problem: Error) => void }>();
  let last = 0;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      for (const { reject } of open.values()) reject(new Error(`${name} ended early (${signal ?? code})`));
      open.clear();
      resolve();
    });
  });
  child.on("message", (message) => {
    const { id, answer, failure } = message as Reply;
    const waiting = open.get(id);
    open.delete(id);
    if (failure === undefined) waiting?.resolve(answer as never);
    else waiting?.reject(new Error(`${name}: ${failure}`));
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    ask: (question, details) =>
      new Promise((resolve, reject) => {
        if (!running()) return reject(new Error(`${name} is not running`));
        last += 1;
        open.set(last, { resolve, reject });
        child.send({ id: last, question, details });
      }),
    async end() {
      if (running() && child.connected) child.disconnect();
      const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await gone;
      clearTimeout(force);
    },
  };
}

/** The child's side: answers questions by name until the leader is gone, then lets go of everything and ends. */
export function answer(
  questions: Readonly<Record<string, (details: never) => unknown>>,
  close: () => Promise<unknown> = async () => undefined,
): void {
  process.on("message", async (message) => {
    const { id, question, details } = message as { id: number; question: string; details: unknown };
    try {
      const reply = await questions[question]?.(details as never);
      process.send?.({ id, answer: reply });
    } catch (problem) {
      process.send?.({ id, failure: problem instanceof Error ? problem.message : String(problem) });
    }
  });
  process.once("disconnect", () => void close().finally(() => process.exit(0)));
}
