/**
 * Who has to be told that a session has ended (OpenID Connect Back-Channel Logout 1.0): a row for each application,
 * written with the end of the session or before it, so that no crash loses one. logout-delivery.ts sends them.
 */
import { randomBytes } from "node:crypto";
import type { Records, Storage, Write } from "../../core/records.ts";
import type { ClientSettings } from "../../core/settings.ts";
import type { Clock, EpochMs, Subject } from "../../core/words.ts";

export type LogoutRow = {
  readonly id: string;
  readonly client: string;
  readonly subject: Subject;
  /** The session's name at this application, where it wants it. */
  readonly sid?: string;
  readonly attempts: number;
  /** Nobody else tries before. */
  readonly notBefore: EpochMs;
  readonly until: EpochMs;
};

/** How long an application may be away. */
const LONGEST = 86_400_000;
/** The row outlives that: somebody has to see that its time is over. */
export const endOf = ({ until }: LogoutRow): EpochMs => until + LONGEST;
/** Rows that were never tried stand apart: what waits for an application that is away is in nobody's way. */
export const FRESH = "fresh";
export const waitingFor = (client: string): string => `waiting ${client}`;

export const logoutRows = (storage: Storage): Records<LogoutRow> => storage.records("logout");

/** The applications of a session, and its name at each of them. */
export const sidsOf = (
  authorizations: Readonly<Record<string, { readonly sid?: string | undefined }>> = {},
): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(authorizations).map(([client, { sid }]) => [client, sid]));

export interface LogoutQueue {
  /** The writes that promise to tell these applications; of those that do not want to be told there is none. */
  writes(subject: Subject, sids: Readonly<Record<string, string | undefined>>): readonly Write[];
  /** They are committed. */
  queued(): void;
  /** Who goes to work then; there is one listener. */
  hear(listener: () => void): void;
}

export function createLogoutQueue(deps: {
  readonly storage: Storage;
  readonly clients: () => readonly ClientSettings[];
  readonly now: Clock;
}): LogoutQueue {
  const { storage, now } = deps;
  const rows = logoutRows(storage);
  let listener: () => void = () => {};
  return {
    writes(subject, sids) {
      const wanted = deps.clients().filter((client) => client.backchannel_logout_uri !== undefined);
      return wanted.flatMap(({ client_id: client, backchannel_logout_session_required: wantsSid }) => {
        if (!Object.hasOwn(sids, client)) return [];
        const sid = sids[client];
        const id = randomBytes(16).toString("base64url");
        const until = now() + LONGEST;
        const row = { id, client, subject, attempts: 0, notBefore: now(), until };
        const named = wantsSid === true && sid !== undefined ? { ...row, sid } : row;
        return [rows.write(id, named, endOf(row), { group: FRESH })];
      });
    },
    queued: () => listener(),
    hear(next) {
      listener = next;
    },
  };
}
