/**
 * What becomes of one attempt to bring a code, as far as the provider tells. Its word comes late, repeated, out of order,
 * and before the answer to the send itself; so an attempt only ever moves forward, and an end is an end. Pure: called by
 * delivery.ts and delivery-report.ts, and by the code page for what it says.
 */
import type { DeliveryState, SmsRefusal } from "./sms.ts";
import type { EpochMs } from "./words.ts";

/** How a code is brought. */
export type Channel = "sms" | "call";

/** One attempt: one message or call at one gateway. */
export type Attempt = {
  /** Counts the sends a person caused; a failover stays in the same one. */
  readonly send: number;
  /** Counts the attempts within that send, from 1. */
  readonly number: number;
  readonly gateway: string;
  readonly channel: Channel;
  readonly state: DeliveryState;
  readonly reason?: SmsRefusal | undefined;
  readonly providerCode?: number | undefined;
  /** The provider's own name for it. */
  readonly providerId?: string | undefined;
  /** When it was begun, and when it came into its state. */
  readonly at: EpochMs;
  readonly stateAt: EpochMs;
  /** With its answer the outbox row went: nothing waits for a receipt, and nothing goes on but what a failure writes. */
  readonly isLast?: true | undefined;
};

/** What a provider, or the send itself, has said of an attempt. */
export interface News {
  readonly state: DeliveryState;
  readonly reason?: SmsRefusal | undefined;
  readonly providerCode?: number | undefined;
  readonly providerId?: string | undefined;
}

const RANK: Readonly<Record<DeliveryState, number>> = {
  pending: 0,
  unknown: 1,
  accepted: 2,
  queued: 3,
  sending: 4,
  sent: 5,
  delivered: 6,
  undelivered: 6,
  failed: 6,
  canceled: 6,
};

const TERMINAL = RANK.delivered;

/** Whether nothing can come after it. */
export const isTerminal = (state: DeliveryState): boolean => RANK[state] === TERMINAL;

/** Whether the provider has it, or had it. */
export const isTaken = ({ state }: Attempt): boolean => RANK[state] >= RANK.accepted;

/** Whether the message did not and will not arrive. */
export const hasFailed = (state: DeliveryState): boolean => isTerminal(state) && state !== "delivered";

/** The attempt after the news; the very same object when it is no news. */
export function advance(attempt: Attempt, news: News, at: EpochMs): Attempt {
  const providerId = attempt.providerId ?? news.providerId;
  if (RANK[news.state] > RANK[attempt.state]) {
    const { reason, providerCode } = news;
    return { ...attempt, state: news.state, reason, providerCode, providerId, stateAt: at };
  }
  return providerId === attempt.providerId ? attempt : { ...attempt, providerId };
}

/** Attempts that are kept of one challenge; the oldest go first. */
export const MOST_ATTEMPTS = 24;

/** The attempts with `changed` in its place, or at its place where it is new. */
export function withAttempt(attempts: readonly Attempt[], changed: Attempt): readonly Attempt[] {
  const isSame = ({ send, number }: Attempt) => send === changed.send && number === changed.number;
  const next = attempts.some(isSame)
    ? attempts.map((one) => (isSame(one) ? changed : one))
    : [...attempts, changed].sort((a, b) => a.send - b.send || a.number - b.number);
  return next.slice(-MOST_ATTEMPTS);
}

/** The provider's own name for the message a code has come by: of the newest attempt that has not failed, as in `channelOf`. */
export const messageOf = (attempts: readonly Attempt[]): string | undefined =>
  (attempts.findLast(({ state }) => !hasFailed(state)) ?? attempts.at(-1))?.providerId;

/** What a person is told of the last send: how far its best attempt has come. */
export interface DeliveryView {
  readonly state: "sending" | "sent" | "delivered" | "failed";
  readonly channel: Channel;
  readonly reason?: SmsRefusal | undefined;
  readonly at: EpochMs;
}

/**
 * Looks at the attempts of one send. The furthest counts, for what one gateway has brought, another one's failure does not
 * take back; where all have failed, the last.
 */
export function viewOf(
  attempts: readonly Attempt[],
  send: number,
  fallback: { readonly channel: Channel; readonly at: EpochMs },
): DeliveryView {
  const own = attempts.filter((attempt) => attempt.send === send);
  const alive = own.filter(({ state }) => !hasFailed(state));
  const best = alive.reduce<Attempt | undefined>(
    (first, next) => (first === undefined || RANK[next.state] >= RANK[first.state] ? next : first),
    undefined,
  );
  if (best !== undefined && RANK[best.state] >= RANK.accepted)
    return {
      state: best.state === "delivered" ? "delivered" : "sent",
      channel: best.channel,
      at: best.stateAt,
    };
  const last = own.at(-1);
  if (last === undefined) return { state: "sending", ...fallback };
  const seen = { channel: last.channel, at: last.stateAt };
  if (alive.some(({ state }) => state === "pending")) return { state: "sending", ...seen };
  return { state: "failed", reason: last.reason ?? "other", ...seen };
}

/**
 * By what a code has come that was typed now: the newest attempt that has not failed, the newest of all otherwise. The
 * last send counts as soon as it is asked for, by `channel`.
 */
export function channelOf(attempts: readonly Attempt[], send: number, channel: Channel): Channel {
  if (attempts.at(-1)?.send !== send) return channel;
  return (attempts.findLast(({ state }) => !hasFailed(state)) ?? attempts.at(-1))?.channel ?? channel;
}
