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
  | "code-resent"
  | "code-sent"
  | "code-send-failed"
  | "code-delivered"
  | "code-undelivered"
  | "gateway-problem"
  | "send-refused"
  | "code-right"
  | "code-wrong"
  | "code-paused"
  | "factor-paused"
  | "factor-disabled"
  | "factor-right"
  | "factor-wrong"
  | "factor-suspicious"
  | "brake-on"
  | "brake-off"
  | "spend-limit"
  | "directory-loss"
  | "guard-alarm"
  | "test-number-used"
  | "authenticator-bound"
  | "authenticator-unbound"
  | "number-changed"
  | "enrolment-refused"
  | "enrolment-opened"
  | "enrolment-closed"
  | "signed-in"
  | "login-cancelled"
  | "login-stopped"
  | "signed-out"
  | "consent-given"
  | "consent-refused"
  | "device-allowed"
  | "device-refused"
  | "consent-skipped"
  | "user-added"
  | "users-imported"
  | "users-exported"
  | "user-changed"
  | "user-removed"
  | "roles-changed"
  | "phone-added"
  | "session-ended"
  | "device-remembered"
  | "remembered-device-used"
  | "remembered-device-ended"
  | "keys-rotated"
  | "settings-changed"
  | "admin-refused"
  | "bootstrap-used"
  | "recovery-opened"
  | "recovery-used"
  | "password-changed"
  | "password-refused"
  | "password-forgotten"
  | "password-ticket"
  | "password-opened"
  | "change-undone"
  | "reported"
  | "notice-sent"
  | "test-message"
  | "tokens-issued"
  | "tokens-revoked"
  | "backup-restored"
  | "person-erased"
  | "audit-trimmed"
  | "logout-undelivered"
  | "person-looked-up"
  | "approval-asked"
  | "approval-given"
  | "approval-declined"
  | "approval-failed";

export interface AuditFilter {
  readonly subject?: Subject | undefined;
  readonly login?: string | undefined;
  readonly kind?: AuditKind | undefined;
  readonly limit: number;
}

/** All of these hold. An index serves `subject` and `login`; the rest is looked for in a bounded stretch per page. */
export interface AuditSearch {
  readonly subject?: Subject | undefined;
  readonly login?: string | undefined;
  readonly kinds?: readonly AuditKind[] | undefined;
  readonly client?: string | undefined;
  /** Inclusive. */
  readonly from?: EpochMs | undefined;
  /** Exclusive. */
  readonly to?: EpochMs | undefined;
  /** The fact `by`: who did it, where it was an administrator or the host. */
  readonly by?: string | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: number | undefined;
}

export type AuditEntry = AuditEvent & { readonly seq: number };

/** `next` is there while there may be more: a page can hold fewer than asked, even none, and still have a next one. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly next?: number | undefined;
}

/**
 * Append-only. `append` resolves when the event is durable; callers append before the act takes effect, or hand the event
 * to `Storage.commit` with the act.
 */
export interface Audit {
  append(event: AuditEvent): Promise<void>;
  /** Newest first. */
  query(filter: AuditFilter): Promise<readonly AuditEvent[]>;
  /** Newest first, page by page. */
  page(search: AuditSearch): Promise<AuditPage>;
}

/** An event on its way into a store (audit-signature.ts). Whatever writes one without a signature is called a forger. */
export type SignedEvent = AuditEvent & { readonly signature?: string | undefined };

/** What a store plug-in implements: the same, with a signature beside each event. */
export interface AuditStore extends Audit {
  append(event: SignedEvent): Promise<void>;
  readonly ledger: AuditLedger;
}

/** An event as it is stored; `facts` is the text that was signed. */
export interface AuditRow {
  readonly seq: number;
  readonly at: EpochMs;
  readonly kind: string;
  readonly subject: string | null;
  readonly login: string | null;
  readonly client: string | null;
  readonly address: string | null;
  readonly facts: string | null;
  readonly signature: string | null;
}

/** A stretch of the audit that nobody can change unseen any more; see audit-seals.ts. */
export interface AuditSeal {
  /** Counts upwards from 0, without gaps. */
  readonly number: number;
  /** The last event under it. */
  readonly through: number;
  readonly at: EpochMs;
  /** A digest of each event under it. */
  readonly detail: Uint8Array;
  /** `mac` of the seal before. */
  readonly previous: Uint8Array;
  readonly mac: Uint8Array;
}

/** The audit as its seals see it: rows and seals in order. */
export interface AuditLedger {
  /** The newest event such that none can appear before it any more; undefined: that cannot be said at this moment. */
  settled(): Promise<number | undefined>;
  rows(after: number, through: number, limit: number): Promise<readonly AuditRow[]>;
  newestSeal(): Promise<AuditSeal | undefined>;
  /** From this number on, in order. */
  seals(from: number, limit: number): Promise<readonly AuditSeal[]>;
  /** Events of a person, of the logins they were in, and those where this name is who did it, in order. */
  about(
    who: { readonly subject: Subject; readonly name?: string | undefined },
    after: number,
    limit: number,
  ): Promise<readonly AuditRow[]>;
  /** Newest first: events that say what was taken out because its time was over. */
  trims(limit: number): Promise<readonly AuditRow[]>;
  /** Leaves of events what stands here; false where one is not there. Only of events under a seal. */
  erase(rows: readonly AuditRow[]): Promise<boolean>;
  /** Takes out events up to this one, at most `limit`; answers how many. */
  trim(through: number, limit: number): Promise<number>;
  /** False when another node has made this one. */
  addSeal(seal: AuditSeal): Promise<boolean>;
}
