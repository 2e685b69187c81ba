/**
 * What a provider's word makes of a challenge, and what the audit says of its attempts. Pure; called by delivery.ts,
 * which commits it. It believes nobody: whose word it is was found out before.
 */
import type { AuditEvent } from "./audit.ts";
import type { Challenge } from "./codes.ts";
import { type Attempt, advance, hasFailed, isTaken, isTerminal } from "./delivery-state.ts";
import type { AttemptName } from "./report-url.ts";
import { PhoneNumber } from "./secret.ts";
import { type Receipt, type Report, worthAnother } from "./sms.ts";
import type { EpochMs } from "./words.ts";

/** Name of the outbox row of a challenge's present send. */
export const keyOf = ({ id, sends }: Pick<Challenge, "id" | "sends">): string => `${id}.${sends}`;

/** Whether a send of this key is of no use any more. */
export const isStale = (challenge: Challenge, key: string, now: EpochMs): boolean =>
  challenge.spent || key !== keyOf(challenge) || challenge.endsAt - now < 1000;

/** A word that was verified, and what it is about. */
export interface Word {
  readonly challenge: Challenge;
  readonly name: AttemptName;
  readonly word: Exclude<Report, string>;
  /** Whether another gateway stands by. */
  readonly another: boolean;
  /** Whether an attempt in this state is all that could be hoped for. */
  readonly isEnough: (attempt: Attempt) => boolean;
  /** Whether this process is still at it: what is known of the attempt may not be durable yet. */
  readonly isUnderWay: boolean;
  readonly now: EpochMs;
}

export interface Heard {
  readonly attempt: Attempt;
  readonly events: readonly AuditEvent[];
  readonly isNews: boolean;
  /** The next gateway is to bring the same code. */
  readonly goesOn: boolean;
  /** Nothing is to be sent for this send any more, and there may be a row that says otherwise. */
  readonly isOver: boolean;
  /** Taken after all, although nobody had answered: it costs as much. */
  readonly late: boolean;
}

/** What it changes; undefined: nothing. An attempt alone: a state that is worth telling, and on which nothing hangs. */
export function hear({
  challenge,
  name,
  word,
  another,
  isEnough,
  isUnderWay,
  now,
}: Word): Heard | { readonly passing: Attempt } | undefined {
  const attempts = challenge.attempts ?? [];
  const known = attempts.find(({ send, number }) => send === name.send && number === name.number);
  // Of an attempt that is not written down, only the one that is being made can be spoken of, at a gateway of its own.
  const own = attempts.filter(({ send }) => send === challenge.sends);
  const isNext = name.send === challenge.sends && name.number === own.length + 1;
  if (known === undefined && !(isNext && own.every(({ gateway }) => gateway !== name.gateway)))
    return undefined;
  const before: Attempt = known ?? {
    send: name.send,
    number: name.number,
    gateway: name.gateway,
    channel: challenge.channel ?? "sms",
    state: "pending",
    at: now,
    stateAt: now,
  };
  if (before.gateway !== name.gateway) return undefined;
  // One message, one name: what was said of another is not said of this one.
  if (before.providerId !== undefined && before.providerId !== word.id) return undefined;
  const attempt = advance(before, { ...word, providerId: word.id }, now);
  if (attempt === before) return undefined;
  // Taken before and not arrived after: nobody is shown anything else, so the word is worth no commit, unless it takes
  // back what would be sent without it.
  const isOnTheWay =
    isTaken(before) && before.providerId === attempt.providerId && !isTerminal(attempt.state);
  if (isOnTheWay && !isEnough(attempt)) return undefined;
  if (isOnTheWay && before.isLast === true && !isUnderWay) return { passing: attempt };
  const isCurrent = attempt.send === challenge.sends && !isStale(challenge, keyOf(challenge), now);
  const isNewest = own.every(({ number }) => number <= attempt.number);
  const goesOn =
    isCurrent &&
    isNewest &&
    known !== undefined &&
    another &&
    hasFailed(attempt.state) &&
    worthAnother(attempt.reason ?? "other");
  return {
    attempt,
    events: isTerminal(attempt.state) ? [endEvent(challenge, attempt, word.id, now)] : [],
    isNews: attempt.state !== before.state,
    goesOn,
    isOver:
      isCurrent &&
      known !== undefined &&
      known.isLast !== true &&
      (isEnough(attempt) || (isNewest && isTerminal(attempt.state))),
    late: before.state === "unknown" && !hasFailed(attempt.state),
  };
}

/** What the audit says of an attempt that was made. */
export function sentEvent(challenge: Challenge, attempt: Attempt, receipt: Receipt, at: EpochMs): AuditEvent {
  const of = factsOf(challenge, attempt);
  return {
    ...whoAndWhere(challenge, at),
    kind: receipt.kind === "accepted" ? "code-sent" : "code-send-failed",
    facts:
      receipt.kind === "accepted"
        ? { ...of, messageId: receipt.id }
        : { ...of, reason: receipt.reason, providerCode: receipt.providerCode ?? null },
  };
}

function endEvent(challenge: Challenge, attempt: Attempt, messageId: string, at: EpochMs): AuditEvent {
  const arrived = attempt.state === "delivered";
  const { reason = null, providerCode = null } = attempt;
  return {
    ...whoAndWhere(challenge, at),
    kind: arrived ? "code-delivered" : "code-undelivered",
    facts: { ...factsOf(challenge, attempt), messageId, ...(arrived ? {} : { reason, providerCode }) },
  };
}

const whoAndWhere = ({ subject, boundTo, client, address }: Challenge, at: EpochMs) => ({
  at,
  subject,
  login: boundTo,
  client,
  address,
});

const factsOf = ({ purpose, phone, country }: Challenge, { gateway, channel }: Attempt) => ({
  factor: "sms",
  purpose,
  phone: new PhoneNumber(phone).toString(),
  country: country ?? null,
  gateway,
  channel,
});
