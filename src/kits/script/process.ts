/**
 * One script in one process: started when it is first needed, spoken to by messages, ended when it takes too long, grows
 * too large or dies. That fails the calls that are under way and nothing else. A thread would not do: one that grows in
 * the wrong place takes the whole server with it, or can no longer be ended (decision 0020). Called by runner.ts.
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Manifest, ScriptFault } from "../../core/script.ts";
import type { ScriptCall } from "../../core/script-module.ts";
import type { Json } from "../../core/words.ts";
import type { FromScript, Loaded, ToScript } from "./protocol.ts";

/** What a process may take. */
export interface ScriptLimits {
  /** Until it says what it exports. */
  readonly startMs: number;
  /** For one call, what it asks of the server included. */
  readonly callMs: number;
  /** Of its heap. */
  readonly heapMb: number;
  /** Of everything, what the engine itself needs included. */
  readonly wholeMb: number;
}

export const LIMITS: ScriptLimits = { startMs: 10_000, callMs: 5_000, heapMb: 64, wholeMb: 256 };
/** How often its size is looked at while it is at work; the engine itself bounds the heap alone. */
const LOOK_EVERY = 100;

/** A call has failed. `ended`: the process with it. */
export class ScriptTrouble extends Error {
  readonly fault: ScriptFault;
  readonly ended: boolean;
  constructor(fault: ScriptFault, ended: boolean) {
    super(fault.message);
    this.name = "ScriptTrouble";
    this.fault = fault;
    this.ended = ended;
  }
}

export type Answering = (port: string, input: Json) => Promise<unknown>;

export interface Script {
  readonly manifest: Manifest;
  readonly isEnded: () => boolean;
  call(call: ScriptCall, answer: Answering): Promise<unknown>;
  end(): Promise<void>;
}

interface Pending {
  readonly answer: Answering;
  resolve(value: unknown): void;
  reject(problem: ScriptTrouble): void;
  readonly timer: NodeJS.Timeout;
}

/** Starts a process; throws ScriptTrouble when the module cannot be taken. `said`: what it writes to its console. */
export async function startScript(
  loaded: Loaded,
  said: (line: string) => void,
  limits: ScriptLimits = LIMITS,
): Promise<Script> {
  // The module beside this one, as source or as what was built of it.
  const child = fork(fileURLToPath(import.meta.url.replace(/process(\.[a-z]+)$/, "child$1")), {
    // What stands in the server's environment (keys, addresses) gets into no script by mistake.
    env: {},
    execArgv: [
      `--max-old-space-size=${limits.heapMb}`,
      "--max-semi-space-size=8",
      "--disable-warning=ExperimentalWarning",
      // No file is written and no program started by mistake.
      "--permission",
      "--allow-fs-read=*",
      "--allow-worker",
      ...(process.allowedNodeEnvironmentFlags.has("--allow-net") ? ["--allow-net"] : []),
    ],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let gone = () => {};
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  let outOfMemory = false;
  let last = "";
  const lastLine = () => (last === "" ? "it said nothing" : `it said: ${last}`);
  listen(child.stdout, said);
  listen(child.stderr, (line) => {
    outOfMemory ||= line.includes("JavaScript heap out of memory");
    // The sentence among the lines of a crash.
    if (/^\S*Error\b/.test(line)) last = line;
    said(line);
  });
  // It keeps no command line from ending; while a call goes on, its timer does.
  child.unref();
  child.channel?.unref();
  const send = (message: Loaded | ToScript): void => {
    // A process that has just died takes no message; its end is told below.
    if (child.connected) child.send(message, () => {});
  };

  const pending = new Map<number, Pending>();
  let calls = 0;
  let ended = false;

  function fail(fault: ScriptFault): void {
    if (ended) return;
    ended = true;
    clearInterval(watch);
    child.kill("SIGKILL");
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(new ScriptTrouble(fault, true));
    }
    pending.clear();
  }

  const tooLarge = `it grew beyond ${limits.heapMb} MB, and was ended`;
  const watch = setInterval(() => {
    if (pending.size > 0 && residentMb(child.pid) > limits.wholeMb) fail({ message: tooLarge });
  }, LOOK_EVERY).unref();

  const begin = (answer: Answering, ms: number, late: string) => {
    calls += 1;
    const id = calls;
    const result = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => fail({ message: late }), ms);
      pending.set(id, { answer, resolve, reject, timer });
    });
    return { id, result };
  };

  function settle(id: number, act: (open: Pending) => void): void {
    const open = pending.get(id);
    if (open === undefined) return;
    pending.delete(id);
    clearTimeout(open.timer);
    act(open);
  }

  async function answered(message: Extract<FromScript, { kind: "ask" }>): Promise<void> {
    const { ask, call, port, input } = message;
    const reply = (answer: Omit<Extract<ToScript, { kind: "answer" }>, "kind" | "ask">) => {
      if (!ended) send({ kind: "answer", ask, ...answer });
    };
    const open = pending.get(call);
    if (open === undefined) return reply({ problem: "this call is over; ask while it goes on" });
    try {
      reply({ value: await open.answer(port, input) });
    } catch (problem) {
      reply({ problem: problem instanceof Error ? problem.message : "the server could not do it" });
    }
  }

  const seconds = (ms: number): string => `${ms / 1000} s`;
  const START = 0;
  const ready = new Promise<Manifest>((resolve, reject) => {
    const timer = setTimeout(
      () => fail({ message: `loading it took longer than ${seconds(limits.startMs)}, and it was ended` }),
      limits.startMs,
    );
    pending.set(START, {
      answer: () => Promise.reject(new Error("nothing can be asked while the module is loaded")),
      resolve: resolve as (value: unknown) => void,
      reject,
      timer,
    });
  });
  child.on("message", (message: FromScript) => {
    switch (message.kind) {
      case "ready":
        return settle(START, ({ resolve }) => resolve(message.manifest));
      case "refused":
        return fail(message.fault);
      case "done":
        return settle(message.id, ({ resolve }) => resolve(message.value));
      case "threw":
        return settle(message.id, ({ reject }) => reject(new ScriptTrouble(message.fault, false)));
      case "ask":
        return void answered(message);
    }
  });
  child.on("error", (problem) => fail({ message: `its process could not be started: ${problem.message}` }));
  // `close` comes when all it has written was read.
  child.on("close", (code, signal) => {
    gone();
    fail(
      outOfMemory
        ? { message: tooLarge }
        : { message: `it ended itself (${signal ?? `exit code ${code}`}); ${lastLine()}` },
    );
  });
  send(loaded);

  const manifest = await ready;
  return {
    manifest,
    isEnded: () => ended,
    async call(call, answer) {
      if (ended) throw new ScriptTrouble({ message: "its process has ended" }, true);
      const late = `${call.act} took longer than ${seconds(limits.callMs)}, and it was ended`;
      const { id, result } = begin(answer, limits.callMs, late);
      send({ kind: "call", id, call });
      return result;
    },
    async end() {
      child.ref();
      fail({ message: "it was ended" });
      await closed;
    },
  };
}

const LONGEST_LINE = 500;

/** Lines of a script's console, each bounded. */
function listen(stream: NodeJS.ReadableStream | null, said: (line: string) => void): void {
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    for (const line of chunk.split("\n", 40)) if (line.trim() !== "") said(line.slice(0, LONGEST_LINE));
  });
}

/** What a process holds in memory; 0 where that cannot be asked, and the engine's bound of its heap is all there is. */
function residentMb(pid: number | undefined): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}
