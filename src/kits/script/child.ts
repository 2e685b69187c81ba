/**
 * Inside the process of one script: loads its text, says what it exports, then does what it is asked, one message at a
 * time in and one out. It is started by process.ts alone and speaks to nobody else. It has the rights of the server's
 * user but for writing files and starting programs: a guard against mistakes, no prison for whoever wrote the script.
 */
import { registerHooks, stripTypeScriptTypes } from "node:module";
import process from "node:process";
import { Worker } from "node:worker_threads";
import {
  type Ask,
  callModule,
  describeModule,
  portsOver,
  type ScriptModule,
} from "../../core/script-module.ts";
import type { FromScript, Loaded, ToScript } from "./protocol.ts";
import { faultOf } from "./stack.ts";

// A script that spins hears nothing: a thread beside it sees that the server is gone, and ends both.
new Worker(
  `const { ppid } = process; setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, "SIGKILL"); }, 1000);`,
  { eval: true },
).unref();
process.on("disconnect", () => process.exit());

const send = process.send?.bind(process);
if (send === undefined) throw new Error("this runs as a process of the server");
const post = (message: FromScript): void => void send(message);

async function load({ text, url, published, properties }: Loaded): Promise<void> {
  registerHooks({
    resolve(specifier, context, next) {
      // The module itself need not be on any disk; its address is where it looks for what it imports.
      if (specifier === url) return { url, shortCircuit: true };
      const ours = Object.hasOwn(published, specifier) ? published[specifier] : undefined;
      return ours === undefined ? next(specifier, context) : { url: ours, shortCircuit: true };
    },
    load: (address, context, next) =>
      address === url
        ? { format: "module", source: stripTypeScriptTypes(text, { mode: "strip" }), shortCircuit: true }
        : next(address, context),
  });

  let asked = 0;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(problem: Error): void }>();
  const askFor =
    (call: number): Ask =>
    (name, input) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        post({ kind: "ask", call, ask: asked, port: name, input });
      });

  function answered(message: Extract<ToScript, { kind: "answer" }>): void {
    const open = waiting.get(message.ask);
    waiting.delete(message.ask);
    if (message.problem === undefined) open?.resolve(message.value);
    else open?.reject(new Error(message.problem));
  }

  async function called(
    module: ScriptModule,
    { id, call }: Extract<ToScript, { kind: "call" }>,
  ): Promise<void> {
    try {
      // Plain data, or a sentence: what cannot be copied (a function, a promise in a field) is refused here.
      const value = structuredClone(await callModule(module, call, portsOver(askFor(id), properties)));
      post({ kind: "done", id, value });
    } catch (problem) {
      post({ kind: "threw", id, fault: faultOf(problem, url) });
    }
  }

  try {
    const exported = (await import(url)) as Record<string, unknown>;
    const described = describeModule(exported);
    if (typeof described === "string") post({ kind: "refused", fault: { message: described } });
    else {
      process.on("message", (message: ToScript) => {
        if (message.kind === "answer") answered(message);
        else void called(exported as ScriptModule, message);
      });
      post({ kind: "ready", manifest: described });
    }
  } catch (problem) {
    post({ kind: "refused", fault: faultOf(problem, url) });
  }
}

process.once("message", (loaded: Loaded) => void load(loaded));
