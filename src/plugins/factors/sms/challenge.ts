/** Signing in with a phone that is bound: a code on entering, the same code on a resend. */
import type { AuditEvent } from "../../../core/audit.ts";
import type { Authenticator } from "../../../core/authenticators.ts";
import { hasTurn } from "../../../core/claim.ts";
import type { Login, Notice, Outcome, Prepared, Step } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json } from "../../../core/words.ts";
import { allowance } from "./allowance.ts";
import { answer, LOST } from "./answer.ts";
import { codePage, pausedNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { fixedOf } from "./fixed.ts";
import { phonesOf } from "./phone-of.ts";

type State = {
  readonly challenge: string | null;
  /** The person's other phones, where there are some: the code may go to one of them instead. */
  readonly others?: readonly { readonly id: string; readonly masked: string }[] | undefined;
};

export function createChallenge(deps: SmsFactorDeps): Step {
  const { codes, now, purpose = "sign-in" } = deps;

  /** `wanted`: the authenticator it is to go to; `sendsSoFar`: what this login has sent already. */
  async function send(
    login: Login<Json>,
    wanted?: string,
    sendsSoFar = 0,
    bound?: readonly Authenticator[],
  ): Promise<Prepared<State> & { notice?: Notice }> {
    const { subject } = login;
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    const all = await phonesOf(deps, subject, login.phoneAttribute, bound);
    const phone = wanted === undefined ? all[0] : all.find(({ id }) => id === wanted);
    if (phone === undefined) return { kind: "stop", reason: "no-factor" };
    const { number, country } = phone;
    const others = all.flatMap(({ id, number: other }) =>
      id === undefined || id === phone.id ? [] : [{ id, masked: new PhoneNumber(other).toString() }],
    );
    const test = await fixedOf(deps, login, subject, number, purpose);
    if (test.kind === "refused")
      return {
        kind: "ready",
        state: { challenge: null },
        notice: { key: "send.closed" },
        events: [test.event],
      };
    const issued = await codes.issue({
      subject,
      phone: new PhoneNumber(number),
      purpose,
      boundTo: login.id,
      client: login.client.id,
      appName: login.client.name,
      locale: login.locale,
      country,
      address: login.visitor.address,
      fixed: test.kind === "fixed",
      sendsSoFar,
    });
    if (issued.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    if (issued.kind === "paused")
      return { kind: "ready", state: { challenge: null }, notice: pausedNotice(issued.until, now()) };
    const allowed =
      test.kind === "fixed"
        ? ({ kind: "go" } as const)
        : await allowance(deps, login, subject, number, country, purpose);
    if (allowed.kind === "refused") return { ...allowed, kind: "ready", state: { challenge: null } };
    const event: AuditEvent = {
      kind: "code-issued",
      at: now(),
      subject,
      login: login.id,
      client: login.client.id,
      address: login.visitor.address,
      facts: { factor: KIND, purpose, phone: new PhoneNumber(number).toString(), country },
    };
    return {
      kind: "ready",
      state: { challenge: issued.challenge, ...(others.length === 0 ? {} : { others }) },
      writes: issued.writes,
      deliver: issued.deliver,
      events: test.kind === "fixed" ? [event, test.event] : [event],
    };
  }

  /** A new code to another phone of the person's own; the texts of a login stay bounded, and its count of tries stands. */
  async function otherPhone(login: Login<Json>, challenge: string, wanted: string): Promise<Outcome<Json>> {
    const state = login.state as State;
    if (state.others?.some(({ id }) => id === wanted) !== true)
      return { kind: "retry", notice: { key: "form.stale" } };
    const sends = (await codes.look(challenge, login.id))?.sends ?? 0;
    if (sends >= deps.mostSends()) return { kind: "retry", notice: { key: "code.resend-limit" } };
    const sent = await send(login, wanted, sends);
    if (sent.kind === "stop") return sent;
    // Refused by a budget or a pause: the code that was sent before is still good.
    if (sent.deliver === undefined && sent.notice !== undefined)
      return { kind: "retry", notice: sent.notice, events: sent.events };
    return { ...sent, kind: "next" };
  }

  return {
    prepare: (login, bound) => send(login, undefined, 0, bound),

    async view(login) {
      const { challenge, others } = login.state as State;
      const found = challenge === null ? undefined : await codes.look(challenge, login.id);
      return {
        page: codePage({
          challenge: found,
          login,
          now: now(),
          host: deps.host,
          mostSends: deps.mostSends(),
          mostTries: deps.mostTries(),
          canCall: await deps.canCall(),
          canChangeNumber: false,
          others,
        }),
      };
    },

    takesTurn: true,

    async authenticate(login, form, claim): Promise<Outcome<Json>> {
      const { challenge } = login.state as State;
      if (challenge === null) {
        if (form.action !== "resend") return { kind: "retry", notice: { key: "code.expired" } };
        if (!(await hasTurn(claim))) return LOST;
        const sent = await send(login);
        return sent.kind === "stop" ? sent : { ...sent, kind: "next" };
      }
      // A button of the page, whatever stands in the field beside it.
      if (form.phone !== undefined && form.action === undefined)
        return (await hasTurn(claim)) ? otherPhone(login, challenge, form.phone) : LOST;
      const answered = await answer(deps, login, form, challenge, purpose, claim);
      return answered.kind === "right" ? { ...answered, kind: "proved" } : answered;
    },
  };
}
