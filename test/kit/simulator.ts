/** Starts the phone simulator and reads its phones over HTTP, as everybody does. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { createSimulator, type SimulatedMessage } from "../../src/surfaces/dev/simulator/simulator.ts";

const hex = () => randomBytes(16).toString("hex");

export interface TestPhones {
  readonly url: string;
  readonly account: {
    readonly sid: string;
    readonly token: string;
    readonly apiKey: { readonly sid: string; readonly secret: string };
  };
  messages(): Promise<readonly SimulatedMessage[]>;
  /** The oldest message to this number that no call has answered yet; waits for it, at most `ms` (2000). */
  nextMessage(to: string, ms?: number): Promise<SimulatedMessage>;
  /** One more thing to go wrong; the first rule that matches strikes, `times` is 1 unless told. */
  fault(fault: FaultRequest): Promise<void>;
  clearFaults(): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** The code of the message's last line, `@host #code`. */
export function codeOf(message: Pick<SimulatedMessage, "body">): string {
  const code = /^@\S+ #(\d+)$/.exec(message.body.split("\n").at(-1) ?? "")?.[1];
  if (code === undefined) throw new Error("the message's last line is not @host #code");
  return code;
}

export async function startSimulator(options: { paceMs?: number; keep?: number } = {}): Promise<TestPhones> {
  const account = { sid: `AC${hex()}`, token: hex(), apiKey: { sid: `SK${hex()}`, secret: hex() } };
  const { sid, token, apiKey } = account;
  const simulator = createSimulator({
    accounts: [{ sid, token, apiKeys: [apiKey] }],
    now: Date.now,
    ...options,
  });
  const { url } = await simulator.listen();
  const read = new Set<string>();

  async function ask(path: string, method = "GET", body?: unknown): Promise<Response> {
    const init =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(url + path, { method, ...init });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
  const messages = async () => (await (await ask("/messages")).json()) as SimulatedMessage[];

  return {
    url,
    account,
    messages,
    async nextMessage(to, ms = 2000) {
      const until = Date.now() + ms;
      for (;;) {
        const found = (await messages()).find((message) => message.to === to && !read.has(message.sid));
        if (found !== undefined) {
          read.add(found.sid);
          return found;
        }
        if (Date.now() >= until) throw new Error(`no new message to •••• ${to.slice(-2)} within ${ms} ms`);
        await sleep(10);
      }
    },
    fault: async (fault) => void (await ask("/control/faults", "POST", fault)),
    clearFaults: async () => void (await ask("/control/faults", "DELETE")),
    clear: async () => void (await ask("/messages", "DELETE")),
    close: () => simulator.close(),
  };
}
