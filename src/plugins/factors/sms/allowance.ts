/** Asks whether a text may go out, once it is clear that one is wanted; and says so where it may not. */
import type { AuditEvent } from "../../../core/audit.ts";
import type { Login, Notice } from "../../../core/mechanism.ts";
import type { CodePurpose } from "../../../core/message-texts.ts";
import type { SendRefusal } from "../../../core/sending.ts";
import type { EpochMs, Json, Subject } from "../../../core/words.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

export type Allowance =
  | { readonly kind: "go" }
  | { readonly kind: "refused"; readonly notice: Notice; readonly events: readonly AuditEvent[] };

/** `number` is E.164, of `country`. Drawn is drawn: a send that then does not happen counts as one. */
export async function allowance(
  deps: SmsFactorDeps,
  login: Login<Json>,
  subject: Subject,
  number: string,
  country: string,
  purpose: CodePurpose,
): Promise<Allowance> {
  const known = deps.devices.knows(login.visitor, subject, "fully");
  const reserved = await deps.sending.reserve({
    subject,
    e164: number,
    country,
    address: login.visitor.address,
    lane: purpose === "enrol" ? "stranger" : known ? "device" : "owner",
    login: login.id,
    client: login.client.id,
  });
  if (reserved.kind === "go") return reserved;
  const event: AuditEvent = {
    kind: "send-refused",
    at: deps.now(),
    subject,
    login: login.id,
    client: login.client.id,
    address: login.visitor.address,
    facts: { factor: KIND, purpose, reason: reserved.why },
  };
  return {
    kind: "refused",
    notice: refusalNotice(reserved.why, reserved.until, deps.now()),
    events: [event],
  };
}

/** A person can wait for a budget of their own. What all others have used up is nothing to look into, or to measure. */
function refusalNotice(why: SendRefusal, until: EpochMs | undefined, now: EpochMs): Notice {
  if ((why !== "phone" && why !== "account") || until === undefined) return { key: "send.closed" };
  const minutes = Math.max(1, Math.ceil((until - now) / 60_000));
  return minutes > 90
    ? { key: "send.limit-hours", args: { hours: Math.ceil(minutes / 60) } }
    : { key: "send.limit-minutes", args: { minutes } };
}
