/** Signing in with a phone that is bound: a code on entering, the same code on a resend. */
import type { PhoneData } from "../../../core/authenticators.ts";
import type { Login, Notice, Outcome, Prepared, Step } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json } from "../../../core/words.ts";
import { checkNotice, codePage, pausedNotice, resentNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

type State = { readonly challenge: string | null };

export function createChallenge(deps: SmsFactorDeps): Step {
  const { codes, authenticators, now } = deps;

  async function send(login: Login<Json>): Promise<Prepared<State> & { notice?: Notice }> {
    const { subject } = login;
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    const [phone] = await authenticators.list(subject, KIND);
    if (phone === undefined) return { kind: "stop", reason: "no-factor" };
    const issued = await codes.issue({
      subject,
      phone: new PhoneNumber((phone.data as PhoneData).number),
      purpose: "sign-in",
      boundTo: login.id,
      appName: login.client.name,
      locale: login.locale,
    });
    if (issued.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    if (issued.kind === "paused")
      return { kind: "ready", state: { challenge: null }, notice: pausedNotice(issued.until, now()) };
    await deps.audit.append({
      kind: "code-issued",
      at: now(),
      subject,
      login: login.id,
      client: login.client.id,
      facts: { factor: KIND, purpose: "sign-in" },
    });
    return {
      kind: "ready",
      state: { challenge: issued.challenge },
      writes: issued.writes,
      deliver: issued.deliver,
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
          canChangeNumber: false,
        }),
      };
    },

    async authenticate(login, form): Promise<Outcome<Json>> {
      const { challenge } = login.state as State;
      const { subject } = login;
      if (form.action === "resend") {
        if (challenge === null) {
          const sent = await send(login);
          return sent.kind === "stop" ? sent : { ...sent, kind: "next" };
        }
        const resent = await codes.resend(challenge, login.id);
        if (resent.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
        const notice = resentNotice(resent, now());
        return resent.kind === "same" || resent.kind === "new"
          ? { kind: "retry", notice, writes: resent.writes, deliver: resent.deliver }
          : { kind: "retry", notice };
      }
      if (challenge === null) return { kind: "retry", notice: { key: "code.expired" } };
      const check = await codes.check(challenge, form.code ?? "", login.id);
      if (check.kind !== "malformed")
        await deps.audit.append({
          kind:
            check.kind === "right"
              ? "code-right"
              : check.kind === "paused"
                ? "code-paused"
                : check.kind === "disabled"
                  ? "factor-disabled"
                  : "code-wrong",
          at: now(),
          subject,
          login: login.id,
          client: login.client.id,
          address: login.visitor.address,
          facts: { factor: KIND, result: check.kind },
        });
      if (check.kind === "right") return { kind: "proved", method: "sms" };
      if (check.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
      return { kind: "retry", notice: checkNotice(check, now()) };
    },
  };
}
