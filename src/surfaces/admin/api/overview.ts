/** How the server is doing: what compose finds of its parts, and what was counted. */
import type { Clock, EpochMs } from "../../../core/words.ts";
import { getOverview } from "../contract/overview.ts";
import { type Handler, handle } from "./call.ts";

/** What was found of one part. */
export interface HealthFinding {
  readonly level: "ok" | "warning" | "error";
  readonly what: string;
  readonly message: string;
}

export interface OverviewDeps {
  readonly issuer: string;
  readonly version: string;
  readonly startedAt: EpochMs;
  readonly revision: () => number;
  readonly health: () => Promise<readonly HealthFinding[]>;
  /** Counts by kind, for each hour since `from`; a slot is a whole hour since 1970. */
  readonly counts: (from: number) => Promise<readonly { slot: number; kind: string; count: number }[]>;
  readonly now: Clock;
}

const HOUR = 3_600_000;
const HOURS = 24;

export function overviewHandlers(deps: OverviewDeps): readonly Handler[] {
  return [
    handle(getOverview, async () => {
      const at = deps.now();
      const first = Math.floor(at / HOUR) - HOURS + 1;
      const [health, rows] = await Promise.all([deps.health(), deps.counts(first)]);
      const hours = Array.from({ length: HOURS }, (_, hour) => {
        const counts: Record<string, number> = {};
        for (const { slot, kind, count } of rows)
          if (slot === first + hour) counts[kind] = (counts[kind] ?? 0) + count;
        return { from: new Date((first + hour) * HOUR).toISOString(), counts };
      });
      return {
        body: {
          issuer: deps.issuer,
          version: deps.version,
          now: new Date(at).toISOString(),
          startedAt: new Date(deps.startedAt).toISOString(),
          revision: deps.revision(),
          health: [...health],
          hours,
        },
      };
    }),
  ];
}
