/** How long an act that met another process at the same row or lock is tried again, without holding the event loop. */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** Longest sum of waits, in milliseconds, before an act is given up. */
const PATIENCE_MS = 5_000;

/**
 * Runs `act` until it succeeds, throws something that `again` does not accept, or the waits add up to PATIENCE_MS
 * (then the last error is thrown). Waits double from 1 ms to 64 ms; each is drawn at random below that, so that two
 * processes that met once do not meet again. `spread` answers a number in [0, 1).
 */
export async function patiently<T>(
  act: () => T | Promise<T>,
  again: (error: unknown) => boolean,
  spread: () => number = () => randomInt(2 ** 32) / 2 ** 32,
): Promise<T> {
  let waited = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (!again(error) || waited >= PATIENCE_MS) throw error;
      const wait = 1 + spread() * 2 ** Math.min(attempt, 6);
      waited += wait;
      await sleep(wait);
    }
  }
}
