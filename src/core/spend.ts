/**
 * The spend ledger: what texts and calls cost, by day, country, client and channel, from an estimate per destination until
 * the provider has named its price; a soft alarm and a hard stop a day and a month. Told by delivery, asked by sending.
 *
 * It is added up like tallies: nodes see one another's messages within six seconds, so a hard stop may be overrun by what
 * all nodes send in that time, and a process that dies takes its last second with it. The provider's bill is the truth.
 */
import { z } from "zod";
import type { Audit } from "./audit.ts";
import type { Storage } from "./records.ts";
import type { Clock } from "./words.ts";

const price = z.strictObject({ sms: z.number().min(0).max(10), call: z.number().min(0).max(10) });
const amount = z.number().min(0).max(100_000_000).nullable().default(null);

export const spendSchema = z.strictObject({
  /** Of all amounts here. A provider's price in another one is not taken: the estimate stands. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO currency code such as USD")
    .default("USD"),
  /** null: no limit. */
  daySoft: amount,
  dayHard: amount,
  monthSoft: amount,
  monthHard: amount,
  /** What one segment and one call cost, by the beginning of the number; the longest that fits counts. */
  prices: z
    .record(
      z.string().regex(/^\+\d{0,10}$/, "must be the beginning of a number such as +49, or + for all"),
      price,
    )
    .default({}),
});
export type SpendSettings = z.infer<typeof spendSchema>;
export type Price = z.infer<typeof price>;

/** Rough list prices in US dollars, for a first estimate; a table of one's own is laid over it. */
const DEFAULT_PRICES: Readonly<Record<string, Price>> = {
  "+": { sms: 0.1, call: 0.15 },
  "+1": { sms: 0.012, call: 0.014 },
  "+31": { sms: 0.11, call: 0.12 },
  "+33": { sms: 0.08, call: 0.1 },
  "+34": { sms: 0.08, call: 0.1 },
  "+39": { sms: 0.09, call: 0.1 },
  "+41": { sms: 0.08, call: 0.12 },
  "+43": { sms: 0.1, call: 0.12 },
  "+44": { sms: 0.05, call: 0.04 },
  "+48": { sms: 0.05, call: 0.1 },
  "+49": { sms: 0.11, call: 0.1 },
};

export type Channel = "sms" | "call";

/** The estimate for a message of so many segments, or a call. */
export function estimate(
  prices: Readonly<Record<string, Price>>,
  e164: string,
  channel: Channel,
  segments: number,
): number {
  for (let length = e164.length; length > 0; length -= 1) {
    const found = prices[e164.slice(0, length)];
    if (found !== undefined) return channel === "sms" ? found.sms * segments : found.call;
  }
  return 0;
}

/** Amounts in millionths. `settled`: the part of `estimate` that `actual` replaces. */
export interface SpendRow {
  /** `2027-01-31`, UTC. */
  readonly day: string;
  readonly country: string;
  readonly client: string;
  readonly channel: Channel;
  readonly count: number;
  readonly estimate: number;
  readonly settled: number;
  readonly actual: number;
}

/** Implemented by store plug-ins. */
export interface SpendStore {
  add(rows: readonly SpendRow[]): Promise<void>;
  /** Days from and to, both included. */
  read(from: string, to: string): Promise<readonly SpendRow[]>;
  total(from: string, to: string): Promise<number>;
}

export interface Sent {
  readonly e164: string;
  readonly country: string;
  readonly client: string;
  readonly channel: Channel;
  readonly segments: number;
}

/** What was written down for one that was sent, and is to be replaced when the provider has named its price. */
export type Owed = Pick<SpendRow, "day" | "country" | "client" | "channel" | "estimate">;

export interface LedgerDeps {
  readonly store: SpendStore;
  readonly storage: Storage;
  readonly settings: () => SpendSettings;
  /** Prices of a file, over those shipped and under those of the settings. */
  readonly prices?: Readonly<Record<string, Price>> | undefined;
  readonly audit: Audit;
  readonly now: Clock;
  readonly onAlarm: (text: string) => void;
  /** Told of each estimate, in millionths. */
  readonly onCost?: ((channel: Channel, country: string, micro: number) => void) | undefined;
}

export const MICRO = 1_000_000;
const LOOK = 5_000;
const MONTH = 32 * 86_400_000;
export const spent = ({
  estimate,
  settled,
  actual,
}: Pick<SpendRow, "estimate" | "settled" | "actual">): number => estimate - settled + actual;
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

export function createLedger(deps: LedgerDeps) {
  const { store, settings, now } = deps;
  const told = deps.storage.records<boolean>("spend-told");
  let pending = new Map<string, SpendRow>();
  let looked: { readonly at: number; readonly today: string; day: number; month: number } | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const prices = () => ({ ...DEFAULT_PRICES, ...deps.prices, ...settings().prices });

  function add(row: SpendRow): void {
    const key = [row.day, row.country, row.client, row.channel].join("\0");
    const known = pending.get(key);
    pending.set(
      key,
      known === undefined
        ? row
        : {
            ...row,
            count: known.count + row.count,
            estimate: known.estimate + row.estimate,
            settled: known.settled + row.settled,
            actual: known.actual + row.actual,
          },
    );
    if (looked === undefined) return;
    if (row.day === looked.today) looked.day += spent(row);
    if (row.day.slice(0, 7) === looked.today.slice(0, 7)) looked.month += spent(row);
  }

  /** One after the other, so that a row on its way is neither missed nor counted twice. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const run = turn.then(act);
    turn = run.catch(() => {});
    return run;
  };

  async function flush(): Promise<void> {
    if (pending.size === 0) return;
    const rows = [...pending.values()];
    pending = new Map();
    try {
      await store.add(rows);
    } catch (problem) {
      const seen = looked;
      looked = undefined;
      for (const row of rows) add(row);
      looked = seen;
      throw problem;
    }
  }

  async function totals() {
    const today = dayOf(now());
    if (looked !== undefined && Math.abs(now() - looked.at) < LOOK && looked.today === today) return looked;
    return inTurn(async () => {
      const month = `${today.slice(0, 7)}-01`;
      const held = [...pending.values()];
      const sum = (from: string) =>
        held.filter(({ day }) => day >= from && day <= today).reduce((total, row) => total + spent(row), 0);
      looked = {
        at: now(),
        today,
        day: (await store.total(today, today)) + sum(today),
        month: (await store.total(month, today)) + sum(month),
      };
      return looked;
    });
  }

  async function tell(
    what: "soft" | "hard",
    span: "day" | "month",
    period: string,
    total: number,
    limit: number,
  ) {
    const first = await told.update(`${what} ${span} ${period} ${limit}`, (before) =>
      before === undefined ? { result: true, write: true, expiresAt: now() + MONTH } : { result: false },
    );
    if (!first) return;
    const facts = { limit: what, span, spent: total / MICRO, of: limit };
    await deps.audit.append({ kind: "spend-limit", at: now(), facts });
    deps.onAlarm(
      what === "hard"
        ? `Texts have cost ${(total / MICRO).toFixed(2)} this ${span}, and ${limit} is where they stop: no more are sent.`
        : `Texts have cost ${(total / MICRO).toFixed(2)} this ${span}, more than the ${limit} from which you want to know.`,
    );
  }

  return {
    /** A provider has taken a message or call. */
    sent({ e164, country, client, channel, segments }: Sent): Owed {
      const cost = Math.round(estimate(prices(), e164, channel, segments) * MICRO);
      deps.onCost?.(channel, country, cost);
      const owed: Owed = { day: dayOf(now()), country, client, channel, estimate: cost };
      add({ ...owed, count: 1, settled: 0, actual: 0 });
      return owed;
    },
    /** The provider's own price of it, which counts on the day it was sent, whatever the table says by now. */
    priced(owed: Owed, actual: number): void {
      add({ ...owed, count: 0, estimate: 0, settled: owed.estimate, actual: Math.round(actual * MICRO) });
    },
    /** Whether the money of the day or the month is spent. */
    async gate(): Promise<"spend" | undefined> {
      const { daySoft, dayHard, monthSoft, monthHard } = settings();
      if ([daySoft, dayHard, monthSoft, monthHard].every((limit) => limit === null)) return undefined;
      const { day, month, today } = await totals();
      for (const [span, total, soft, hard] of [
        ["day", day, daySoft, dayHard],
        ["month", month, monthSoft, monthHard],
      ] as const) {
        const period = span === "day" ? today : today.slice(0, 7);
        if (hard !== null && total >= hard * MICRO) {
          await tell("hard", span, period, total, hard);
          return "spend";
        }
        if (soft !== null && total >= soft * MICRO) await tell("soft", span, period, total, soft);
      }
      return undefined;
    },
    flush: () => inTurn(flush),
    /** Everything from one day to another, what is not written yet included. */
    read: async (from: string, to: string): Promise<readonly SpendRow[]> => {
      await inTurn(flush);
      return store.read(from, to);
    },
  };
}
