import type { EpochMs, Json, Subject } from "./words.ts";

/** Something that happened and that somebody may one day have to answer for. Never a code, secret or full number. */
export interface AuditEvent {
  readonly kind: AuditKind;
  readonly at: EpochMs;
  readonly subject?: Subject | undefined;
  readonly login?: string | undefined;
  readonly client?: string | undefined;
  readonly address?: string | undefined;
  /** Further plain facts: factor, reason, masked number, authority. */
  readonly facts?: Readonly<Record<string, Json>> | undefined;
}

export type AuditKind =
  | "password-right"
  | "password-wrong"
  | "password-paused"
  | "code-issued"
  | "code-sent"
  | "code-send-failed"
  | "code-right"
  | "code-wrong"
  | "code-paused"
  | "factor-disabled"
  | "authenticator-bound"
  | "authenticator-unbound"
  | "enrolment-refused"
  | "enrolment-opened"
  | "signed-in"
  | "login-cancelled"
  | "login-stopped"
  | "signed-out"
  | "consent-given"
  | "consent-refused"
  | "device-allowed"
  | "device-refused"
  | "user-added"
  | "user-changed"
  | "user-removed"
  | "roles-changed"
  | "session-ended"
  | "keys-rotated"
  | "settings-changed"
  | "tokens-revoked";

export interface AuditFilter {
  readonly subject?: Subject | undefined;
  readonly login?: string | undefined;
  readonly kind?: AuditKind | undefined;
  readonly limit: number;
}

/** Append-only. `append` resolves when the event is durable; callers append before the act takes effect. */
export interface Audit {
  append(event: AuditEvent): Promise<void>;
  /** Newest first. */
  query(filter: AuditFilter): Promise<readonly AuditEvent[]>;
}
