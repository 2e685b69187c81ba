/** What a person does on the code page, the same when signing in and when binding: type the code, or ask again. */
import type { AuditEvent, AuditKind } from "../../../core/audit.ts";
import type { CodeCheck, CodePurpose } from "../../../core/codes.ts";
import type { Channel } from "../../../core/delivery-state.ts";
import type { Events, Form, Login, Outcome } from "../../../core/mechanism.ts";
import type { Amr, Json } from "../../../core/words.ts";
import { checkNotice, resentNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

const kindOf: Partial<Record<CodeCheck["kind"], AuditKind>> = {
  right: "code-right",
  paused: "code-paused",
  disabled: "factor-disabled",
};

/** What asks for the code once more, and how. */
const CHANNELS: Readonly<Record<string, Channel | undefined>> = { resend: "sms", call: "call" };

/** The code was right; `method` says by what it came (RFC 8176). */
interface Right {
  readonly kind: "right";
  readonly method: Amr;
  readonly events: Events;
}

/** The outcome of the form, or that the code was right and what follows is the caller's. Every try has its event. */
export async function answer(
  { codes, now, canCall }: SmsFactorDeps,
  login: Login<Json>,
  form: Form,
  challenge: string,
  purpose: CodePurpose,
): Promise<Right | Outcome<Json>> {
  const channel = CHANNELS[form.action ?? ""];
  if (channel !== undefined) {
    if (channel === "call" && !(await canCall())) return { kind: "retry", notice: { key: "code.no-call" } };
    const resent = await codes.resend(challenge, login.id, channel);
    if (resent.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    const notice = resentNotice(resent, channel, now());
    return resent.kind === "same" || resent.kind === "new"
      ? { kind: "retry", notice, writes: resent.writes, deliver: resent.deliver }
      : { kind: "retry", notice };
  }
  const check = await codes.check(challenge, form.code ?? "", login.id);
  if (check.kind === "malformed") return { kind: "retry", notice: checkNotice(check, now()) };
  const event: AuditEvent = {
    kind: kindOf[check.kind] ?? "code-wrong",
    at: now(),
    subject: login.subject,
    login: login.id,
    client: login.client.id,
    address: login.visitor.address,
    facts: { factor: KIND, purpose, result: check.kind },
  };
  const events = [event];
  if (check.kind === "right")
    return { kind: "right", method: check.channel === "call" ? "tel" : "sms", events };
  if (check.kind === "disabled") return { kind: "stop", reason: "factor-disabled", events };
  return { kind: "retry", notice: checkNotice(check, now()), events };
}
