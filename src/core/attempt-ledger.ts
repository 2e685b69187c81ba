/**
 * The attempts of a challenge, changed: one commit with the outbox and the audit, tried anew where somebody else (the
 * person with a code, the provider with a report) was faster. Whoever counts sends is told after the commit. Used by
 * delivery.ts alone.
 */
import type { AuditEvent } from "./audit.ts";
import { type Challenge, KEEP } from "./codes.ts";
import { type Attempt, withAttempt } from "./delivery-state.ts";
import { Breakage } from "./errors.ts";
import { createLately } from "./lately.ts";
import type { Records, Storage, Versioned, Write } from "./records.ts";
import { PhoneNumber } from "./secret.ts";
import type { OnSend, SendFact } from "./send-fact.ts";

/** What is to be committed; `attempt` replaces the one of its number. */
export interface AttemptChange {
  readonly attempt?: Attempt | undefined;
  readonly outbox?: Write | undefined;
  readonly events?: readonly AuditEvent[] | undefined;
  /** Whether the attempt's new state is a fact for those who count. */
  readonly isNews?: boolean | undefined;
}

export interface AttemptLedger {
  /**
   * Applies what `change` makes of the challenge as it is; `found` is where it begins. Answers the challenge after it,
   * undefined where there is none or where `change` gives none.
   */
  apply(
    id: string,
    found: Versioned<Challenge> | undefined,
    change: (challenge: Challenge) => AttemptChange | undefined,
  ): Promise<Versioned<Challenge> | undefined>;
  /** Tells whoever counts of a state that is not written down; of the same one once, as long as it is remembered. */
  mention(challenge: Challenge, attempt: Attempt): void;
}

const ROUNDS = 50;
/** States that are remembered as told; a word that comes again comes within seconds. */
const LEAST_TOLD = 500;

export function createAttemptLedger(deps: {
  readonly storage: Storage;
  readonly onSend?: OnSend | undefined;
  readonly onProblem: (problem: unknown) => void;
}): AttemptLedger {
  const challenges: Records<Challenge> = deps.storage.records("challenge");

  function tell(challenge: Challenge, attempt: Attempt): void {
    if (deps.onSend === undefined) return;
    // In a turn of its own: whoever counts must not hold up a send, nor break it.
    Promise.resolve(factOf(challenge, attempt)).then(deps.onSend).catch(deps.onProblem);
  }

  const told = createLately<string, true>(LEAST_TOLD);

  return {
    mention(challenge, attempt) {
      if (deps.onSend === undefined) return;
      const name = `${challenge.id}.${attempt.send}.${attempt.number} ${attempt.state}`;
      if (told.get(name) === true) return;
      told.set(name, true);
      tell(challenge, attempt);
    },
    async apply(id, found, change) {
      let current = found ?? (await challenges.read(id));
      for (let round = 0; round < ROUNDS; round += 1) {
        if (current === undefined) return undefined;
        const { value, version } = current;
        const made = change(value);
        if (made === undefined) return undefined;
        const { attempt, outbox, events = [], isNews = false } = made;
        const next: Challenge =
          attempt === undefined ? value : { ...value, attempts: withAttempt(value.attempts ?? [], attempt) };
        const write = challenges.write(id, next, next.endsAt + KEEP, { expect: version });
        const writes = outbox === undefined ? [write] : [write, outbox];
        if (await deps.storage.commit(writes, events)) {
          if (attempt !== undefined && isNews) tell(next, attempt);
          return { value: next, version: write.version };
        }
        current = await challenges.read(id);
      }
      throw new Breakage("store-conflict", "A challenge changes too fast to be told of.", { retryAfter: 1 });
    },
  };
}

const factOf = (challenge: Challenge, attempt: Attempt): SendFact => ({
  challenge: challenge.id,
  send: attempt.send,
  number: attempt.number,
  login: challenge.boundTo,
  subject: challenge.subject,
  phone: new PhoneNumber(challenge.phone),
  country: challenge.country,
  purpose: challenge.purpose,
  gateway: attempt.gateway,
  channel: attempt.channel,
  providerId: attempt.providerId,
  state: attempt.state,
  reason: attempt.reason,
  providerCode: attempt.providerCode,
  begunAt: attempt.at,
  at: attempt.stateAt,
});
