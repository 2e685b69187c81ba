/** Sessions as administrators and their owners see them. Implemented by surfaces/oidc, handed out by compose. */
import type { Acr, EpochMs, Subject } from "./words.ts";

/** A signed-in browser. Never its cookie, a token, or anything that opens either. */
export interface SessionInfo {
  /** A keyed hash of the session's own id: it names the session here and is worth nothing anywhere else. */
  readonly sid: string;
  readonly subject: Subject;
  readonly startedAt: EpochMs;
  readonly lastUsedAt?: EpochMs | undefined;
  readonly expiresAt: EpochMs;
  readonly acr?: Acr | undefined;
  readonly amr: readonly string[];
  /** When the oldest proof that counts was shown (OIDC Core §2, `auth_time`). */
  readonly authTime?: EpochMs | undefined;
  /** Ids of the clients it has signed in to. */
  readonly clients: readonly string[];
  /** Where the last sign-in came from. */
  readonly address?: string | undefined;
  /** Browser and system in words of ours, such as `Firefox on Windows`; what the browser sent is not kept. */
  readonly userAgent?: string | undefined;
}

export interface SessionQuery {
  readonly subject?: Subject | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface Sessions {
  /** In no order that means anything. A page may hold fewer than asked, even none, and still have a next one. */
  list(query: SessionQuery): Promise<{
    readonly sessions: readonly SessionInfo[];
    readonly next?: string | undefined;
  }>;
  find(sid: string): Promise<SessionInfo | undefined>;
  /**
   * Ends a session and everything that came of it: its codes, its access tokens and its refresh tokens, also those that
   * would outlive a logout (`offline_access`). A client keeps what it has in its own session, until it asks. False: there
   * is no such session (any more). The audit is written first.
   */
  end(sid: string, by: string, reason: string): Promise<boolean>;
  /**
   * The same for all sessions of a person, and for grants of sessions that ended before. Answers how many sessions. `but`: the
   * engine's own name (uid), or ours (sid), of one that stays, with what came of it.
   */
  endAll(subject: Subject, by: string, reason: string, but?: string): Promise<number>;
}
