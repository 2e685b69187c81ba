/**
 * Sessions of the account pages: a cookie of their own over a session of the server. Each look asks whether that one
 * still stands, so whoever ends it ends this too (S07, S08). A new sign-in is a new cookie (fixation).
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Directory, User } from "../../core/directory.ts";
import type { Notice } from "../../core/mechanism.ts";
import type { Storage } from "../../core/records.ts";
import type { SessionInfo, Sessions } from "../../core/sessions.ts";
import type { Clock } from "../../core/words.ts";
import { cookieName, readCookies, setCookie } from "../../kits/web/cookies.ts";
import type { SignedIn } from "./client.ts";

type Row = {
  readonly subject: string;
  /** Of the one browser it was begun in: a cookie that was copied out of it opens nothing elsewhere. */
  readonly browser: string;
  readonly sid: string;
  readonly acr: string;
  readonly authTime: number;
  /** It came of a step-up that was not fresh all the same: clocks differ, and asking alike would go in circles. */
  readonly insist?: true | undefined;
  /** Said on the next page, once. */
  readonly said?: Notice | undefined;
};

/** A person who is signed in here. */
export interface Here extends SignedIn {
  readonly id: string;
  readonly user: User;
  readonly session: SessionInfo;
  readonly insist?: true | undefined;
  readonly said?: Notice | undefined;
}

const COOKIE = "account";
/** No session of the server lives longer. */
const LIFE = 24 * 3_600_000;

export type AccountSessions = ReturnType<typeof createAccountSessions>;

export function createAccountSessions(deps: {
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly directory: Directory;
  readonly https: boolean;
  readonly now: Clock;
}) {
  const { sessions, directory, https, now } = deps;
  const rows = deps.storage.records<Row>("account-session");
  const idOf = (request: IncomingMessage) =>
    readCookies(request.headers.cookie)[cookieName(COOKIE, https)] ?? "";

  return {
    async of(request: IncomingMessage, browser: string): Promise<Here | undefined> {
      const id = idOf(request);
      const row = id === "" ? undefined : await rows.get(id);
      if (row === undefined || row.browser !== browser) return undefined;
      const [session, user] = await Promise.all([sessions.find(row.sid), directory.get(row.subject)]);
      if (session === undefined || session.subject !== row.subject || user?.status !== "active") {
        await rows.remove(id);
        return undefined;
      }
      return { ...row, id, user, session };
    },
    /** Answers the cookie of the new session; the browser's old one ends. */
    async begin(
      request: IncomingMessage,
      browser: string,
      who: SignedIn & { readonly insist?: true | undefined },
    ): Promise<{ readonly id: string; readonly cookie: string }> {
      const old = idOf(request);
      if (old !== "") await rows.remove(old);
      const id = randomBytes(32).toString("base64url");
      await rows.put(id, { ...who, browser }, now() + LIFE);
      return { id, cookie: setCookie(COOKIE, id, { https, maxAge: LIFE / 1000 }) };
    },
    /** Answers the cookie that takes the browser's away. */
    async end(id: string): Promise<string> {
      await rows.remove(id);
      return setCookie(COOKIE, "", { https, maxAge: 0 });
    },
    say: (id: string, said: Notice | undefined): Promise<void> =>
      rows.update(id, (row) =>
        row === undefined
          ? { result: undefined }
          : { result: undefined, write: { ...row, said }, expiresAt: now() + LIFE },
      ),
  };
}
