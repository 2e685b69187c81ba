/** The arithmetic of the password throttle: how long a count of failures makes one wait, and what a row keeps. Pure. */
import type { EpochMs, Seconds } from "./words.ts";

/** Failures of one lane. A slot that was taken and not settled counts as a failure. */
export type Count = {
  readonly failures: number;
  /** No try before this moment. */
  readonly openAt: EpochMs;
  /** The latest try. */
  readonly at: EpochMs;
};

/** The lanes of one account by name; of a zone, one lane whose failures drain away. */
export type ThrottleRow = { readonly [lane: string]: Count };

/** From `after` failures on: `first` seconds, doubling with each further failure up to `cap`. */
export interface Stage {
  readonly after: number;
  readonly first: Seconds;
  readonly cap: Seconds;
}

export interface ThrottleLimits {
  /** Per account and place (/24, /64). Stages in rising order of `after`. */
  readonly place: readonly Stage[];
  /** Per account, over all strangers. A last stage with a wait of `MEMORY` closes the lane to them: see throttle.ts. */
  readonly strangers: readonly Stage[];
  /** Per known device of the account. */
  readonly device: readonly Stage[];
  /** A device with so many failures is known no longer until a right password comes from it. */
  readonly deviceTrust: number;
  /** Failures per hour over all accounts: of an IPv4 address or a /64; of a /48. */
  readonly zone: readonly [number, number];
}

/** Seconds after the latest failure until an account's failures are forgotten. */
export const MEMORY: Seconds = 7 * 86_400;
/** The same for a row with fewer than five: those of mistyped names and of passers-by. */
const SHORT_MEMORY: Seconds = 6 * 3600;
const FEW = 5;

export const DEFAULT_THROTTLE_LIMITS: ThrottleLimits = {
  place: [{ after: 5, first: 5, cap: 900 }],
  strangers: [
    { after: 10, first: 2, cap: 60 },
    { after: 100, first: 900, cap: 900 },
    { after: 200, first: 3600, cap: 3600 },
  ],
  device: [{ after: 5, first: 5, cap: 900 }],
  deviceTrust: 50,
  zone: [100, 1000],
};

/** Milliseconds to wait after so many failures. */
function waitAfter(stages: readonly Stage[], failures: number): number {
  const stage = stages.findLast(({ after }) => failures >= after);
  if (stage === undefined) return 0;
  return Math.min(stage.cap, stage.first * 2 ** Math.min(failures - stage.after, 30)) * 1000;
}

/** Milliseconds until the lane takes a try. Never more than its own wait, should a clock have been put back (M29). */
export function remaining(stages: readonly Stage[], count: Count | undefined, now: EpochMs): number {
  if (count === undefined) return 0;
  return Math.max(0, Math.min(count.openAt - now, waitAfter(stages, count.failures)));
}

/** The lane with one failure more. */
export function counted(stages: readonly Stage[], count: Count | undefined, now: EpochMs): Count {
  const failures = (count?.failures ?? 0) + 1;
  return { failures, openAt: now + waitAfter(stages, failures), at: now };
}

/** The lane without `times` failures, open again if it was this slot that shut it; undefined when none are left. */
export function uncounted(
  count: Count | undefined,
  times: number,
  slot: Count,
  before: EpochMs,
): Count | undefined {
  if (count === undefined || count.failures <= times) return undefined;
  return {
    failures: count.failures - times,
    openAt: count.openAt === slot.openAt ? before : count.openAt,
    at: count.at,
  };
}

/** The row without lanes that are forgotten, and of each kind of lane only the latest. */
export function pruned(row: ThrottleRow, most: Readonly<Record<string, number>>, now: EpochMs): ThrottleRow {
  const left = { ...most };
  const latest = Object.entries(row)
    .filter(([, { at }]) => at + MEMORY * 1000 > now)
    .sort(([, a], [, b]) => b.at - a.at)
    .filter(([lane]) => {
      const kind = lane.slice(0, lane.indexOf(" "));
      left[kind] = (left[kind] ?? Number.POSITIVE_INFINITY) - 1;
      return left[kind] >= 0;
    });
  return Object.fromEntries(latest);
}

/** When the row is forgotten as a whole. */
export function rowEnd(row: ThrottleRow): EpochMs {
  const counts = Object.values(row);
  const memory = counts.some(({ failures }) => failures >= FEW) ? MEMORY : SHORT_MEMORY;
  return Math.max(...counts.map(({ at }) => at)) + memory * 1000;
}

/** What is left of a zone's failures: they drain at `perHour`, as a leaky bucket of that size. */
export function drained(count: Count | undefined, perHour: number, now: EpochMs): number {
  if (count === undefined) return 0;
  return Math.max(0, count.failures - (Math.max(0, now - count.at) / 3_600_000) * perHour);
}
