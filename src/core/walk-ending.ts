/** What the audit says of the end of a login. Called by the walk. */
import type { AuditEvent, AuditKind } from "./audit.ts";
import type { LoginEnd, LoginRecord } from "./login.ts";
import type { Visitor } from "./mechanism.ts";
import type { EpochMs } from "./words.ts";

/** The events that go with the commit of the end. */
export function endingOf(
  record: LoginRecord,
  end: LoginEnd,
  visitor: Visitor,
  at: EpochMs,
): readonly AuditEvent[] {
  const kind: AuditKind =
    end.kind === "proven" ? "signed-in" : end.reason === "cancelled" ? "login-cancelled" : "login-stopped";
  const common = {
    at,
    subject: record.subject,
    login: record.id,
    client: record.client.id,
    address: visitor.address,
  };
  const ending: AuditEvent = {
    ...common,
    kind,
    facts:
      end.kind === "proven"
        ? {
            acr: end.attained.acr,
            amr: end.attained.amr,
            ...(record.requested === undefined ? {} : { asked: record.requested }),
            ...(record.essential === true ? { essential: true } : {}),
          }
        : { acr: record.acr, reason: end.reason },
  };
  if (end.kind !== "proven" || record.stoodIn === undefined) return [ending];
  const facts = { device: record.stoodIn, acr: record.acr };
  return [{ ...common, kind: "remembered-device-used", facts }, ending];
}
