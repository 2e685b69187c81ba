/**
 * What rides in a commit of somebody else. A step that commits something before its outcome takes the turn of its form in
 * that very commit (`Claim`); what a right answer leads to waits for the commit of the outcome (`Along`). The walk makes
 * the one and settles the other (walk-turn.ts); codes.ts, throttle.ts and the steps that call them use both. No script
 * of one's own ever sees either.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Breakage } from "./errors.ts";
import type { Storage, Write } from "./records.ts";

/** `lost`: another form has had the turn. `again`: a row was not as it was expected to be. Of both, nothing was written. */
export type Committed = "done" | "lost" | "again";

/** The turn of one form. The first commit takes it, or does nothing at all. */
export interface Claim {
  /** Of no writes: takes the turn by itself, where it is not taken yet. */
  commit(writes: readonly Write[]): Promise<Committed>;
}

/** Writes that wait for the commit of the outcome. Settled once, by `done` or by `dropped`. */
export interface Along {
  /** `again`: what was remembered was outdated. `off`: it has come to nothing, and so does the outcome. */
  writes(again: boolean): Promise<readonly Write[] | "off">;
  done(): void;
  /** That commit will not come: does by itself what must not be left undone. */
  dropped(): Promise<void>;
}

/** Whether the form has the turn; where nobody claims, it was taken before. */
export const hasTurn = async (claim: Claim | undefined): Promise<boolean> =>
  claim === undefined || (await claim.commit([])) !== "lost";

/** Rounds of compare-and-set against other processes. */
export const ROUNDS = 100;
const LONGEST_PAUSE_MS = 50;

/** A moment, longer with each round, after another process was faster. */
export const pause = (round: number): Promise<void> =>
  sleep(randomInt(1, Math.min(2 ** round, LONGEST_PAUSE_MS) + 2));

/** Commits by itself what would have gone along; false: it has come to nothing. */
export async function alone(storage: Pick<Storage, "commit">, along: Along): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const writes = await along.writes(round > 0);
    if (writes === "off") return false;
    if (writes.length === 0 || (await storage.commit(writes))) {
      along.done();
      return true;
    }
    await pause(round);
  }
  throw new Breakage("store-conflict", "A row changes too fast to be updated.", { retryAfter: 1 });
}
