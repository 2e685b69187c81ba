/** What every act of an administrator on one person begins with: may they, and what the audit says of it. */
import type { Audit, AuditKind } from "../../../core/audit.ts";
import type { Directory, User } from "../../../core/directory.ts";
import type { Clock, Json, Subject } from "../../../core/words.ts";
import { type Actor, behind, notFound, type Refusal } from "./call.ts";
import type { Rights } from "./rights.ts";

export interface HandsOnDeps {
  readonly directory: Pick<Directory, "get">;
  readonly audit: Audit;
  readonly rights: Pick<Rights, "toChange">;
  readonly now: Clock;
}

export const createHandsOn = ({ directory, audit, rights, now }: HandsOnDeps) => ({
  /** The person, where this actor may do this to them; without `act` they are only looked at. */
  async whom(inum: string, actor: Actor, act?: string): Promise<User | Refusal> {
    const user = await directory.get(inum);
    if (user === undefined) return notFound("user");
    return (act === undefined ? undefined : await rights.toChange(actor, user, act)) ?? user;
  },
  record: (kind: AuditKind, actor: Actor, subject: Subject, facts: Record<string, Json>) =>
    audit.append({
      kind,
      at: now(),
      subject,
      client: actor.client,
      address: actor.address,
      facts: { ...behind(actor), ...facts },
    }),
});
