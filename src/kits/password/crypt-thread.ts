/** bcrypt, sha-crypt and md5-crypt in one thread beside the event loop, started when the first such hash is compared. */
import { Worker } from "node:worker_threads";
import { Breakage } from "../../core/errors.ts";

const CHILD = new URL(import.meta.url.replace(/crypt-thread(\.[a-z]+)$/, "crypt-child$1"));
type Waiting = { resolve(right: boolean): void; reject(problem: unknown): void };

let thread: { readonly worker: Worker; readonly waiting: Map<number, Waiting> } | undefined;
let last = 0;

function start() {
  // No environment and no arguments of ours: it computes, and nothing else.
  const worker = new Worker(CHILD, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const waiting = new Map<number, Waiting>();
  const made = { worker, waiting };
  worker.on("message", ({ id, right }: { id: number; right: boolean }) => {
    waiting.get(id)?.resolve(right);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  });
  const end = (problem: unknown) => {
    if (thread === made) thread = undefined;
    for (const { reject } of waiting.values())
      reject(
        new Breakage("hashing-busy", "The thread that compares old hashes has ended.", {
          cause: problem,
          retryAfter: 1,
        }),
      );
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", end);
  worker.unref();
  return made;
}

/** Whether a password has this bcrypt, sha-crypt or md5-crypt hash. Throws Breakage `hashing-busy` when the thread dies. */
export function compareInThread(hash: string, password: string): Promise<boolean> {
  thread ??= start();
  const { worker, waiting } = thread;
  last += 1;
  const id = last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    // Only while it works may it keep the process alive.
    worker.ref();
    worker.postMessage({ id, password, hash });
  });
}
