/**
 * One turn of a login: taken by compare-and-set on the login's row, alone or in the first commit of the step, and ended
 * in the commit of the outcome. Called by the walk alone.
 */
import type { AuditEvent } from "./audit.ts";
import type { Claim, Committed } from "./claim.ts";
import { type LoginRecord, loginWrite } from "./login.ts";
import type { Records, Storage, Write } from "./records.ts";

export interface Turned extends Claim {
  /** Nothing has been taken as yet, or it has been lost: nothing has happened. */
  isOpen(): boolean;
  isLost(): boolean;
  /** The login as it is to be, with what goes with it. Takes the turn too, where that was not done. */
  end(record: LoginRecord, writes: readonly Write[], events: readonly AuditEvent[]): Promise<Committed>;
}

/** `claimed` is the login with its turn taken, `version` that of the row without. */
export function createTurn(
  { storage, logins }: { readonly storage: Pick<Storage, "commit">; readonly logins: Records<LoginRecord> },
  claimed: LoginRecord,
  version: number | "absent",
): Turned {
  let expect = version;
  let state: "open" | "taken" | "lost" = "open";

  async function commit(
    record: LoginRecord,
    writes: readonly Write[],
    events: readonly AuditEvent[] = [],
  ): Promise<Committed> {
    const own = loginWrite(logins, record, expect);
    if (await storage.commit([own, ...writes], events)) {
      expect = own.version;
      state = "taken";
      return "done";
    }
    // Which of the rows it was: the login's own, or one of those that went along.
    const current = writes.length === 0 ? undefined : await logins.read(record.id);
    if (current !== undefined && current.version === expect) return "again";
    if (state === "open") state = "lost";
    return "lost";
  }

  return {
    isOpen: () => state !== "taken",
    isLost: () => state === "lost",
    async commit(writes) {
      if (state === "open") return commit(claimed, writes);
      if (state === "lost") return "lost";
      return writes.length === 0 || (await storage.commit(writes)) ? "done" : "again";
    },
    end: commit,
  };
}
