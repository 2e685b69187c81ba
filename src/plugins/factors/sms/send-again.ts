/**
 * The code once more, by text or by a call. The provider writes to the same challenge when it reports on the message
 * before; a report in the very moment of the click must not swallow the click, so the challenge is read and asked again.
 */
import type { AuditEvent } from "../../../core/audit.ts";
import type { Channel } from "../../../core/delivery-state.ts";
import { Breakage } from "../../../core/errors.ts";
import type { Login, Outcome } from "../../../core/mechanism.ts";
import type { CodePurpose } from "../../../core/message-texts.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json } from "../../../core/words.ts";
import { allowance } from "./allowance.ts";
import { resentNotice } from "./code-page.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { whoOf } from "./who.ts";

/** A provider reports four or five times on a message. */
const ROUNDS = 6;

export interface Again {
  readonly challenge: string;
  readonly channel: Channel;
  readonly purpose: CodePurpose;
}

/** Sends nothing itself: the outcome says what is to be brought. Throws `store-conflict` where nobody gets a turn. */
export async function sendAgain(
  deps: SmsFactorDeps,
  login: Login<Json>,
  { challenge, channel, purpose }: Again,
): Promise<Outcome<Json>> {
  const { codes, now } = deps;
  if (channel === "call" && !(await deps.canCall()))
    return { kind: "retry", notice: { key: "code.no-call" } };
  let isAllowed = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await codes.look(challenge, login.id);
    const resent = await codes.resend(challenge, login.id, channel);
    if (resent.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
    const notice = resentNotice(resent, channel, now());
    if (resent.kind !== "same" && resent.kind !== "new") return { kind: "retry", notice };
    if (before === undefined || login.subject === undefined) return { kind: "retry", notice };
    const { phone, country = "", fixed = false } = before;
    // Counted once, however often the challenge has to be read.
    if (!fixed && !isAllowed) {
      const allowed = await allowance(deps, login, login.subject, phone, country, purpose);
      if (allowed.kind === "refused")
        return { kind: "retry", notice: allowed.notice, events: allowed.events };
      isAllowed = true;
    }
    const event: AuditEvent = {
      ...whoOf(login, now()),
      kind: resent.kind === "same" ? "code-resent" : "code-issued",
      facts: { factor: KIND, purpose, phone: new PhoneNumber(phone).toString(), country, channel },
    };
    // A crash after this commit loses no text: what nobody sent is found in the outbox.
    if (await deps.storage.commit(resent.writes ?? [], [event]))
      return { kind: "retry", notice, ...(fixed ? {} : { deliver: resent.deliver }) };
  }
  throw new Breakage("store-conflict", "This code is being changed all the time.", { retryAfter: 1 });
}
