/**
 * One-time codes: made, sent again, checked. The only place that compares a code (a floor rule forbids it elsewhere).
 *
 * A code is never stored: it is derived from a key, the login and 16 random bytes (derive.ts). `check` takes the
 * account's slot, then the code's slot, and both are spent before the comparison, so a crash can only cost the person
 * a try. The account's counter hangs on the account and the factor, over all logins, codes and browsers, and only a
 * right code resets it (NIST SP 800-63B-4 §3.2.2; CVE-2026-128332 is what happens otherwise).
 */
import { timingSafeEqual } from "node:crypto";
import { type Along, alone, type Claim, pause, ROUNDS } from "./claim.ts";
import { deriveCode } from "./code-derive.ts";
import { createFailures, type FailureCount } from "./code-failures.ts";
import { type Attempt, type Channel, channelOf, messageOf } from "./delivery-state.ts";
import { Breakage } from "./errors.ts";
import type { Keys } from "./keys.ts";
import type { Effects } from "./mechanism.ts";
import type { CodePurpose } from "./message-texts.ts";
import { randomName } from "./random.ts";
import type { Records, Storage, Write } from "./records.ts";
import { type PhoneNumber, Secret } from "./secret.ts";
import type { Limits } from "./settings.ts";
import { createTurns } from "./turns.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

/** The stored side of a code. `phone` is E.164; the row is sealed like every record. */
export type Challenge = {
  readonly id: string;
  readonly subject: Subject;
  readonly phone: string;
  readonly purpose: CodePurpose;
  /** The login that asked. A code is right in no other (ASVS 6.6.2). */
  readonly boundTo: string;
  /** The relying party, by its id and by its name, and the language of the person: what the message is made of. */
  readonly client: string;
  readonly appName: string;
  readonly locale: string;
  /** ISO 3166-1 country of the phone, for whoever counts sends. */
  readonly country?: string | undefined;
  /** Whence it was asked for, for the audit. */
  readonly address?: string | undefined;
  /** Of a test number: its code stands in the settings, and nothing is sent. */
  readonly fixed?: boolean | undefined;
  readonly random: string;
  readonly keyId: string;
  readonly digits: number;
  readonly firstSentAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly tries: number;
  readonly sends: number;
  readonly resendAt: EpochMs;
  readonly spent: boolean;
  /** By what the last send goes. */
  readonly channel: Channel;
  /** What became of it so far, oldest first; bounded (delivery-state.ts). */
  readonly attempts: readonly Attempt[];
};

/** A message that has been promised and not yet confirmed. Holds no code and no number: both are in the challenge. */
export type OutboxRow = {
  readonly key: string;
  readonly challenge: string;
  /** Until then somebody is at it, or the provider may still tell that it has arrived. */
  readonly leaseUntil: EpochMs;
  readonly expiresAt: EpochMs;
};

/** The message a code that was compared belongs to, for the audit. */
export interface Compared {
  /** The provider's own name for it. */
  readonly messageId: string | undefined;
  readonly country: string | undefined;
  /** Seconds between the send and the code being typed, to a tenth. */
  readonly seconds: number;
}

export type CodeCheck =
  /** `channel`: by what it has come. `along`: what makes it count, where the caller has claimed. */
  | {
      readonly kind: "right";
      readonly channel: Channel;
      readonly of: Compared;
      readonly along?: Along | undefined;
    }
  /** `failures`: in a row, over all codes and logins of the account; `pausedUntil`: with this one a pause begins. */
  | {
      readonly kind: "wrong";
      readonly left: number;
      readonly failures: number;
      readonly pausedUntil: EpochMs;
      readonly of: Compared;
    }
  /** `compared`: with this try it was disabled; absent where it had been before. */
  | {
      readonly kind: "disabled";
      readonly compared?: { readonly failures: number; readonly of: Compared } | undefined;
    }
  | { readonly kind: "malformed" | "expired" | "spent" }
  /** Another form has had the turn: nothing was counted and nothing compared. */
  | { readonly kind: "lost" }
  | { readonly kind: "paused"; readonly until: EpochMs };

export type Issued =
  | ({ readonly kind: "issued"; readonly challenge: string } & Effects)
  | { readonly kind: "disabled" }
  | { readonly kind: "paused"; readonly until: EpochMs };

export type Resent =
  | ({ readonly kind: "same" | "new" } & Effects)
  | { readonly kind: "too-soon"; readonly seconds: number }
  | { readonly kind: "limit" | "gone" | "disabled" }
  | { readonly kind: "paused"; readonly until: EpochMs };

export interface Codes {
  /** `sendsSoFar`: what this login has sent already, to other numbers too. */
  issue(request: {
    subject: Subject;
    phone: PhoneNumber;
    purpose: CodePurpose;
    boundTo: string;
    client: string;
    appName: string;
    locale: string;
    country?: string;
    address?: string;
    fixed?: boolean;
    sendsSoFar?: number;
  }): Promise<Issued>;
  /** The same code once more, by text or call; the same limits hold for both, and no try is given back. */
  resend(challenge: string, boundTo: string, channel?: Channel): Promise<Resent>;
  /** With a `claim` its turn is taken with the slots, and a right code counts when its `along` is committed. */
  check(challenge: string, code: string, boundTo: string, claim?: Claim): Promise<CodeCheck>;
  look(challenge: string, boundTo: string): Promise<Challenge | undefined>;
  failures(subject: Subject): Promise<FailureCount>;
  /** The code and number of a challenge, for the one who sends it. */
  reveal(challenge: Challenge): Secret;
}

export interface CodesDeps {
  readonly storage: Storage;
  readonly keys: Keys;
  readonly limits: () => Limits;
  readonly now: Clock;
  readonly newId: () => string;
  /** The code of a test number; undefined when it is one no more. */
  readonly fixedCode?: ((e164: string) => string | undefined) | undefined;
  /** A code was compared, whatever comes of it. */
  readonly onCompared?: ((wrong: boolean) => void) | undefined;
  /** What is committed with the right code of a login; `fresh`: what was remembered was outdated. */
  readonly withRight?: ((right: Challenge, fresh: boolean) => Promise<RightEffects>) | undefined;
}

export interface RightEffects {
  readonly writes: readonly Write[];
  /** Called when the code has counted. */
  readonly done: () => void;
}

/** Rows outlive their code, so that a late page can still say what became of it; milliseconds. */
export const KEEP = 3_600_000;
/** A resend that would leave less than this makes a new code instead. */
const LEAST_LIFE = 60_000;
const LEASE = 10_000;

export function createCodes(deps: CodesDeps): Codes {
  const { storage, keys, now } = deps;
  const challenges: Records<Challenge> = storage.records("challenge");
  const outbox: Records<OutboxRow> = storage.records("outbox");
  const failures = createFailures(storage, deps.limits, now);

  const turns = createTurns({ perKey: 1_000, overall: 10_000 });

  const fixedCode = (e164: string) => deps.fixedCode?.(e164);
  const coolDown = (sends: number) => {
    const steps = deps.limits().resendAfter;
    return (steps[Math.min(sends, steps.length) - 1] ?? 30) * 1000;
  };

  function fresh(
    base: Omit<
      Challenge,
      | "random"
      | "keyId"
      | "digits"
      | "firstSentAt"
      | "endsAt"
      | "tries"
      | "sends"
      | "resendAt"
      | "spent"
      | "channel"
      | "attempts"
    >,
    sends: number,
    channel: Channel,
  ): Challenge {
    const at = now();
    const { codeLife, codeLongestLife, codeDigits } = deps.limits();
    const key = keys.secrets("code")[0];
    if (key === undefined) throw new Error("no code key");
    return {
      ...base,
      random: randomName(),
      keyId: key.id,
      digits: base.fixed === true ? (fixedCode(base.phone)?.length ?? codeDigits) : codeDigits,
      firstSentAt: at,
      endsAt: at + Math.min(codeLife, codeLongestLife) * 1000,
      tries: 0,
      sends,
      resendAt: at + coolDown(sends),
      spent: false,
      channel,
      attempts: [],
    };
  }

  function effects(challenge: Challenge, expect: number | "absent"): Effects & { writes: Write[] } {
    const write = challenges.write(challenge.id, challenge, challenge.endsAt + KEEP, { expect });
    if (challenge.fixed === true) return { writes: [write] };
    const key = `${challenge.id}.${challenge.sends}`;
    const row: OutboxRow = {
      key,
      challenge: challenge.id,
      leaseUntil: now() + LEASE,
      expiresAt: challenge.endsAt,
    };
    return {
      writes: [write, outbox.write(key, row, challenge.endsAt, { group: "unsent" })],
      deliver: key,
    };
  }

  const reveal = (challenge: Challenge): Secret => {
    const key = keys.secrets("code").find(({ id }) => id === challenge.keyId);
    if (key === undefined) throw new Error("the key of this code is gone");
    // Once its days are over it is a code like any other, and nobody was told it.
    const fixed = challenge.fixed === true ? fixedCode(challenge.phone) : undefined;
    return new Secret(fixed ?? deriveCode(key.bytes, challenge));
  };

  return {
    reveal,
    failures: (subject) => failures.count(subject),
    async look(id, boundTo) {
      const challenge = await challenges.get(id);
      return challenge?.boundTo === boundTo ? challenge : undefined;
    },

    async issue({ phone, sendsSoFar = 0, ...request }) {
      const standing = await failures.standing(request.subject);
      if (standing.kind !== "open") return standing;
      const challenge = fresh({ ...request, id: deps.newId(), phone: phone.reveal() }, sendsSoFar + 1, "sms");
      return { kind: "issued", challenge: challenge.id, ...effects(challenge, "absent") };
    },

    async resend(id, boundTo, channel = "sms") {
      const found = await challenges.read(id);
      if (found === undefined || found.value.boundTo !== boundTo) return { kind: "gone" };
      const { version, value: old } = found;
      const standing = await failures.standing(old.subject);
      if (standing.kind !== "open") return standing;
      const { sendsPerLogin, triesPerCode, codeLife, codeLongestLife } = deps.limits();
      if (old.sends >= sendsPerLogin) return { kind: "limit" };
      const at = now();
      if (at < old.resendAt) return { kind: "too-soon", seconds: Math.ceil((old.resendAt - at) / 1000) };
      const sends = old.sends + 1;
      const end = Math.min(at + codeLife * 1000, old.firstSentAt + codeLongestLife * 1000);
      // A code that was right, in a login that a crash kept from going on, is replaced like one that is worn out.
      // A code on its way is never killed: the same code again while it lives, its tries not reset.
      if (!old.spent && old.tries < triesPerCode && end - at >= LEAST_LIFE) {
        const again: Challenge = {
          ...old,
          sends,
          endsAt: end,
          resendAt: at + coolDown(sends),
          channel,
        };
        return { kind: "same", ...effects(again, version) };
      }
      return { kind: "new", ...effects(fresh(old, sends, channel), version) };
    },

    // One try after the other for one code in this process; with other processes the commits decide.
    check: (id, typed, boundTo, claim) =>
      turns.take(id, () => check(id, typed.replace(/[ \u00a0-]/g, ""), boundTo, claim)),
  };

  async function check(id: string, code: string, boundTo: string, claim?: Claim): Promise<CodeCheck> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const remembered = round === 0 ? challenges.recall(id) : undefined;
      const found =
        remembered !== undefined && mayBeRight(remembered.value, code, boundTo)
          ? remembered
          : await challenges.read(id);
      const current = found?.value;
      if (found === undefined || current === undefined || current.boundTo !== boundTo)
        return { kind: "expired" };
      // Not a code at all: nobody's guess, so it costs no try. ASCII digits only (CVE-2024-5150, full-width digits).
      if (!isCode(code, current)) return { kind: "malformed" };
      const { triesPerCode } = deps.limits();
      const account = await failures.slot(current.subject, round > 0);
      if (account.kind !== "free") return account;
      if (now() >= current.endsAt) return { kind: "expired" };
      if (current.spent || current.tries >= triesPerCode) return { kind: "spent" };
      const tried: Challenge = { ...current, tries: current.tries + 1 };
      const slot = challenges.write(id, tried, tried.endsAt + KEEP, { expect: found.version });
      // The account's slot and the code's, and the turn of the form: all or nothing, before anything is compared.
      const slots = [account.write, slot];
      const done = await (claim?.commit(slots) ?? storage.commit(slots));
      if (done === "lost") return { kind: "lost" };
      if (done === "again" || done === false) {
        await pause(round);
        continue;
      }
      const [known, typed] = [Buffer.from(reveal(tried).reveal()), Buffer.from(code)];
      // The code of a test number may have been changed to another length meanwhile.
      const wrong = known.length !== typed.length || !timingSafeEqual(known, typed);
      deps.onCompared?.(wrong);
      if (wrong) {
        const { failures, pausedUntil } = account;
        const of = comparedOf(tried);
        if (account.disabled) return { kind: "disabled", compared: { failures, of } };
        return { kind: "wrong", left: triesPerCode - tried.tries, failures, pausedUntil, of };
      }
      const along = counting(tried, slot.version);
      if (claim === undefined && !(await alone(storage, along))) return { kind: "spent" };
      const { attempts, sends, channel } = tried;
      const by = channelOf(attempts, sends, channel);
      return { kind: "right", channel: by, of: comparedOf(tried), ...(claim === undefined ? {} : { along }) };
    }
    throw new Breakage("store-conflict", "Too many tries of one account at once.", { retryAfter: 1 });
  }

  function comparedOf({ attempts, country, firstSentAt }: Challenge): Compared {
    const tenths = Math.round((now() - (attempts.at(-1)?.at ?? firstSentAt)) / 100);
    return { messageId: messageOf(attempts), country, seconds: Math.max(0, tenths) / 10 };
  }

  /** Whether it comes to a comparison; whether what was remembered is still so, the commit of the slots says. */
  function mayBeRight(challenge: Challenge, code: string, boundTo: string): boolean {
    const { spent, tries, endsAt } = challenge;
    const alive = !spent && tries < deps.limits().triesPerCode && now() < endsAt;
    return alive && challenge.boundTo === boundTo && isCode(code, challenge);
  }

  /** Of several right answers at once one finds the code unspent; with it the account's counter is clean again. */
  function counting(right: Challenge, version: number): Along {
    let effects: RightEffects | undefined;
    const along: Along = {
      async writes(again) {
        // A report on the message may have come since the slot was taken: then the commit fails, and it is read.
        const current = again ? await challenges.read(right.id) : { value: right, version };
        // Used, or replaced by a new code, while this answer was on its way: what was typed is worth nothing any more.
        if (current === undefined || current.value.spent || current.value.random !== right.random) {
          await failures.giveBack(right.subject);
          return "off";
        }
        const { value: challenge, version: expect } = current;
        effects = await deps.withRight?.(right, again);
        return [
          challenges.write(right.id, { ...challenge, spent: true }, challenge.endsAt + KEEP, { expect }),
          failures.clean(right.subject),
          ...(effects?.writes ?? []),
        ];
      },
      done: () => effects?.done(),
      // A login that was ended meanwhile leaves no code behind that is good for anything.
      dropped: async () => void (await alone(storage, along)),
    };
    return along;
  }
}

const isCode = (code: string, { digits }: Challenge): boolean =>
  code.length === digits && /^[0-9]+$/.test(code);
