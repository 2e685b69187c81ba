/**
 * Binding a phone at sign-in: number, code, bound. The number is proven before it is bound, the authority to bind is
 * taken once and atomically, and the audit says which authority it was.
 */
import type { AuditEvent } from "../../../core/audit.ts";
import type { PhoneData } from "../../../core/authenticators.ts";
import type { Form, Login, Outcome, Step } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json } from "../../../core/words.ts";
import { allowance } from "./allowance.ts";
import { answer } from "./answer.ts";
import { codePage, pausedNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { fixedOf } from "./fixed.ts";

type State = {
  readonly typed: string;
  readonly country: string;
  /** Whether a ticket has to be typed; and the one that was. */
  readonly ticketNeeded: boolean;
  readonly ticket: string | null;
  readonly pending: { readonly challenge: string; readonly number: string; readonly country: string } | null;
  readonly sends: number;
  /** The number that was typed before this one: typed again, its code is still good and nothing is sent. */
  readonly before: State["pending"];
};

export function createEnrol(deps: SmsFactorDeps): Step {
  const { codes, phones, enrolment, now } = deps;
  const { mostSends } = deps;

  async function takeNumber(login: Login<Json>, state: State, form: Form): Promise<Outcome<Json>> {
    const typed = (form.phone ?? "").slice(0, 64);
    const country = /^[A-Z]{2}$/.test(form.country ?? "") ? (form.country as string) : "";
    const ticket = state.ticketNeeded ? (form.ticket ?? "").slice(0, 64) : null;
    const kept: State = { ...state, typed, country };
    const again = (key: string, args?: Record<string, string | number>): Outcome<Json> => ({
      kind: "retry",
      state: kept,
      notice: args === undefined ? { key } : { key, args },
    });
    const { subject } = login;
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    if (ticket !== null && !(await enrolment.knowsTicket(subject, KIND, ticket)))
      return again("phone.ticket-wrong");
    const parsed = phones.parse(typed, {
      allowedCountries: deps.countries(),
      ...(country === "" ? {} : { country }),
    });
    if (parsed.kind === "refused") return again(`phone.${parsed.reason}`);
    const number = parsed.number.reveal();
    const old =
      state.before?.number === number ? await codes.look(state.before.challenge, login.id) : undefined;
    if (old !== undefined && !old.spent && now() < old.endsAt)
      return { kind: "next", state: { ...kept, ticket, pending: state.before } };
    if (state.sends >= mostSends()) return again("phone.send-limit");
    const test = await fixedOf(deps, login, subject, number, "enrol");
    if (test.kind === "refused")
      return { kind: "retry", state: kept, notice: { key: "send.closed" }, events: [test.event] };
    const issued = await codes.issue({
      subject,
      phone: parsed.number,
      purpose: "enrol",
      boundTo: login.id,
      client: login.client.id,
      appName: login.client.name,
      locale: login.locale,
      country: parsed.country,
      address: login.visitor.address,
      fixed: test.kind === "fixed",
      sendsSoFar: state.sends,
    });
    if (issued.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    if (issued.kind === "paused")
      return { kind: "retry", state: kept, notice: pausedNotice(issued.until, now()) };
    const allowed =
      test.kind === "fixed"
        ? ({ kind: "go" } as const)
        : await allowance(deps, login, subject, number, parsed.country, "enrol");
    if (allowed.kind === "refused")
      return { kind: "retry", state: kept, notice: allowed.notice, events: allowed.events };
    const issue: AuditEvent = {
      kind: "code-issued",
      at: now(),
      subject,
      login: login.id,
      client: login.client.id,
      address: login.visitor.address,
      facts: {
        factor: KIND,
        purpose: "enrol",
        phone: parsed.number.toString(),
        country: parsed.country,
      },
    };
    const pending = { challenge: issued.challenge, number, country: parsed.country };
    return {
      kind: "next",
      state: { ...kept, ticket, pending, sends: state.sends + 1 },
      writes: issued.writes,
      deliver: issued.deliver,
      events: test.kind === "fixed" ? [issue, test.event] : [issue],
    };
  }

  async function takeCode(
    login: Login<Json>,
    state: State,
    pending: NonNullable<State["pending"]>,
    form: Form,
  ): Promise<Outcome<Json>> {
    const { subject } = login;
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    const masked = new PhoneNumber(pending.number).toString();
    const event = {
      at: now(),
      subject,
      login: login.id,
      client: login.client.id,
      address: login.visitor.address,
    };
    if (form.action === "change-number") {
      const challenge = await codes.look(pending.challenge, login.id);
      return {
        kind: "next",
        state: {
          ...state,
          pending: null,
          before: pending,
          sends: Math.max(state.sends, challenge?.sends ?? 0),
        },
        events: [{ ...event, kind: "number-changed", facts: { factor: KIND, phone: masked } }],
      };
    }
    const answered = await answer(deps, login, form, pending.challenge, "enrol");
    if (answered.kind !== "right") return answered;
    // At once: what follows is told of as well, and in this order.
    for (const told of answered.events) await deps.audit.append(told);
    const key = deps.phoneKey(pending.number);
    // A crash after binding: the phone is there, and has just been shown.
    if ((await deps.authenticators.list(subject, KIND)).some((phone) => phone.key === key))
      return { kind: "proved", method: answered.method };
    const spent = await enrolment.spend(subject, KIND, state.ticket ?? undefined, login.fresh);
    if (spent === undefined) {
      await deps.audit.append({
        ...event,
        kind: "enrolment-refused",
        facts: { factor: KIND, reason: "no authority" },
      });
      return { kind: "stop", reason: "enrolment-needs-ticket" };
    }
    const { authority } = spent;
    const { locale } = login;
    const data: PhoneData = { number: pending.number, country: pending.country, verifiedAt: now(), locale };
    const kind = (await deps.authenticators.everHad(subject, KIND)) ? "phone-changed" : "phone-added";
    // The audit first: a binding that nobody can account for must not exist.
    await deps.audit.append({
      ...event,
      kind: "authenticator-bound",
      facts: { factor: KIND, phone: masked, country: pending.country, authority },
    });
    try {
      await deps.authenticators.bind({ subject, kind: KIND, key, data, boundBy: authority });
    } catch (problem) {
      await spent.giveBack();
      await deps.audit.append({
        ...event,
        kind: "enrolment-refused",
        facts: { factor: KIND, reason: "could not be stored" },
      });
      throw problem;
    }
    // Never by the phone that has just come: if it is a stranger's, the stranger knows.
    const spare = { key, told: "never" } as const;
    await deps.notices.send(subject, { kind, locale, client: login.client.id, spare });
    return { kind: "proved", method: answered.method };
  }

  return {
    async prepare(login) {
      const standing =
        login.subject === undefined ? "closed" : await enrolment.standing(login.subject, KIND, login.fresh);
      if (standing === "closed") return { kind: "stop", reason: "no-factor" };
      const state: State = {
        typed: "",
        country: "",
        ticketNeeded: standing === "ticket",
        ticket: null,
        pending: null,
        before: null,
        sends: 0,
      };
      return { kind: "ready", state };
    },
    async view(login) {
      const state = login.state as State;
      if (state.pending !== null) {
        const challenge = await codes.look(state.pending.challenge, login.id);
        return {
          page: codePage({
            challenge,
            login,
            now: now(),
            host: deps.host,
            mostSends: mostSends(),
            mostTries: deps.mostTries(),
            canCall: await deps.canCall(),
            canChangeNumber: true,
          }),
        };
      }
      const countries = phones
        .countries(deps.countries(), login.locale)
        .map(({ code, name, calling }) => ({ code, name, calling }));
      return {
        page: {
          page: "phone",
          facts: {
            number: state.typed,
            country: state.country,
            countries,
            ticketNeeded: state.ticketNeeded,
            canOtherMethod: login.canOtherMethod === true,
          },
        },
      };
    },
    authenticate: (login, form) => {
      const state = login.state as State;
      return state.pending === null
        ? takeNumber(login, state, form)
        : takeCode(login, state, state.pending, form);
    },
  };
}
