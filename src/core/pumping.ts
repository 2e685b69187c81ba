/**
 * The rules of the pumping guard: whoever earns money by texts has numbers typed in that nobody answers for. Typed numbers
 * without a right code are set against those with one, by country, block of numbers and address, in the last hour and day
 * and against the best day of the last fortnight. Pure: what it decided can be decided again with other thresholds.
 */
import type { PumpingSettings } from "./pumping-settings.ts";
import type { Tally } from "./tallies.ts";

/** Codes to typed numbers: not answered and answered; `best`: answered on the best day of the last 14. */
export type Measures = {
  readonly dayOpen: number;
  readonly dayVerified: number;
  readonly hourOpen: number;
  readonly hourVerified: number;
  readonly best: number;
};

export type Evidence = {
  readonly country: Measures;
  readonly block: Measures;
  readonly address: Measures;
  /** Countries of the numbers typed at this address in a day, this one included, without those it has verified one of. */
  readonly countries: number;
};

export const MEASURED = ["country", "block", "address"] as const;
export type Verdict = {
  readonly scope: (typeof MEASURED)[number] | "countries";
  readonly span: "hour" | "day";
  readonly open: number;
  readonly threshold: number;
};

export const DAY_HOURS = 24;
export const PAST_HOURS = 14 * DAY_HOURS;

/** Measures of one country, block or address from its hours; `hour` is the current one. */
export function measure(hours: readonly Tally[], hour: number): Measures {
  const sum = (from: number, to: number) =>
    hours.reduce(
      (total, { slot, a, b }) =>
        slot >= from && slot < to ? { sent: total.sent + a, verified: total.verified + b } : total,
      { sent: 0, verified: 0 },
    );
  const day = sum(hour - DAY_HOURS + 1, hour + DAY_HOURS);
  const now = sum(hour, hour + DAY_HOURS);
  const days = Array.from({ length: PAST_HOURS / DAY_HOURS }, (_, back) => {
    const end = hour + 1 - back * DAY_HOURS;
    return sum(end - DAY_HOURS, end).verified;
  });
  return {
    dayOpen: Math.max(0, day.sent - day.verified),
    dayVerified: day.verified,
    hourOpen: Math.max(0, now.sent - now.verified),
    hourVerified: now.verified,
    best: Math.max(...days),
  };
}

/** Why one more typed number is too many; undefined: it is not. */
export function judge(evidence: Evidence, settings: PumpingSettings): Verdict | undefined {
  const { dayShare, hourShare, countriesPerAddress } = settings;
  for (const scope of MEASURED) {
    const { dayOpen, dayVerified, hourOpen, hourVerified, best } = evidence[scope];
    const day = Math.max(settings[scope].day, (Math.max(best, dayVerified) * dayShare) / 100);
    const hour = Math.max(settings[scope].hour, (Math.max(best / 6, hourVerified) * hourShare) / 100);
    if (dayOpen >= day) return { scope, span: "day", open: dayOpen, threshold: day };
    if (hourOpen >= hour) return { scope, span: "hour", open: hourOpen, threshold: hour };
  }
  if (evidence.countries > countriesPerAddress)
    return { scope: "countries", span: "day", open: evidence.countries, threshold: countriesPerAddress };
  return undefined;
}
