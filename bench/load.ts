/** The load: a process of its own that signs people in, so many at a time, and says how long each took. */

import { createAgent } from "./browser.ts";
import { answer } from "./child.ts";
import { bareLogin, type Person, signIn } from "./sign-in.ts";

export type Batch = { readonly origin: string; readonly count: number; readonly atOnce: number } & (
  | { readonly kind: "bare" }
  | {
      readonly kind: "two-step";
      readonly phones: string;
      readonly people: readonly Person[];
      readonly from: number;
    }
);

export interface Outcome {
  readonly seconds: number;
  /** Milliseconds of each login that came through. */
  readonly times: readonly number[];
  readonly failures: readonly string[];
}

/** A load that fails this often has nothing to measure. */
const MOST_FAILURES = 5;

async function run(batch: Batch): Promise<Outcome> {
  // Fresh connections for every batch: one left idle between rounds may be closed just as it is used.
  const agent = createAgent();
  const times: number[] = [];
  const failures: string[] = [];
  let next = 0;
  const one = async (index: number): Promise<void> => {
    if (batch.kind === "bare") return bareLogin(batch.origin, agent);
    const person = batch.people[(batch.from + index) % batch.people.length] as Person;
    return signIn(batch.origin, batch.phones, agent, person);
  };
  async function worker(): Promise<void> {
    while (next < batch.count && failures.length < MOST_FAILURES) {
      const index = next;
      next += 1;
      const began = performance.now();
      try {
        await one(index);
        times.push(performance.now() - began);
      } catch (problem) {
        failures.push((problem as Error).message);
      }
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: batch.atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return { seconds, times, failures };
}

answer({ run });
