/** Signing in with a phone that is bound: a code on entering, the same code on a resend. */
import type { AuditEvent } from "../../../core/audit.ts";
import type { Login, Notice, Outcome, Prepared, Step } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json } from "../../../core/words.ts";
import { allowance } from "./allowance.ts";
import { answer } from "./answer.ts";
import { codePage, pausedNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { fixedOf } from "./fixed.ts";
import { phoneOf } from "./phone-of.ts";

type State = { readonly challenge: string | null };

export function createChallenge(deps: SmsFactorDeps): Step {
  const { codes, now } = deps;

  async function send(login: Login<Json>): Promise<Prepared<State> & { notice?: Notice }> {
    const { subject } = login;
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    const phone = await phoneOf(deps, subject, login.phoneAttribute);
    if (phone === undefined) return { kind: "stop", reason: "no-factor" };
    const { number, country } = phone;
    const test = await fixedOf(deps, login, subject, number, "sign-in");
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
      purpose: "sign-in",
      boundTo: login.id,
      client: login.client.id,
      appName: login.client.name,
      locale: login.locale,
      country,
      address: login.visitor.address,
      fixed: test.kind === "fixed",
    });
    if (issued.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    if (issued.kind === "paused")
      return { kind: "ready", state: { challenge: null }, notice: pausedNotice(issued.until, now()) };
    const allowed =
      test.kind === "fixed"
        ? ({ kind: "go" } as const)
        : await allowance(deps, login, subject, number, country, "sign-in");
    if (allowed.kind === "refused") return { ...allowed, kind: "ready", state: { challenge: null } };
    const event: AuditEvent = {
      kind: "code-issued",
      at: now(),
      subject,
      login: login.id,
      client: login.client.id,
      address: login.visitor.address,
      facts: { factor: KIND, purpose: "sign-in", phone: new PhoneNumber(number).toString(), country },
    };
    return {
      kind: "ready",
      state: { challenge: issued.challenge },
      writes: issued.writes,
      deliver: issued.deliver,
      events: test.kind === "fixed" ? [event, test.event] : [event],
    };
  }

  return {
    prepare: send,

    async view(login) {
      const { challenge } = login.state as State;
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
        }),
      };
    },

    async authenticate(login, form): Promise<Outcome<Json>> {
      const { challenge } = login.state as State;
      if (challenge === null) {
        if (form.action !== "resend") return { kind: "retry", notice: { key: "code.expired" } };
        const sent = await send(login);
        return sent.kind === "stop" ? sent : { ...sent, kind: "next" };
      }
      const answered = await answer(deps, login, form, challenge, "sign-in");
      return answered.kind === "right"
        ? { kind: "proved", method: answered.method, events: answered.events }
        : answered;
    },
  };
}
