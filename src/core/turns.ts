/** Acts on one name run one after the other within this process; acts on different names do not wait. */
import { Breakage } from "./errors.ts";

export interface Turns {
  /** Runs `act` when those before it on `name` are done. Throws Breakage `store-conflict` when too many wait. */
  take<T>(name: string, act: () => Promise<T>): Promise<T>;
}

/** Makes an empty queue; `perKey` and `overall` bound how many may wait, so that a flood costs no memory. */
export function createTurns(limits: { readonly perKey: number; readonly overall: number }): Turns {
  const waiting = new Map<string, (() => void)[]>();
  let overall = 0;

  function leave(name: string): void {
    const next = waiting.get(name)?.shift();
    if (next === undefined) waiting.delete(name);
    else {
      overall -= 1;
      next();
    }
  }

  async function waitIn(queue: (() => void)[]): Promise<void> {
    if (queue.length >= limits.perKey || overall >= limits.overall)
      throw new Breakage("store-conflict", "Too many changes of one row are waiting.", { retryAfter: 1 });
    overall += 1;
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  return {
    async take(name, act) {
      const queue = waiting.get(name);
      if (queue === undefined) waiting.set(name, []);
      else await waitIn(queue);
      try {
        return await act();
      } finally {
        leave(name);
      }
    },
  };
}
