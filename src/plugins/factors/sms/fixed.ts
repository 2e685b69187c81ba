/** Test numbers at the door of the factor: whose code is fixed, and that every use is told. */
import type { AuditEvent } from "../../../core/audit.ts";
import type { Login } from "../../../core/mechanism.ts";
import type { CodePurpose } from "../../../core/message-texts.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json, Subject } from "../../../core/words.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

/** `plain`: a number like any other. `refused`: this account may not use one. */
export async function fixedOf(
  { testNumberOf, hasRole, now }: SmsFactorDeps,
  login: Login<Json>,
  subject: Subject,
  e164: string,
  purpose: CodePurpose,
): Promise<{ readonly kind: "plain" } | { readonly kind: "fixed" | "refused"; readonly event: AuditEvent }> {
  const found = testNumberOf(e164);
  if (found === undefined) return { kind: "plain" };
  const refused = await hasRole(subject);
  const { owner, reason, until } = found;
  const event: AuditEvent = {
    kind: "test-number-used",
    at: now(),
    subject,
    login: login.id,
    client: login.client.id,
    address: login.visitor.address,
    facts: { factor: KIND, purpose, phone: new PhoneNumber(e164).toString(), owner, reason, until, refused },
  };
  return { kind: refused ? "refused" : "fixed", event };
}
