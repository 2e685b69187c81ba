/** Ends what a person has open: sessions, and the grants that refresh tokens live by. */
import type { Storage } from "../../core/records.ts";
import type { Subject } from "../../core/words.ts";

/** Models whose rows are grouped by the person (adapter.ts). */
export const BY_PERSON = ["Session", "Grant"];

/** Every session and every grant of this person; tokens without a grant are refused from then on. */
export async function endAll(storage: Storage, subject: Subject): Promise<void> {
  for (const model of BY_PERSON) await storage.records(`oidc.${model}`).removeGroup(subject);
}
