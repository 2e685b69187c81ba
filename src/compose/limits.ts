/** Puts together what bounds guessing and sending: the counts they share, the brake, the budgets, the guard, the money. */
import { randomUUID } from "node:crypto";
import type { Audit } from "../core/audit.ts";
import { createBrake } from "../core/brake.ts";
import type { Challenge, CodesDeps } from "../core/codes.ts";
import type { GatewayLine } from "../core/gateway-line.ts";
import { createGuard } from "../core/guard.ts";
import { BOUND, lookAtBound } from "../core/guard-bound.ts";
import type { LoginRecord } from "../core/login.ts";
import type { NoticeSenderDeps } from "../core/notice-sender.ts";
import { createPrices, type Priceable } from "../core/prices.ts";
import { createSending } from "../core/sending.ts";
import type { Limits } from "../core/settings.ts";
import { type Channel, createLedger } from "../core/spend.ts";
import { createTallies } from "../core/tallies.ts";
import { testNumberOf } from "../core/test-numbers.ts";
import type { Subject } from "../core/words.ts";
import type { Metrics } from "../surfaces/metrics/series.ts";
import { HAPPENED } from "./overview.ts";
import type { Parts } from "./parts.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const KINDS = ["typed country", "typed block", "typed address", "typed from", ...BOUND];
const DAY = 24 * HOUR;
const PAST = 15 * DAY;
const DECISIONS_KEPT = 30 * 24 * HOUR;
const MOST_DECISIONS = 50_000;

/** A message or call that a provider has taken. */
interface Taken {
  readonly channel: Channel;
  readonly segments: number;
  readonly message?: Priceable | undefined;
}

export interface LimitParts {
  readonly line: Pick<GatewayLine, "find">;
  readonly parts: Parts;
  readonly audit: Audit;
  readonly alarm: (text: string) => void;
  readonly onProblem: (problem: unknown) => void;
  readonly countryOfAddress: ((address: string) => Promise<string | undefined>) | undefined;
  /** Figures, where somebody wants them. */
  readonly metrics?: Pick<Metrics, "cost" | "decided"> | undefined;
}

export function composeLimits({
  line,
  parts,
  audit,
  alarm,
  onProblem,
  countryOfAddress,
  metrics,
}: LimitParts) {
  const { config, store, storage, settings, now } = parts;
  const plain = () => settings.document().limits;
  const tallies = createTallies({ store: store.tallies, now });
  const brake = createBrake({ tallies, storage, limits: plain, audit, now, onAlarm: alarm });
  const guard = createGuard({
    tallies,
    settings: () => settings.document().pumping,
    sending: () => settings.document().sending,
    decisions: {
      async add(decisions) {
        await store.decisions.add(decisions);
        metrics?.decided(decisions);
      },
    },
    countryOfAddress,
    now,
  });
  const ledger = createLedger({
    store: store.spend,
    storage,
    settings: () => settings.document().spend,
    prices: config.smsPrices,
    audit,
    now,
    onAlarm: alarm,
    onCost: metrics?.cost,
  });
  const prices = createPrices({
    storage,
    find: line.find,
    priced: ledger.priced,
    currency: () => settings.document().spend.currency,
    now,
    newId: () => randomUUID(),
    onForeign: (currency) =>
      alarm(
        `The provider's prices are in ${currency}, and spend.currency is ${settings.document().spend.currency}: estimates stand.`,
      ),
  });
  /** Whether anything may be sent at all: what is no person's doing (another gateway, a notice) asks this alone. */
  const maySend = async (): Promise<boolean> =>
    !settings.document().sending.stopped && (await ledger.gate()) === undefined;
  const notices: Pick<NoticeSenderDeps, "mayText" | "onTaken"> = {
    mayText: maySend,
    onTaken: (taken) => void ledger.sent({ ...taken, channel: "sms" }),
  };
  const sending = createSending({
    storage,
    settings: () => settings.document().sending,
    now,
    gates: [ledger.gate, guard.gate],
    onSend: guard.sent,
  });
  const testNumber = (e164: string) => testNumberOf(settings.document().testNumbers, e164, now());
  const hooks: Pick<CodesDeps, "onCompared" | "withRight" | "fixedCode"> = {
    fixedCode: (e164) => testNumber(e164)?.code,
    onCompared: brake.told,
    async withRight({ subject, boundTo }, fresh) {
      const { writes, open } = await sending.proven(subject, boundTo, fresh);
      return { writes, done: () => open !== undefined && guard.verified(open) };
    },
  };
  return {
    /** The limits in force: those of the settings, or tighter. */
    limits: (): Limits => brake.tightened(plain()),
    brake,
    tallies,
    hooks,
    /** What the factor that sends asks. */
    factor: {
      sending,
      testNumberOf: testNumber,
      hasRole: async (subject: Subject) => ((await parts.directory.get(subject))?.roles.length ?? 0) > 0,
    },
    notices,
    maySend,
    /** A provider has taken a text or a call. */
    onAccepted({ phone, country = "", client }: Challenge, { message, channel, segments }: Taken): void {
      const owed = ledger.sent({ e164: phone, country, client, channel, segments });
      if (message !== undefined) prices.add(message, owed);
    },
    prices,
    /** A login that ended without its code: the person had something better. */
    onProven({ id, subject, proofs, startedAt }: LoginRecord): void {
      if (subject === undefined || proofs.some(({ factor, at }) => factor === "sms" && at >= startedAt))
        return;
      void sending
        .abandoned(subject, id)
        .then((open) => open !== undefined && guard.abandoned(open))
        .catch(onProblem);
    },
    async flush(): Promise<void> {
      await Promise.all([tallies.flush(), guard.flush(), ledger.flush(), prices.flush()]);
    },
    /** Alarms where texts to bound phones go unanswered. */
    lookAtBound: () =>
      lookAtBound({
        tallies,
        storage,
        settings: () => settings.document().pumping,
        audit,
        now,
        onAlarm: alarm,
      }),
    /** Forgets counts and decisions that nobody asks for any more. */
    async tidy(): Promise<void> {
      await store.tallies.forget("codes", Math.floor((now() - HOUR) / MINUTE));
      for (const kind of KINDS) await store.tallies.forget(kind, Math.floor((now() - PAST) / HOUR));
      await store.tallies.forget(HAPPENED, Math.floor((now() - 2 * DAY) / HOUR));
      await store.decisions.forget(now() - DECISIONS_KEPT, MOST_DECISIONS);
    },
  };
}
