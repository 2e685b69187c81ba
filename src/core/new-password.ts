/**
 * A person sets a new password: the event, the write by its rules, the end of all that was open by the old one, and the
 * word to the person by every way there is. Called by the step of the factor `password`; who may do so was decided before.
 */
import type { Audit } from "./audit.ts";
import type { Directory, OwnChange, User } from "./directory.ts";
import type { Notices } from "./notices.ts";
import type { Secret } from "./secret.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock } from "./words.ts";

/** Why it is set. `forgotten`: the present one is not known, and nothing that is open stays. */
export type WhyNew = "must-change" | "forgotten";

export interface NewPassword {
  readonly user: User;
  readonly next: Secret;
  /** Asked for where others keep the password, unless it is forgotten. */
  readonly present: Secret | undefined;
  readonly why: WhyNew;
  /** The engine's name of the session that goes on. */
  readonly session: string | undefined;
  readonly login: string;
  readonly client: string;
  readonly address: string;
  readonly locale: string;
}

export type NewPasswords = ReturnType<typeof createNewPasswords>;

export function createNewPasswords(deps: {
  readonly directory: Directory;
  /** The end of all, with devices, links and tickets, and without logins. */
  readonly sessions: Pick<Sessions, "endAll">;
  readonly audit: Audit;
  readonly notices: Pick<Notices, "send">;
  /** Other logins that are under way; the one that sets it goes on. */
  readonly endLogins: (subject: string, but: string) => Promise<void>;
  readonly now: Clock;
}) {
  const { directory, sessions, audit, notices, now } = deps;

  async function write({ user, next, present }: NewPassword): Promise<OwnChange> {
    const { write } = directory;
    if (write === undefined) return { kind: "kept-elsewhere" };
    if (present === undefined) return write.setPassword(user.id, next, user.version);
    return (await write.changeOwn?.(user.id, present, next)) ?? { kind: "kept-elsewhere" };
  }

  return {
    /** Whether others keep this person's password, and the present one has to be shown to them. */
    keptElsewhere: ({ id }: Pick<User, "id">): boolean => directory.keptElsewhere?.(id) === true,
    async set(change: NewPassword): Promise<OwnChange> {
      const { user, why, session, login, client, address, locale } = change;
      const event = { at: now(), subject: user.id, login, client, address };
      // The event first: a password that nobody can account for must not be.
      await audit.append({ ...event, kind: "password-changed", facts: { reason: why } });
      const done = await write(change);
      if (done.kind !== "done") {
        await audit.append({ ...event, kind: "password-refused", facts: { reason: why, result: done.kind } });
        return done;
      }
      await deps.endLogins(user.id, login);
      await sessions.endAll(user.id, user.id, "password-changed", session);
      await notices.send(user.id, { kind: "password-changed", locale, login });
      return done;
    },
  };
}
