/**
 * The throttle's counters over all accounts, one per zone (an address, a /64, a /48), against spraying one password over
 * many names. A zone with few failures is only read: sign-ins from one address never queue for one row. From half its
 * rate on, slots are taken before the comparison, so a zone gets at most its rate or, if that is more, half of it and
 * what is being hashed at that moment. Used by throttle.ts alone.
 */
import type { Records } from "./records.ts";
import { drained, type ThrottleRow } from "./throttle-lanes.ts";
import type { Clock, Seconds } from "./words.ts";

export type ZoneSlot =
  | { readonly kind: "go"; settle(failed: boolean): Promise<void> }
  | { readonly kind: "wait"; readonly seconds: Seconds };

const HOUR = 3_600_000;
const LANE = "failures";

export function createZones(deps: {
  readonly records: Records<ThrottleRow>;
  readonly now: Clock;
  /** Failures an hour of the first zone of a list, the second, … */
  readonly perHour: readonly number[];
}) {
  const { records, now, perHour } = deps;
  const keyOf = (zone: string) => `zone ${zone}`;
  const levelOf = (row: ThrottleRow | undefined, rate: number) => drained(row?.[LANE], rate, now());

  /** Adds to the zone's failures unless that exceeds its rate; answers the seconds until it does not, or 0. */
  const add = (zone: string, rate: number, failures: number, most: number): Promise<Seconds> =>
    records.update(keyOf(zone), (row) => {
      const at = now();
      const level = levelOf(row, rate) + failures;
      if (level > most) return { result: Math.ceil(((level - most) / rate) * 3600) };
      if (level <= 0) return { result: 0, remove: true };
      const write = { [LANE]: { failures: level, openAt: 0, at } };
      return { result: 0, write, expiresAt: at + Math.ceil((level / rate) * HOUR) };
    });

  return {
    /** Seconds until all of the zones take one more try; takes none. */
    async look(names: readonly string[]): Promise<Seconds> {
      const waits = await Promise.all(
        names.map(async (name, index) => {
          const rate = perHour[index] ?? Number.POSITIVE_INFINITY;
          const over = levelOf(await records.get(keyOf(name)), rate) + 1 - rate;
          return over > 0 ? Math.ceil((over / rate) * 3600) : 0;
        }),
      );
      return Math.max(0, ...waits);
    },
    /** Asks the zones in their order; what was taken is given back when a later one refuses. */
    async reserve(names: readonly string[]): Promise<ZoneSlot> {
      const zones = names.map((name, index) => ({ name, rate: perHour[index] ?? Number.POSITIVE_INFINITY }));
      const taken = new Set<string>();
      const settle = async (failed: boolean) => {
        for (const { name, rate } of zones) {
          if (failed && !taken.has(name)) await add(name, rate, 1, Number.POSITIVE_INFINITY);
          if (!failed && taken.has(name)) await add(name, rate, -1, Number.POSITIVE_INFINITY);
        }
      };
      for (const { name, rate } of zones) {
        if (levelOf(await records.get(keyOf(name)), rate) < rate / 2) continue;
        const seconds = await add(name, rate, 1, rate);
        if (seconds > 0) {
          await settle(false);
          return { kind: "wait", seconds };
        }
        taken.add(name);
      }
      return { kind: "go", settle };
    },
  };
}
