/**
 * The gateways in their order, each with its limits and its breaker: which one a send goes to next. It sends nothing
 * itself and knows no code and no number; delivery.ts asks it, compose says which gateways there are. A gateway whose
 * own settings changed begins anew; one that was taken out of the settings is not known here any more.
 */
import { type Breaker, type BreakerRules, createBreaker, createPace, type Pace } from "./breaker.ts";
import type { Channel } from "./delivery-state.ts";
import type { Finding } from "./finding.ts";
import {
  isOperators,
  type Receipt,
  type SmsGateway,
  type SmsMessage,
  type SmsRefusal,
  speaksAgainst,
  worthAnother,
} from "./sms.ts";
import type { Clock, EpochMs } from "./words.ts";

/** A gateway as the settings name it. The same object as long as its settings are the same. */
export interface GatewayEntry {
  readonly name: string;
  readonly gateway: SmsGateway;
  readonly perSecond?: number | undefined;
  readonly perMinute?: number | undefined;
  readonly breaker?: Partial<BreakerRules> | undefined;
}

/** What somebody has to mend at a gateway. */
export interface GatewayProblem {
  readonly gateway: string;
  readonly reason: SmsRefusal;
  readonly providerCode: number | undefined;
  readonly at: EpochMs;
}

/** A refusal that came by report, some time after the gateway took the message. */
interface Reported {
  readonly kind: "reported";
  readonly reason: SmsRefusal;
  readonly providerCode?: number | undefined;
}

export interface GatewayLine {
  /** The next gateway for this channel that is none of `tried`; `busy`: there is one, and it has no room now. */
  next(channel: Channel, tried: ReadonlySet<string>): Promise<GatewayEntry | "busy" | undefined>;
  /** Whether `next` could name one, without taking a place. */
  hasNext(channel: Channel, tried: ReadonlySet<string>): Promise<boolean>;
  find(name: string): Promise<GatewayEntry | undefined>;
  /** What came of a send or call, and of which login it was. */
  told(name: string, outcome: Receipt | Reported, login?: string): void;
  /** Sends what is no code, a notice, through the first gateway that takes it. */
  send(message: SmsMessage): Promise<Receipt>;
  check(): Promise<readonly Finding[]>;
  warm(): Promise<void>;
  /** Which of them are left alone at the moment. */
  states(): Promise<readonly { readonly name: string; readonly isOpen: boolean }[]>;
}

export interface GatewayLineDeps {
  readonly entries: () => Promise<readonly GatewayEntry[]>;
  readonly now: Clock;
  /** Told once in ten minutes per gateway and reason. */
  readonly onProblem: (problem: GatewayProblem) => void;
  /** Told of every answer to a send or call. */
  readonly onTold?: ((gateway: string, receipt: Receipt, login?: string) => void) | undefined;
}

const RULES: BreakerRules = { failures: 5, windowMs: 60_000, restMs: 30_000 };
/** Waiting for a place of a gateway is better than none, but the person waits too. */
const LONGEST_WAIT = 1500;
const TELL_AGAIN = 600_000;

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

export function createGatewayLine({ entries, now, onProblem, onTold }: GatewayLineDeps): GatewayLine {
  const known = new WeakMap<GatewayEntry, { readonly breaker: Breaker; readonly pace: Pace }>();
  const problems = new Map<string, GatewayProblem>();
  const guards = new Map<string, Breaker>();

  function guardOf(entry: GatewayEntry) {
    let guard = known.get(entry);
    if (guard === undefined) {
      guard = { breaker: createBreaker({ ...RULES, ...entry.breaker }, now), pace: createPace(entry, now) };
      known.set(entry, guard);
      guards.set(entry.name, guard.breaker);
    }
    return guard;
  }

  const able = (channel: Channel, { gateway }: GatewayEntry) =>
    channel === "sms" || gateway.call !== undefined;

  function tell(gateway: string, reason: SmsRefusal, providerCode: number | undefined): void {
    const key = `${gateway}\0${reason}`;
    const last = problems.get(key);
    if (last !== undefined && now() - last.at < TELL_AGAIN) return;
    const problem = { gateway, reason, providerCode, at: now() };
    problems.set(key, problem);
    onProblem(problem);
  }

  const candidates = (channel: Channel, tried: ReadonlySet<string>) =>
    entries().then((all) => all.filter((entry) => able(channel, entry) && !tried.has(entry.name)));

  const line: GatewayLine = {
    async next(channel, tried) {
      const all = await candidates(channel, tried);
      // Where every breaker is open, the first gateway is tried all the same: refusing without trying helps nobody.
      const admitted = all.filter((entry) => !guardOf(entry).breaker.isOpen);
      const list = admitted.length > 0 ? admitted : all.slice(0, 1);
      let shortest = Number.POSITIVE_INFINITY;
      for (const entry of list) {
        const { breaker, pace } = guardOf(entry);
        const ms = pace.take();
        if (ms === 0) {
          if (breaker.admits() || admitted.length === 0) return entry;
        } else shortest = Math.min(shortest, ms);
      }
      if (shortest > LONGEST_WAIT) return list.length === 0 ? undefined : "busy";
      await wait(shortest);
      for (const entry of list) if (guardOf(entry).pace.take() === 0) return entry;
      return "busy";
    },
    hasNext: (channel, tried) => candidates(channel, tried).then(({ length }) => length > 0),
    find: (name) => entries().then((all) => all.find((entry) => entry.name === name)),
    told(name, outcome, login) {
      if (outcome.kind !== "reported") onTold?.(name, outcome, login);
      if (outcome.kind === "accepted") return guards.get(name)?.told(true);
      const { reason } = outcome;
      if (outcome.kind === "refused" && speaksAgainst(reason)) guards.get(name)?.told(false);
      // A refusal over a number shows that the gateway works.
      else if (outcome.kind === "refused" && !isOperators(reason)) guards.get(name)?.told(true);
      if (isOperators(reason)) tell(name, reason, outcome.providerCode);
    },
    async send(message) {
      const tried = new Set<string>();
      for (;;) {
        const entry = await line.next("sms", tried);
        if (entry === undefined || entry === "busy") return { kind: "refused", reason: entry ?? "other" };
        const receipt = await entry.gateway.send(message);
        line.told(entry.name, receipt);
        tried.add(entry.name);
        const done = receipt.kind === "accepted" || !worthAnother(receipt.reason);
        if (done || !(await line.hasNext("sms", tried))) return receipt;
      }
    },
    async check() {
      const all = await entries();
      const found = await Promise.all(
        all.map(async (entry) => {
          const findings = await entry.gateway.check();
          const named = (message: string) => (all.length > 1 ? `${entry.name}: ${message}` : message);
          const open = guardOf(entry).breaker.isOpen;
          return [
            ...findings.map((finding) => ({ ...finding, message: named(finding.message) })),
            ...(open
              ? [
                  {
                    level: "warning",
                    message: named("It has failed so often that it is left alone."),
                  } as const,
                ]
              : []),
          ];
        }),
      );
      const recent = [...problems.values()].filter(({ at }) => now() - at < 6 * TELL_AGAIN);
      return [...found.flat(), ...recent.map(problemFinding)];
    },
    states: async () =>
      (await entries()).map((entry) => ({ name: entry.name, isOpen: guardOf(entry).breaker.isOpen })),
    async warm() {
      for (const { gateway } of await entries()) await gateway.warm?.();
    },
  };
  return line;
}

const WORDS: Partial<Record<SmsRefusal, string>> = {
  credentials: "it refuses our credentials; compare them with the provider's console",
  sender: "it refuses our sender; check that the number is owned, able to send there, and registered",
  "region-not-enabled":
    "it may not send to a country; enable the country in the provider's geographic permissions",
  "trial-account": "its account is a trial one and sends to verified numbers only; upgrade it",
  suspended: "its account is suspended; see the provider's console",
  message: "it refuses our text; shorten the template",
};

/** What the problem is and what to do, as a sentence's second half. */
export const problemWords = (reason: SmsRefusal): string => WORDS[reason] ?? "it refuses what we send";

function problemFinding({ gateway, reason, providerCode }: GatewayProblem): Finding {
  const code = providerCode === undefined ? "" : ` (error ${providerCode})`;
  return { level: "error", message: `${gateway}: ${problemWords(reason)}${code}.` };
}
