/**
 * The pumping guard at work: counts typed numbers and the right codes that came of them, judges each before it gets a text,
 * and writes down every decision with what it was made of. Asked by sending.ts for numbers that were typed. Texts to phones
 * that are bound are counted as well, apart (guard-bound.ts looks at them), and never refused: a guard that others can
 * trip must not be turned against an owner. Its counts have the error of tallies.ts, so
 * a burst within seconds over several nodes is seen late: the budgets bound that.
 */

import { BOUND } from "./guard-bound.ts";
import { networksOf } from "./network.ts";
import {
  DAY_HOURS,
  type Evidence,
  judge,
  type Measures,
  measure,
  PAST_HOURS,
  type Verdict,
} from "./pumping.ts";
import type { PumpingSettings } from "./pumping-settings.ts";
import { PhoneNumber } from "./secret.ts";
import type { OpenSend, SendRefusal, SendRequest } from "./sending.ts";
import { blockOf } from "./sending-draws.ts";
import type { SendingSettings } from "./sending-settings.ts";
import type { Tallies } from "./tallies.ts";
import type { Clock, EpochMs } from "./words.ts";

/** One decision as it is kept: no number but its last two digits. */
export type Decision = {
  readonly at: EpochMs;
  readonly login: string;
  readonly client: string;
  readonly country: string;
  readonly phone: string;
  readonly address: string;
  /** Undefined: nothing spoke against it. `elsewhere`: typed at an address of this other country. */
  readonly verdict?: Verdict | undefined;
  readonly elsewhere?: string | undefined;
  readonly blocked: boolean;
  readonly evidence: Evidence;
};

/** Implemented by store plug-ins; keeps the newest. */
export interface DecisionStore {
  add(decisions: readonly Decision[]): Promise<void>;
  /** Newest first, from before a number; each with its own. */
  list(query: {
    readonly since: EpochMs;
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<readonly (Decision & { readonly seq: number })[]>;
  /** Forgets those before a moment, and all but the newest `most`. */
  forget(before: EpochMs, most: number): Promise<void>;
}

export interface GuardDeps {
  readonly tallies: Tallies;
  readonly settings: () => PumpingSettings;
  readonly sending: () => SendingSettings;
  readonly decisions: Pick<DecisionStore, "add">;
  /** ISO country of an address, where a table of them is configured. */
  readonly countryOfAddress?: ((address: string) => Promise<string | undefined>) | undefined;
  readonly now: Clock;
}

const HOUR = 3_600_000;
const MOST_PENDING = 10_000;
/** Each number of a login, with what went to it. */
const eachOf = (open: OpenSend): readonly OpenSend[] => [
  open,
  ...(open.earlier ?? []).map((one) => ({ ...open, ...one })),
];
type Facts = Pick<OpenSend, "e164" | "country" | "address" | "lane">;

export function createGuard(deps: GuardDeps) {
  const { tallies, settings, now } = deps;
  let pending: Decision[] = [];
  const hourOf = () => Math.floor(now() / HOUR);
  const placeOf = (address: string) => networksOf(address).zones[0] ?? "elsewhere";
  const bound = ({ e164, country, address }: Facts) =>
    [country, blockOf(e164, 4), placeOf(address)].map((name, at) => [BOUND[at] ?? "", name] as const);
  const names = ({ e164, country, address }: Facts): readonly (readonly [kind: string, name: string])[] => [
    ["typed country", country],
    ["typed block", blockOf(e164, 4)],
    ["typed address", placeOf(address)],
    ["typed from", `${placeOf(address)} ${country}`],
  ];

  const count = (facts: Facts, sent: number, verified: number) => {
    const counted = facts.lane === "stranger" ? names(facts) : bound(facts);
    for (const [kind, name] of counted) tallies.add(kind, name, hourOf(), sent, verified);
  };

  async function evidenceOf(request: Facts): Promise<Evidence> {
    const hour = hourOf();
    const of = async (index: 0 | 1 | 2): Promise<Measures> => {
      const [kind = "", name = ""] = names(request)[index] ?? [];
      return measure(await tallies.read(kind, name, hour - PAST_HOURS + 1), hour);
    };
    const from = await tallies.list("typed from", `${placeOf(request.address)} `, hour - DAY_HOURS + 1);
    const verified = new Set(from.filter(({ b }) => b > 0).map(({ name }) => name));
    // Of each hour what was given back (`abandoned`) is taken off, so that a country may be left with nothing.
    const sent = new Map<string, number>();
    for (const { name, a } of from) sent.set(name, (sent.get(name) ?? 0) + a);
    const open = new Set(
      [...sent].filter(([name, count]) => count > 0 && !verified.has(name)).map(([name]) => name),
    );
    const own = `${placeOf(request.address)} ${request.country}`;
    if (!verified.has(own)) open.add(own);
    return {
      country: await of(0),
      block: await of(1),
      address: await of(2),
      countries: open.size,
    };
  }

  async function elsewhereOf({ address, country }: SendRequest): Promise<string | undefined> {
    if (deps.sending().elsewhere === "off") return undefined;
    const found = await deps.countryOfAddress?.(address);
    return found === country ? undefined : found;
  }

  return {
    /** Whether a typed number may get a text; writes down what it was decided by. */
    async gate(request: SendRequest): Promise<SendRefusal | undefined> {
      if (request.lane !== "stranger") return undefined;
      const { mode } = settings();
      const elsewhere = await elsewhereOf(request);
      if (mode === "off" && elsewhere === undefined) return undefined;
      const evidence = await evidenceOf(request);
      const verdict = mode === "off" ? undefined : judge(evidence, settings());
      const abroad = elsewhere !== undefined && deps.sending().elsewhere === "refuse";
      const guarded = mode === "protect" && verdict !== undefined;
      const { login, client, country, e164, address } = request;
      if (pending.length < MOST_PENDING)
        pending.push({
          at: now(),
          login,
          client,
          country,
          phone: new PhoneNumber(e164).toString(),
          address,
          verdict,
          elsewhere,
          blocked: abroad || guarded,
          evidence,
        });
      return abroad ? "elsewhere" : guarded ? "guard" : undefined;
    },
    sent: (facts: Facts): void => count(facts, 1, 0),
    /** Every text of a login whose code came back was wanted. */
    verified(open: OpenSend): void {
      for (const one of eachOf(open)) count(one, 0, one.sends);
    },
    /** The person finished with another factor: their texts say nothing about pumping. */
    abandoned(open: OpenSend): void {
      for (const one of eachOf(open)) count(one, -one.sends, 0);
    },
    async flush(): Promise<void> {
      if (pending.length === 0) return;
      const batch = pending;
      pending = [];
      try {
        await deps.decisions.add(batch);
      } catch (problem) {
        pending = [...batch, ...pending].slice(-MOST_PENDING);
        throw problem;
      }
    },
  };
}

export type Replay = {
  readonly decisions: number;
  readonly blocked: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly countries: Readonly<Record<string, number>>;
};

/** What other thresholds would have blocked, each decision by what was known then. What they had blocked would not have been
 * counted later on, so a stricter setting blocks at most as many as this says. */
export function replay(decisions: readonly Decision[], settings: PumpingSettings): Replay {
  const add = (counts: Record<string, number>, name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const reasons: Record<string, number> = {};
  const countries: Record<string, number> = {};
  let blocked = 0;
  for (const { evidence, country } of decisions) {
    const verdict = settings.mode === "off" ? undefined : judge(evidence, settings);
    if (verdict === undefined) continue;
    blocked += 1;
    add(
      reasons,
      verdict.scope === "countries" ? "countries of one address" : `${verdict.scope}, ${verdict.span}`,
    );
    add(countries, country);
  }
  return { decisions: decisions.length, blocked, reasons, countries };
}
