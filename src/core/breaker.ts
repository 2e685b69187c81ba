/**
 * Keeps a gateway out of the line while it does nothing but fail: open after so many failures within a window, then one
 * probe at a time until one succeeds. And a gateway's own limits per second and minute. In memory: each node learns for
 * itself, and a restart begins with trust. Used by gateway-line.ts alone.
 */
import type { Clock, EpochMs } from "./words.ts";

export interface BreakerRules {
  /** Failures within `windowMs` that open it. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it stays open before a probe is let through. */
  readonly restMs: number;
}

export interface Breaker {
  /** Whether a send may go through now; the one that may probe an open breaker has taken the probe. */
  admits(): boolean;
  /** The same without taking the probe. */
  readonly isOpen: boolean;
  told(success: boolean): void;
}

export function createBreaker(rules: BreakerRules, now: Clock): Breaker {
  let failures: EpochMs[] = [];
  let openedAt: EpochMs | undefined;
  let probeAt: EpochMs | undefined;

  const canProbe = (): boolean => {
    const since = probeAt ?? openedAt;
    return since !== undefined && now() - since >= rules.restMs;
  };
  return {
    get isOpen() {
      return openedAt !== undefined && !canProbe();
    },
    admits() {
      if (openedAt === undefined) return true;
      // A probe that never came back is as good as a failed one: after another rest the next may go.
      if (!canProbe()) return false;
      probeAt = now();
      return true;
    },
    told(success) {
      if (success) {
        failures = [];
        openedAt = undefined;
        probeAt = undefined;
        return;
      }
      const at = now();
      failures = [...failures.filter((one) => at - one < rules.windowMs), at].slice(-rules.failures);
      if (probeAt !== undefined || failures.length >= rules.failures) {
        openedAt = at;
        probeAt = undefined;
      }
    },
  };
}

export interface Pace {
  /** Milliseconds until a send may go out; 0 takes its place at once. */
  take(): number;
}

/** At most so many in any second and in any minute; undefined: no limit. */
export function createPace(
  limits: { readonly perSecond?: number | undefined; readonly perMinute?: number | undefined },
  now: Clock,
): Pace {
  let taken: EpochMs[] = [];
  const { perSecond = Number.POSITIVE_INFINITY, perMinute = Number.POSITIVE_INFINITY } = limits;
  const isLimited = perSecond !== Number.POSITIVE_INFINITY || perMinute !== Number.POSITIVE_INFINITY;
  const waitFor = (most: number, ms: number, at: EpochMs): number => {
    const within = taken.filter((one) => at - one < ms);
    return within.length < most ? 0 : ms - (at - (within[within.length - most] ?? at));
  };
  return {
    take() {
      if (!isLimited) return 0;
      const at = now();
      taken = taken.filter((one) => at - one < 60_000);
      const wait = Math.max(waitFor(perSecond, 1000, at), waitFor(perMinute, 60_000, at));
      if (wait === 0) taken.push(at);
      return Math.max(0, wait);
    },
  };
}
