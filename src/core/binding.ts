/**
 * Binding an authenticator that a person has just shown: the authority is taken once, the audit is told before the row
 * is there, the person is told behind the back of whoever does it. Called by the enrol steps of `totp`, `passkey` and `recovery-code`.
 */
import type { Audit, AuditEvent } from "./audit.ts";
import type { Authenticator, Authenticators } from "./authenticators.ts";
import type { Enrolment } from "./enrolment.ts";
import type { Login, Outcome, StopReason } from "./mechanism.ts";
import type { Notices } from "./notices.ts";
import type { Clock, FactorKind, Json, Subject } from "./words.ts";

export interface Binding {
  /** Whether this login may bind the kind now, and whether a ticket has to be typed for it. */
  begin(
    login: Login<Json>,
    kind: FactorKind,
    most: number,
  ): Promise<
    | { readonly kind: "open"; readonly subject: Subject; readonly ticketNeeded: boolean }
    | { readonly kind: "stop"; readonly reason: StopReason }
  >;
  knowsTicket(login: Login<Json>, kind: FactorKind, ticket: string): Promise<boolean>;
  bind(
    login: Login<Json>,
    authenticator: { readonly kind: FactorKind; readonly key: string; readonly data: Json },
    options: { readonly label: string; readonly ticket?: string | undefined },
  ): Promise<
    | { readonly kind: "bound"; readonly authenticator: Authenticator }
    | Extract<Outcome<Json>, { kind: "stop" }>
  >;
}

export function createBinding(deps: {
  readonly enrolment: Pick<Enrolment, "standing" | "knowsTicket" | "spend">;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly notices: Pick<Notices, "send">;
  readonly now: Clock;
}): Binding {
  const { enrolment, authenticators, audit, notices, now } = deps;
  return {
    async begin(login, kind, most) {
      const { subject, fresh } = login;
      if (subject === undefined) return { kind: "stop", reason: "person-gone" };
      const standing = await enrolment.standing(subject, kind, fresh);
      if (standing === "closed") return { kind: "stop", reason: "no-factor" };
      if ((await authenticators.list(subject, kind)).length >= most)
        return { kind: "stop", reason: "too-many-factors" };
      return { kind: "open", subject, ticketNeeded: standing === "ticket" };
    },
    knowsTicket: async ({ subject }, kind, ticket) =>
      subject !== undefined && (await enrolment.knowsTicket(subject, kind, ticket)),
    async bind(login, { kind, key, data }, { label, ticket }) {
      const { subject, fresh, locale } = login;
      if (subject === undefined) return { kind: "stop", reason: "person-gone" };
      const event = (what: AuditEvent["kind"], facts: AuditEvent["facts"]): AuditEvent => ({
        kind: what,
        at: now(),
        subject,
        login: login.id,
        client: login.client.id,
        address: login.visitor.address,
        facts: { factor: kind, ...facts },
      });
      const spent = await enrolment.spend(subject, kind, ticket, fresh);
      if (spent === undefined)
        return {
          kind: "stop",
          reason: "enrolment-needs-ticket",
          events: [event("enrolment-refused", { reason: "no authority" })],
        };
      const { authority } = spent;
      // The audit first: a binding that nobody can account for must not exist.
      await audit.append(event("authenticator-bound", { label, authority }));
      try {
        const bound = await authenticators.bind({ subject, kind, key, data, boundBy: authority });
        await notices.send(subject, {
          kind: "factor-added",
          bound: { kind, key },
          locale,
          client: login.client.id,
          login: login.id,
        });
        return { kind: "bound", authenticator: bound };
      } catch (problem) {
        await spent.giveBack();
        await audit.append(event("enrolment-refused", { reason: "could not be stored" }));
        throw problem;
      }
    },
  };
}
