/** Removing a person: the row of the directory, and everything the other rooms keep about them. The audit stays. */
import type { Audit } from "../core/audit.ts";
import type { Authenticators } from "../core/authenticators.ts";
import type { Directory, WriteRefusal } from "../core/directory.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { Storage } from "../core/records.ts";
import type { Sessions } from "../core/sessions.ts";
import type { Undo } from "../core/undo.ts";
import type { Clock, Subject } from "../core/words.ts";
import { openEnrolments } from "../surfaces/enrolment/transactions.ts";

export interface RemovalDeps {
  readonly directory: Directory;
  readonly authenticators: Authenticators;
  readonly enrolment: Enrolment;
  readonly sessions: Sessions;
  readonly undo: Pick<Undo, "forget">;
  readonly storage: Storage;
  readonly audit: Audit;
  readonly now: Clock;
}

/** Removes a person. `read-only`: people are kept somewhere else. */
export type RemovePerson = (
  subject: Subject,
  by: string,
  reason: string,
  ifVersion?: number,
) => Promise<{ readonly kind: "done" } | { readonly kind: "read-only" } | WriteRefusal>;

export function createRemoval(deps: RemovalDeps): RemovePerson {
  const { directory, authenticators, enrolment, sessions, audit, now } = deps;

  async function clean(subject: Subject, by: string, reason: string): Promise<void> {
    await sessions.endAll(subject, by, reason);
    for (const { id, kind } of await authenticators.list(subject)) {
      await audit.append({
        kind: "authenticator-unbound",
        at: now(),
        subject,
        facts: { factor: kind, by, reason },
      });
      await authenticators.unbind(id, by, reason);
      await enrolment.closeAll(subject, kind);
    }
    await enrolment.closeAll(subject, "sms");
    // Each holds a number: the ways back from changes, and what an application has begun.
    await deps.undo.forget(subject);
    await openEnrolments(deps.storage).removeGroup(subject);
  }

  return async (subject, by, reason, ifVersion) => {
    const { write } = directory;
    if (write === undefined || directory.keptElsewhere?.(subject)) return { kind: "read-only" };
    const user = await directory.get(subject);
    if (user === undefined) {
      // A crash may have come between: whoever asks again ends what is left of a person who is gone.
      if ((await authenticators.list(subject)).length > 0) await clean(subject, by, reason);
      return { kind: "unknown-user" };
    }
    if (ifVersion !== undefined && user.version !== ifVersion) return { kind: "changed-meanwhile" };
    const facts = { username: user.username, by, reason };
    await audit.append({ kind: "user-removed", at: now(), subject, facts });
    // The row first: it alone can be refused, and without it no session, token or phone of theirs opens anything.
    const removed = await write.remove(subject, user.version);
    if (removed.kind === "done") await clean(subject, by, reason);
    return removed;
  };
}
