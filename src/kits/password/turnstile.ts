/** Lets so many through at a time; the rest wait in the order they came, up to a number and a time. */
import { Breakage } from "../../core/errors.ts";

export interface TurnstileOptions {
  /** How many run at a time. */
  readonly atOnce: number;
  /** How many may wait; 0: nobody. */
  readonly waiting: number;
  /** Longest wait in milliseconds. */
  readonly longestWait: number;
}

/** Figures for metrics: running now, waiting now, begun and turned away since the start. */
export interface TurnstileStats {
  readonly active: number;
  readonly waiting: number;
  readonly total: number;
  readonly refused: number;
}

export interface Turnstile {
  /** Runs `act` in its turn. Throws Breakage `hashing-busy` with `retryAfter` when too many wait, or for too long. */
  pass<T>(act: () => Promise<T>): Promise<T>;
  stats(): TurnstileStats;
}

/** Makes an empty turnstile. */
export function createTurnstile({ atOnce, waiting, longestWait }: TurnstileOptions): Turnstile {
  // A set keeps the order of arrival and lets whoever has waited too long leave from the middle at no cost.
  const line = new Set<() => void>();
  let active = 0;
  let total = 0;
  let refused = 0;

  const busy = () => {
    refused += 1;
    return new Breakage("hashing-busy", "Too many passwords are being checked at the moment.", {
      retryAfter: Math.max(1, Math.ceil(longestWait / 2000)),
    });
  };

  function enter(): Promise<void> | undefined {
    if (active < atOnce) {
      active += 1;
      return undefined;
    }
    if (line.size >= waiting) throw busy();
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.delete(begin);
        reject(busy());
      }, longestWait);
      line.add(begin);
    });
  }

  function leave(): void {
    const [next] = line;
    if (next === undefined) {
      active -= 1;
      return;
    }
    // The place is handed over, never free in between, so nobody who comes now overtakes the line.
    line.delete(next);
    next();
  }

  return {
    async pass(act) {
      await enter();
      total += 1;
      try {
        return await act();
      } finally {
        leave();
      }
    },
    stats: () => ({ active, waiting: line.size, total, refused }),
  };
}
