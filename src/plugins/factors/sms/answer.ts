/** What a person does on the code page, the same when signing in and when binding: type the code, or ask again. */
import type { AuditEvent, AuditKind } from "../../../core/audit.ts";
import { type Along, type Claim, hasTurn } from "../../../core/claim.ts";
import type { CodeCheck, Compared } from "../../../core/codes.ts";
import type { Channel } from "../../../core/delivery-state.ts";
import type { Events, Form, Login, Outcome } from "../../../core/mechanism.ts";
import type { CodePurpose } from "../../../core/message-texts.ts";
import type { Amr, Json } from "../../../core/words.ts";
import { checkNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { sendAgain } from "./send-again.ts";
import { whoOf } from "./who.ts";

const kindOf: Partial<Record<CodeCheck["kind"], AuditKind>> = {
  right: "code-right",
  paused: "code-paused",
};

/** What asks for the code once more, and how. */
const CHANNELS: Readonly<Record<string, Channel | undefined>> = { resend: "sms", call: "call" };

/** The code was right; `method` says by what it came (RFC 8176). */
interface Right {
  readonly kind: "right";
  readonly method: Amr;
  readonly events: Events;
  /** Of a form that claims its turn: what makes the code count, and what has come of the form where it does not. */
  readonly along?: Along | undefined;
  readonly instead?: Outcome<Json> | undefined;
}

/** Another submit of the page had its turn: whatever is answered, nobody looks at it. */
export const LOST: Outcome<Json> = { kind: "retry", notice: { key: "form.stale" } };

/** The outcome of the form, or that the code was right and what follows is the caller's. Every try has its event. */
export async function answer(
  deps: SmsFactorDeps,
  login: Login<Json>,
  form: Form,
  challenge: string,
  purpose: CodePurpose,
  claim?: Claim,
): Promise<Right | Outcome<Json>> {
  const { codes, now } = deps;
  const channel = CHANNELS[form.action ?? ""];
  if (channel !== undefined)
    return (await hasTurn(claim)) ? sendAgain(deps, login, { challenge, channel, purpose }) : LOST;
  const check = await codes.check(challenge, form.code ?? "", login.id, claim);
  if (check.kind === "lost") return LOST;
  if (check.kind === "malformed") return { kind: "retry", notice: checkNotice(check, now()) };
  const events = eventsOf(check, purpose, whoOf(login, now()));
  if (check.kind === "right") {
    const { along } = check;
    const method = check.channel === "call" ? "tel" : "sms";
    if (along === undefined) return { kind: "right", method, events };
    // Used meanwhile, or replaced by a new one.
    const spent = { kind: "spent" } as const;
    const instead: Outcome<Json> = {
      kind: "retry",
      notice: checkNotice(spent, now()),
      events: eventsOf(spent, purpose, whoOf(login, now())),
    };
    return { kind: "right", method, events, along, instead };
  }
  if (check.kind === "disabled" && !(await hasTurn(claim))) return LOST;
  if (check.kind === "disabled" || (check.kind === "wrong" && check.failures >= deps.noticeAfter()))
    await tell(deps, login, challenge, purpose, check.kind === "disabled");
  if (check.kind === "disabled") return { kind: "stop", reason: "factor-disabled", events };
  return { kind: "retry", notice: checkNotice(check, now()), events };
}

/** What the audit says of a try; with the one that begins a pause, or that was the last, of that as well. */
function eventsOf(check: CodeCheck, purpose: CodePurpose, who: Omit<AuditEvent, "kind">): AuditEvent[] {
  const factor = { factor: KIND, purpose };
  const compared: Compared | undefined =
    check.kind === "disabled" ? check.compared?.of : "of" in check ? check.of : undefined;
  const { messageId = null, country = null, seconds = null } = compared ?? {};
  const of = compared === undefined ? {} : { messageId, country, seconds };
  const last = check.kind === "disabled" ? check.compared?.failures : undefined;
  const result = last === undefined ? check.kind : "wrong";
  const tried: AuditEvent = {
    ...who,
    kind: kindOf[check.kind] ?? "code-wrong",
    facts: { ...factor, result, ...of },
  };
  if (last !== undefined)
    return [tried, { ...who, kind: "factor-disabled", facts: { ...factor, failures: last } }];
  if (check.kind !== "wrong" || check.pausedUntil === 0) return [tried];
  const { failures, pausedUntil } = check;
  const until = new Date(pausedUntil).toISOString();
  return [tried, { ...who, kind: "factor-paused", facts: { ...factor, failures, until } }];
}

/** Whoever fails so often has the password; the person gets to know it, not by the phone that is guessed at alone. */
async function tell(
  { codes, notices, phoneKey }: SmsFactorDeps,
  { id, subject, locale, client }: Login<Json>,
  challenge: string,
  purpose: CodePurpose,
  disabled: boolean,
): Promise<void> {
  if (subject === undefined) return;
  // While binding, the number is the stranger's own choice, and none of the person's.
  const phone = purpose === "enrol" ? undefined : (await codes.look(challenge, id))?.phone;
  const spare = phone === undefined ? undefined : ({ key: phoneKey(phone), told: "last" } as const);
  for (const kind of ["password-known", ...(disabled ? (["factor-disabled"] as const) : [])] as const)
    await notices.sendOnce(subject, { kind, locale, client: client.id, login: id, spare });
}
