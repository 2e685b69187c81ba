/** What each operation does. An application alone looks, and binds a first phone where the settings say so; no more. */
import type { Authenticator, Authenticators, PhoneData } from "../../core/authenticators.ts";
import type { User } from "../../core/directory.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { Changes, Changing } from "../../core/factor-changes.ts";
import type { Effects, Mechanism, Outcome } from "../../core/mechanism.ts";
import type { PortalSettings } from "../../core/portal-settings.ts";
import { PhoneNumber } from "../../core/secret.ts";
import type { Strength } from "../../core/strength.ts";
import type { Clock, FactorKind, Json } from "../../core/words.ts";
import type { AllowedCountries, Phones } from "../../kits/phone/phones.ts";
import { BUSY, GONE, notSent, stopped } from "./answers.ts";
import { type Caller, type Callers, type Refusal, stepUp } from "./caller.ts";
import * as contract from "./contract.ts";
import { type Handler, handle } from "./operation.ts";
import type { Claimed, Transaction, Transactions } from "./transactions.ts";

export interface HandlerDeps {
  readonly callers: Callers;
  readonly transactions: Transactions;
  readonly authenticators: Authenticators;
  readonly enrolment: Pick<Enrolment, "stepUp">;
  readonly strength: Strength;
  readonly changes: Changes;
  readonly mechanisms: () => readonly Mechanism[];
  readonly policy: () => PortalSettings;
  readonly phones: Phones;
  readonly countries: () => AllowedCountries;
  readonly phoneKey: (e164: string) => string;
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly now: Clock;
}

const SMS = "sms";
/** Of one person, as at the account pages. */
const MOST = 10;
const WORDS = {
  invalid: "INVALID_NUMBER",
  "not-mobile": "NOT_MOBILE",
  "country-not-allowed": "COUNTRY_NOT_ALLOWED",
} as const;

/** What the step of the factor keeps, as far as it is asked here. */
type StepState = {
  readonly ticketNeeded: boolean;
  readonly pending: { readonly number: string } | null;
};

export function enrolmentHandlers(deps: HandlerDeps): readonly Handler[] {
  const { callers, transactions, authenticators, strength, changes, policy, now } = deps;

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

  /** A new enrolment, or why there can be none. */
  async function begin(caller: Caller, user: User, ticket: string | undefined, locale: string | undefined) {
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
    const own = user.claims.locale;
    const wanted = [own, locale].filter((one): one is string => typeof one === "string");
    const begun = await transactions.begin(caller, user, { fresh, locale: deps.localeFor(wanted) });
    if ("stopped" in begun) return alone ? wayOf(user) : stopped(begun.stopped);
    const { ticketNeeded } = begun.transaction.state as StepState;
    return ticketNeeded && ticket === undefined ? wayOf(user) : begun;
  }

  /** Hands a number to the step: the one that waits for its code again, or another. */
  async function numberTo(
    one: Transaction,
    form: { phone: string; country: string; ticket: string },
    address: string,
  ) {
    const { pending } = one.state as StepState;
    const parsed = deps.phones.parse(form.phone, {
      ...(form.country === "" ? {} : { country: form.country }),
      allowedCountries: deps.countries(),
    });
    if (pending === null) return { outcome: await transactions.submit(one, form, address), first: undefined };
    if (parsed.kind === "number" && parsed.number.reveal() === pending.number)
      return { outcome: await transactions.submit(one, { action: "resend" }, address), first: undefined };
    if (parsed.kind === "refused")
      return {
        outcome: { kind: "retry", notice: { key: `phone.${parsed.reason}` } } as Outcome<Json>,
        first: undefined,
      };
    const first = await transactions.submit(one, { action: "change-number" }, address);
    if (first.kind !== "next") return { outcome: first, first: undefined };
    return { outcome: await transactions.submit({ ...one, state: first.state }, form, address), first };
  }

  const stateAfter = (one: Transaction, outcome: Outcome<Json>, before?: Json): Json =>
    outcome.kind === "next" || outcome.kind === "retry" ? (outcome.state ?? before ?? one.state) : one.state;

  const send = handle(contract.sendCode, async ({ body, caller }) => {
    const user = await callers.whom(caller, body.userid);
    if ("refused" in user) return user;
    if (caller.shown === undefined && policy().applicationsAlone !== "first-phone")
      return personNeeded(await strength.strongest(user.id), "An application alone binds no phone here");
    if (caller.shown !== undefined && (await has(user, body)))
      return { refused: 409, code: "NUMBER_ALREADY_ENROLLED", message: "The person has this phone" };

    const open = await transactions.find(caller, user.id);
    const known = open !== undefined && open.transaction.bound === undefined ? open : undefined;
    const begun = known === undefined ? await begin(caller, user, body.ticket, body.locale) : undefined;
    if (begun !== undefined && "refused" in begun) return begun;
    const claimed = await transactions.claim(begun ?? (known as Claimed));
    if (claimed === undefined) return BUSY;
    const { transaction, version } = claimed;
    const form = { phone: body.number, country: body.country ?? "", ticket: body.ticket ?? "" };
    const { outcome, first } = await numberTo(transaction, form, caller.address);
    const effects = "kind" in outcome && outcome.kind !== "proved" ? (outcome as Effects) : {};
    const events = [...(first?.events ?? []), ...(effects.events ?? [])];
    // Only who is told of a send gets a new name for it: a refusal leaves the old one as it was.
    const refused =
      outcome.kind === "retry" && !/^code\.(new-sent|resent)$/.test(outcome.notice.key)
        ? notSent(outcome.notice)
        : undefined;
    const state = stateAfter(transaction, outcome, first?.state);
    const { key, transaction: named } = transactions.named({ ...transaction, state });
    const next = refused === undefined ? named : { ...transaction, state };
    if (!(await transactions.settle(next, version, { ...effects, events }))) return BUSY;
    if (outcome.kind === "stop") return ended(next, outcome.reason);
    return refused ?? { body: await sentOf(next, key, caller.address) };
  });

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

  const has = async (user: User, { number, country }: { number: string; country?: string | undefined }) => {
    const parsed = deps.phones.parse(number, { country, allowedCountries: deps.countries() });
    if (parsed.kind !== "number") return false;
    const key = deps.phoneKey(parsed.number.reveal());
    return (await authenticators.list(user.id, SMS)).some((one) => one.key === key);
  };

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

  async function withName(user: User, phone: Authenticator, nickName: string): Promise<Authenticator> {
    await changes.name(phone, nickName);
    return (await authenticators.list(user.id)).find(({ id }) => id === phone.id) ?? phone;
  }

  /** By the person's own token, or why not. */
  async function ownOf(
    caller: Caller,
    { userid, id }: { userid: string; id: string },
  ): Promise<{ readonly user: User; readonly one: Authenticator } | Refusal> {
    const user = await callers.whom(caller, userid);
    if ("refused" in user) return user;
    if (caller.shown === undefined)
      return personNeeded(await strength.strongest(user.id), "No application changes this alone");
    const one = (await authenticators.list(user.id)).find((known) => known.id === id);
    return one === undefined
      ? { refused: 404, code: "UNKNOWN_CREDENTIAL", message: "The person has no such credential" }
      : { user, one };
  }

  return [
    handle(contract.validateNumber, async ({ body: { number, country } }) => {
      const parsed = deps.phones.parse(number, { country, allowedCountries: deps.countries() });
      return parsed.kind === "refused"
        ? { body: { code: WORDS[parsed.reason] } }
        : { body: { code: "VALID" as const, number: parsed.number.toString(), country: parsed.country } };
    }),
    send,
    handle(contract.validateCode, async ({ body, caller }) => {
      const user = await callers.whom(caller, body.userid);
      if ("refused" in user) return user;
      const compared = await compare(caller, user, body.key, body.code);
      if ("refused" in compared) return compared;
      return "phone" in compared
        ? { body: { code: "MATCH" as const } }
        : { body: { code: "NO_MATCH_OR_EXPIRED" as const, ...compared } };
    }),
    handle(contract.postCredential, async ({ params, body, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      if (body.code !== undefined) {
        const compared = await compare(caller, user, body.key, body.code);
        if ("refused" in compared) return compared;
        if (!("phone" in compared)) return GONE;
        await transactions.end(compared.one);
        return { body: viewOf(await withName(user, compared.phone, body.nickName)) };
      }
      const open = await transactions.find(caller, user.id, body.key);
      const phone = (await authenticators.list(user.id, SMS)).find(
        ({ id }) => id === open?.transaction.bound,
      );
      if (open === undefined || phone === undefined) return GONE;
      await transactions.end(open.transaction);
      return { body: viewOf(await withName(user, phone, body.nickName)) };
    }),
    handle(contract.getCredentials, async ({ params, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      return { body: (await authenticators.list(user.id)).map(viewOf) };
    }),
    handle(contract.patchCredential, async ({ params, body, caller }) => {
      const found = await ownOf(caller, params);
      if ("refused" in found) return found;
      if (!(await changes.name(found.one, body.nickName))) return BUSY;
      return { body: viewOf(await withName(found.user, found.one, body.nickName)) };
    }),
    handle(contract.deleteCredential, async ({ params, caller }) => {
      const found = await ownOf(caller, params);
      if ("refused" in found) return found;
      const { user, one } = found;
      const { shown } = caller;
      if (shown === undefined) return BUSY;
      const sure = await strength.sure(shown, one.kind);
      if (sure.kind === "ask") return personNeeded(sure.acrs, "The person has to show a factor anew");
      if (sure.kind !== "sure")
        return {
          refused: 403,
          code: "FAILURE",
          cause: sure.kind === "wait" ? "NEW_NUMBER" : "NOT_ALLOWED",
          message: "Nothing that the person can show now is enough for this",
        };
      const changing: Changing = {
        here: { subject: user.id, user },
        address: caller.address,
        locale: deps.localeFor([String(user.claims.locale ?? "en")]),
        client: caller.client,
      };
      const removed = await changes.remove(changing, one.id);
      if (removed === "removed") return { body: undefined };
      if (removed === "last")
        return {
          refused: 409,
          code: "FAILURE",
          cause: "LAST",
          message: "It is the last one, and one is needed",
        };
      return removed === "busy" ? BUSY : GONE;
    }),
    handle(contract.getUserInfo, async ({ params, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      const all = await authenticators.list(user.id);
      const methods = [...new Set(all.map(({ kind }) => typeOf(kind)))];
      const on = methods.some((one) => one !== typeOf("recovery-code"));
      return {
        body: { code: "SUCCESS" as const, turned_on: on, enrolled_methods: methods, total_creds: all.length },
      };
    }),
  ];
}

/** The kind by the acr that it is asked for by, as the original names methods. */
const typeOf = (kind: FactorKind): string =>
  ({ sms: "twilio_sms", totp: "otp", passkey: "fido2", "recovery-code": "recovery_code" })[kind] ?? kind;

/** Field by field: what is not named here, secrets first of all, never leaves. */
function viewOf({ id, kind, data, boundAt }: Authenticator) {
  const { nickname, label } = (data ?? {}) as { nickname?: unknown; label?: unknown };
  const nickName = [nickname, label].find((one): one is string => typeof one === "string") ?? "";
  const phone = kind === SMS ? { number: new PhoneNumber((data as PhoneData).number).toString() } : {};
  return { id, type: typeOf(kind), ...phone, nickName, addedOn: boundAt };
}
