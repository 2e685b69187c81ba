/** Sending a code to a number and comparing it: by whose token that may begin, and what the step of the factor makes of it. */
import type { Authenticator, Authenticators } from "../../core/authenticators.ts";
import type { User } from "../../core/directory.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { Mechanism, Outcome } from "../../core/mechanism.ts";
import type { PortalSettings } from "../../core/portal-settings.ts";
import type { Strength } from "../../core/strength.ts";
import type { Clock, FactorKind, Json } from "../../core/words.ts";
import type { AllowedCountries, Phones } from "../../kits/phone/phones.ts";
import { BUSY, notSent, stopped } from "./answers.ts";
import { type Caller, type Refusal, stepUp } from "./caller.ts";
import type { Claimed, Transaction, Transactions } from "./transactions.ts";

export interface EnrolDeps {
  readonly transactions: Transactions;
  readonly authenticators: Pick<Authenticators, "list">;
  readonly enrolment: Pick<Enrolment, "stepUp" | "openings">;
  /** Whether codes go to a number that stands in the person's directory, though nobody has bound it here. */
  readonly inDirectory: (user: User) => Promise<boolean>;
  readonly strength: Strength;
  readonly mechanisms: () => readonly Mechanism[];
  readonly policy: () => PortalSettings;
  readonly phones: Phones;
  readonly countries: () => AllowedCountries;
  readonly phoneKey: (e164: string) => string;
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly now: Clock;
}

/** A number as it was sent, and what goes with it. */
interface Sent {
  readonly number: string;
  readonly country?: string | undefined;
  readonly ticket?: string | undefined;
  readonly locale?: string | undefined;
}

const SMS = "sms";
/** Of one person, as at the account pages. */
const MOST = 10;

/** What the step of the factor keeps, as far as it is asked here. */
type StepState = {
  readonly ticketNeeded: boolean;
  readonly pending: { readonly number: string } | null;
};

export function createEnrol(deps: EnrolDeps) {
  const { transactions, authenticators, strength, policy, now } = deps;

  const acrsWith = (kinds: readonly FactorKind[]): readonly string[] =>
    deps
      .mechanisms()
      .filter(({ requires }) => requires.some((kind) => kinds.includes(kind)))
      .map(({ acr }) => acr);

  /** Kinds that the person behind the token has shown within the last minutes. */
  const freshOf = ({ shown }: Caller): readonly FactorKind[] =>
    shown === undefined || now() - shown.authTime > policy().freshFor * 1000
      ? []
      : (deps.mechanisms().find(({ acr }) => acr === shown.acr)?.requires ?? []);

  const personNeeded = (acrs: readonly string[], what: string): Refusal =>
    stepUp(
      acrs,
      policy().freshFor,
      `${what}; send the access token of the person, who has signed in just now`,
    );

  /** What has to be shown before another phone is bound; nothing held: an administrator has to open the way. */
  async function wayOf(user: User): Promise<Refusal> {
    const kinds = await deps.enrolment.stepUp(user.id, SMS);
    return kinds.length === 0
      ? stopped("no-factor")
      : personNeeded(acrsWith(kinds), "The person has to show what they have before a phone is bound");
  }

  /** Nothing is bound that would be asked for, no administrator has opened a way, and there is a phone all the same. */
  const isHeldElsewhere = async (user: User): Promise<boolean> =>
    (await deps.inDirectory(user)) &&
    (await deps.enrolment.stepUp(user.id, SMS)).length === 0 &&
    (await authenticators.list(user.id, SMS)).length === 0 &&
    (await deps.enrolment.openings(user.id, SMS)).length === 0;

  /** A new enrolment, or why there can be none. */
  async function begin(caller: Caller, user: User, { ticket, locale }: Sent) {
    const alone = caller.shown === undefined;
    if (acrsWith([SMS]).length === 0) return stopped("no-factor");
    const fresh = freshOf(caller);
    if (!alone && fresh.length === 0)
      return personNeeded(await strength.strongest(user.id), "The sign-in was too long ago");
    if ((await authenticators.list(user.id, SMS)).length >= MOST)
      return {
        refused: 409,
        code: "FAILURE",
        cause: "TOO_MANY",
        message: "The person has as many as there may be",
      } as const;
    // By the pages it would be shown first as well: it is a phone that the person has.
    if (!fresh.includes(SMS) && (await isHeldElsewhere(user)))
      return personNeeded(acrsWith([SMS]), "The person has a phone in their directory and has to show it");
    const own = user.claims.locale;
    const wanted = [own, locale].filter((one): one is string => typeof one === "string");
    const begun = await transactions.begin(caller, user, { fresh, locale: deps.localeFor(wanted) });
    if ("stopped" in begun) return alone ? wayOf(user) : stopped(begun.stopped);
    const { ticketNeeded } = begun.transaction.state as StepState;
    return ticketNeeded && ticket === undefined ? wayOf(user) : begun;
  }

  /** In E.164; undefined: none that codes could go to. */
  function e164Of({ number, country }: Sent): string | undefined {
    const parsed = deps.phones.parse(number, { country, allowedCountries: deps.countries() });
    return parsed.kind === "number" ? parsed.number.reveal() : undefined;
  }

  const stateAfter = (one: Transaction, outcome: Outcome<Json>): Json =>
    outcome.kind === "next" || outcome.kind === "retry" ? (outcome.state ?? one.state) : one.state;

  /** The open enrolment that waits for the code of this very number; for another one everything is weighed anew. */
  async function waitingFor(caller: Caller, user: User, sent: Sent): Promise<Claimed | undefined> {
    const open = await transactions.find(caller, user.id);
    if (open === undefined || open.transaction.bound !== undefined) return undefined;
    const { pending } = open.transaction.state as StepState;
    return pending !== null && pending.number === e164Of(sent) ? open : undefined;
  }

  /** Sends a code, as far as this caller may for this person. */
  async function send(caller: Caller, user: User, sent: Sent) {
    if (caller.shown === undefined && policy().applicationsAlone !== "first-phone")
      return personNeeded(await strength.strongest(user.id), "An application alone binds no phone here");
    if (caller.shown !== undefined && (await has(user, sent)))
      return {
        refused: 409,
        code: "NUMBER_ALREADY_ENROLLED",
        message: "The person has this phone",
      } as const;
    const known = await waitingFor(caller, user, sent);
    const begun = known ?? (await begin(caller, user, sent));
    if ("refused" in begun) return begun;
    const claimed = await transactions.claim(begun);
    if (claimed === undefined) return BUSY;
    const { transaction, version, before } = claimed;
    const form = { phone: sent.number, country: sent.country ?? "", ticket: sent.ticket ?? "" };
    const outcome = await transactions.submit(
      transaction,
      known === undefined ? form : { action: "resend" },
      caller.address,
    );
    // Only who is told of a send gets a name for it: a refusal leaves what was open as it was.
    const refused =
      outcome.kind === "retry" && !/^code\.(new-sent|resent)$/.test(outcome.notice.key)
        ? notSent(outcome.notice)
        : undefined;
    const state = stateAfter(transaction, outcome);
    const { key, transaction: named } = transactions.named({ ...transaction, state });
    const next = refused === undefined ? named : (before ?? { ...transaction, state });
    if (!(await transactions.settle(next, version, outcome.kind === "proved" ? {} : outcome))) return BUSY;
    if (outcome.kind === "stop") return ended(next, outcome.reason);
    return refused ?? { body: await sentOf(next, key, caller.address) };
  }

  async function sentOf(one: Transaction, key: string, address: string) {
    const { facts } = (await transactions.view(one, address)) as {
      facts: { masked: string; digits: number; delivery: string; resendIn: number; endsIn: number };
    };
    const { masked, digits, delivery, resendIn, endsIn } = facts;
    return { code: "SENT", key, number: masked, digits, delivery, resendIn, expiresIn: endsIn } as const;
  }

  async function ended(one: Transaction, reason: string): Promise<Refusal> {
    await transactions.end(one);
    return stopped(reason);
  }

  async function has(user: User, sent: Sent): Promise<boolean> {
    const number = e164Of(sent);
    if (number === undefined) return false;
    const key = deps.phoneKey(number);
    return (await authenticators.list(user.id, SMS)).some((one) => one.key === key);
  }

  /** Compares a code; the phone, where it was right. */
  async function compare(
    caller: Caller,
    user: User,
    key: string,
    code: string,
  ): Promise<
    { readonly phone: Authenticator; readonly one: Transaction } | { readonly left?: number } | Refusal
  > {
    const open = await transactions.find(caller, user.id, key);
    if (open === undefined || open.transaction.bound !== undefined) return {};
    const claimed = await transactions.claim(open);
    if (claimed === undefined) return BUSY;
    const { transaction, version } = claimed;
    const { pending } = transaction.state as StepState;
    if (pending === null) return {};
    const outcome = await transactions.submit(transaction, { code }, caller.address);
    if (outcome.kind === "proved") {
      const bound = deps.phoneKey(pending.number);
      const phone = (await authenticators.list(user.id, SMS)).find((one) => one.key === bound);
      if (phone === undefined) return BUSY;
      const one: Transaction = { ...transaction, bound: phone.id, state: null };
      await transactions.settle(one, version, { events: outcome.events });
      return { phone, one };
    }
    const next = { ...transaction, state: stateAfter(transaction, outcome) };
    await transactions.settle(next, version, outcome);
    if (outcome.kind === "stop") return ended(next, outcome.reason);
    if (outcome.kind !== "retry") return {};
    if (outcome.notice.key === "code.paused") return notSent(outcome.notice);
    const left = outcome.notice.key === "code.wrong" ? Number(outcome.notice.args?.left) : undefined;
    return left === undefined ? {} : { left };
  }

  return { send, compare, personNeeded };
}
