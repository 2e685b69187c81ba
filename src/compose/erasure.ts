/**
 * Erasing a person (docs/decisions/0022): everything that is kept about them goes, and of the audit what names them. What
 * stays is what happened, under the random id they had here, which nothing leads back to them any more.
 */
import { forgetApprovals } from "../core/approvals.ts";
import type { Audit } from "../core/audit.ts";
import type { AuditErasure } from "../core/audit-erasure.ts";
import type { AuditSeals } from "../core/audit-seals.ts";
import { forgetDemands } from "../core/demands.ts";
import type { Directory } from "../core/directory.ts";
import type { Storage } from "../core/records.ts";
import type { Sealer } from "../core/seal.ts";
import type { Clock, Subject } from "../core/words.ts";
import type { Forgotten } from "../plugins/stores/sql/forget.ts";
import type { RemovePerson } from "./removal.ts";

export interface ErasureDeps {
  readonly directory: Directory;
  readonly removePerson: RemovePerson;
  readonly forgetTries: (subject: Subject) => Promise<void>;
  readonly forgetMarks: (who: Forgotten) => Promise<void>;
  readonly storage: Storage;
  readonly audit: Audit;
  readonly auditSeals: AuditSeals;
  readonly auditErasure: AuditErasure;
  readonly sealer: Pick<Sealer, "lookup">;
  readonly now: Clock;
}

/** `nobody`: neither is there such a person nor does the audit know the id. */
export type Erased =
  | { readonly kind: "erased"; readonly events: number }
  | { readonly kind: "nobody" | "read-only" | "changed-meanwhile" };
export interface Erasure {
  person(subject: Subject, by: string): Promise<Erased>;
  /** Erases what was still to come of people: a provider's late word on a text, an application that hears nothing. */
  sweep(): Promise<void>;
}

/** Longer than anything of a person is under way. */
const LATEST = 3 * 86_400_000;
const AGAIN = "again";
const AT_ONCE = 200;

export function createErasure(deps: ErasureDeps): Erasure {
  const { directory, audit, auditSeals, auditErasure, now } = deps;
  const marks = deps.storage.records<Subject>("erased");

  async function person(subject: Subject, by: string): Promise<Erased> {
    const user = await directory.get(subject);
    const known = user !== undefined || (await audit.query({ subject, limit: 1 })).length > 0;
    if (!known) return { kind: "nobody" };
    const name = user?.username;
    // Keyed, so that nobody finds out by trying names whose events these were.
    const pseudonym = `erased-${deps.sealer.lookup("erased", name ?? subject).slice(0, 16)}`;
    await audit.append({
      kind: "person-erased",
      at: now(),
      subject,
      facts: { by: by === name ? pseudonym : by },
    });
    const removed = await deps.removePerson(subject, by, "erased");
    if (removed.kind === "read-only" || removed.kind === "changed-meanwhile") return { kind: removed.kind };
    await deps.forgetTries(subject);
    await forgetDemands(deps.storage, subject);
    await forgetApprovals(deps.storage, subject);
    await deps.forgetMarks({ subject, name, pseudonym });
    await marks.put(subject, subject, now() + LATEST, AGAIN);
    // Only what is sealed can be erased without looking as if somebody had tampered with it. A writer may be in the way
    // of the seal for a moment; what is left for that, the sweep erases.
    for (let round = 0; round < 5; round += 1) await auditSeals.seal();
    return { kind: "erased", events: await auditErasure.person({ subject, name, pseudonym }) };
  }

  return {
    person,
    async sweep() {
      for (const subject of await marks.list(AGAIN, AT_ONCE))
        await auditErasure.person({ subject, pseudonym: "" });
    },
  };
}
