/**
 * The way back for an administrator who has lost the password, the phone or both: opened on the host by the owner of the
 * data folder, used once within ten minutes by the named administrator, told to all others. Called by surfaces/admin.
 * It signs nobody in: the person shows the new password and a new phone like anybody else.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Audit } from "./audit.ts";
import type { Authenticators } from "./authenticators.ts";
import type { Directory, User } from "./directory.ts";
import type { Enrolment } from "./enrolment.ts";
import { type Notices, tellOthers } from "./notices.ts";
import type { Storage } from "./records.ts";
import { Secret } from "./secret.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

export interface Recovery {
  /** A token for this administrator; one opened before is void. */
  open(user: User): Promise<{ readonly token: Secret; readonly until: EpochMs }>;
  /** Whose token it is; undefined: not known, used, over, or they administer no more. Spends nothing. */
  whose(token: string): Promise<User | undefined>;
  /** Sets the password and takes everything else away. `why`: the password was refused, and the token is still good. */
  use(
    token: string,
    password: Secret,
    address: string,
  ): Promise<{ readonly kind: "done" | "over" } | { readonly kind: "refused"; readonly why: string }>;
}

const LIFE = 600_000;
const BY = "recovery";
const REASON = "recovery of an administrator";

type Row = { readonly subject: Subject; readonly until: EpochMs };

export interface RecoveryDeps {
  readonly storage: Storage;
  readonly directory: Directory;
  readonly authenticators: Authenticators;
  readonly enrolment: Enrolment;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly notices: Notices;
  readonly forgetFailures: (subject: Subject) => Promise<void>;
  readonly now: Clock;
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { storage, directory, authenticators, enrolment, sessions, audit, now } = deps;
  const rows = storage.records<Row>("recovery");
  const nameOf = (token: string) => createHash("sha256").update(token).digest("base64url");

  async function administrator(subject: Subject | undefined): Promise<User | undefined> {
    const user = subject === undefined ? undefined : await directory.get(subject);
    return user?.status === "active" && user.roles.includes("admin") ? user : undefined;
  }

  /** Everything the account could be entered by before. */
  async function takeAway(subject: Subject): Promise<void> {
    await sessions.endAll(subject, BY, REASON);
    for (const { id, kind } of await authenticators.list(subject)) {
      const facts = { factor: kind, by: BY, reason: REASON };
      await audit.append({ kind: "authenticator-unbound", at: now(), subject, facts });
      await authenticators.unbind(id, BY, REASON);
      await enrolment.closeAll(subject, kind);
    }
    await enrolment.closeAll(subject, "sms");
    await deps.forgetFailures(subject);
  }

  return {
    async open(user) {
      const token = randomBytes(32).toString("base64url");
      const until = now() + LIFE;
      await audit.append({ kind: "recovery-opened", at: now(), subject: user.id, facts: { by: "host" } });
      await tellOthers(deps, user, "recovery-opened");
      await rows.removeGroup(user.id);
      await rows.put(nameOf(token), { subject: user.id, until }, until, user.id);
      return { token: new Secret(token), until };
    },
    whose: async (token) => administrator((await rows.get(nameOf(token)))?.subject),
    async use(token, password, address) {
      const row = await rows.take(nameOf(token));
      const user = await administrator(row?.subject);
      const { write } = directory;
      if (row === undefined || user === undefined || write === undefined) return { kind: "over" };
      await audit.append({ kind: "recovery-used", at: now(), subject: user.id, address });
      const set = await write.setPassword(user.id, password);
      if (set.kind === "password-refused") {
        await rows.put(nameOf(token), row, row.until, user.id);
        return { kind: "refused", why: set.why };
      }
      if (set.kind !== "done") return { kind: "over" };
      await takeAway(user.id);
      const facts = { factor: "sms", by: "window", openedBy: BY, reason: REASON };
      await audit.append({ kind: "enrolment-opened", at: now(), subject: user.id, facts });
      await enrolment.openWindow(user.id, "sms", BY, REASON);
      await tellOthers(deps, user, "recovery-used");
      return { kind: "done" };
    },
  };
}
