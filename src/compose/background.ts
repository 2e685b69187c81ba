/** What a server does behind its requests: on a clock or once. It is over before anything it needs is closed. */
import type { Logger } from "../kits/log/log.ts";

export interface Background {
  /** Does it again and again. A failure is said once, and once more when it works again; not at every look. */
  every(ms: number, act: () => Promise<unknown>): void;
  /** Does it once, behind whatever is going on now. */
  soon(act: () => Promise<unknown>): void;
  /** Begins nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** `pace`: by how much the times of `every` are multiplied. */
export function createBackground(log: Logger, onProblem: (problem: unknown) => void, pace = 1): Background {
  const timers: NodeJS.Timeout[] = [];
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;

  function run(act: () => Promise<unknown>): void {
    if (stopped) return;
    const done: Promise<unknown> = act().finally(() => underWay.delete(done));
    underWay.add(done);
  }

  return {
    every(ms, act) {
      let failing = false;
      const turn = async () => {
        try {
          await act();
          if (failing) log.info("What had failed works again", { everyMs: ms });
          failing = false;
        } catch (problem) {
          if (!failing) onProblem(problem);
          failing = true;
        }
      };
      timers.push(setInterval(() => run(turn), ms * pace).unref());
    },
    soon: (act) => void setImmediate(() => run(() => act().catch(onProblem))),
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
