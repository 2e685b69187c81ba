/**
 * Acts that wait for a second administrator: asked for by one, approved or declined by another, carried out once. What is
 * asked is kept as it was asked, sealed, and is weighed anew when it is carried out. Kept here: who asked what of whom, and
 * that of any number of decisions, at any number of nodes, one counts. It carries nothing out and knows no rights; whoever
 * calls it (surfaces/admin/api/approvals.ts) does.
 */
import type { AuditEvent, AuditKind } from "./audit.ts";
import type { DeskAct } from "./help-desk-settings.ts";
import type { Records, Storage } from "./records.ts";
import type { Clock, EpochMs, Json, Subject } from "./words.ts";

/** Who asks or decides: always a person, for behind a machine the same one could stand twice. */
export type Hand = {
  readonly subject: Subject;
  readonly name: string;
  readonly client: string;
  readonly address: string;
};

/** What is asked for. */
export type Wanted = {
  readonly act: DeskAct;
  /** Id of the operation, and what it was called with. */
  readonly operation: string;
  readonly asked: Json;
  readonly subject: Subject;
  readonly person: string;
  readonly reason: string;
  readonly asker: Hand;
};

/** What came of an act and is handed to the person: a ticket or a password, how long it is good, where it is typed. */
export type HandOver = {
  readonly ticket: string;
  readonly until?: string | undefined;
  readonly url?: string | undefined;
};

export type Approval = Wanted & {
  readonly id: string;
  readonly at: EpochMs;
  readonly until: EpochMs;
  /** `approved`: being carried out, or broken off by a crash; it is never carried out again. */
  readonly state: "pending" | "approved" | "declined" | "done" | "failed";
  readonly decidedBy?: Hand | undefined;
  /** Why it was declined, or could not be done. */
  readonly why?: string | undefined;
  /** For whoever asked, once. */
  readonly handOver?: HandOver | undefined;
};

export type Decided =
  | { readonly kind: "decided"; readonly approval: Approval }
  /** Unknown, or its time is over. */
  | { readonly kind: "gone" }
  /** Somebody else was faster. */
  | { readonly kind: "decided-already" }
  /** By whoever asked, or by whom it is about. */
  | { readonly kind: "not-yours" };

export interface Approvals {
  ask(wanted: Wanted, minutes: number): Promise<Approval | "asked-already" | "too-many">;
  /** Those that wait, oldest first, then those that were decided within the last hours. */
  list(): Promise<readonly Approval[]>;
  get(id: string): Promise<Approval | undefined>;
  decide(id: string, by: Hand, to: "approved" | "declined", why?: string): Promise<Decided>;
  /** Says what became of an approved one. */
  end(id: string, how: Pick<Approval, "state" | "why" | "handOver">): Promise<void>;
  /** What is handed over, to whoever asked for it, once. */
  takeTicket(id: string, by: Subject): Promise<(HandOver & Pick<Approval, "act">) | undefined>;
}

/** How long it is seen what became of one. */
const KEPT = 8 * 3_600_000;
const MOST = 100;
const MOST_OVER = 500;
const ROUNDS = 20;
const PENDING = "pending";
const OVER = "over";

const rowsOf = (storage: Storage): Records<Approval> => storage.records<Approval>("approval");

/** Forgets what names a person who is erased: acts on them, and those they asked for or decided. */
export async function forgetApprovals(storage: Storage, person: Subject): Promise<void> {
  const rows = rowsOf(storage);
  for (const one of [...(await rows.list(PENDING, MOST)), ...(await rows.list(OVER, MOST_OVER))])
    if ([one.subject, one.asker.subject, one.decidedBy?.subject].includes(person)) await rows.remove(one.id);
}

export function createApprovals(deps: { storage: Storage; now: Clock; newId: () => string }): Approvals {
  const { storage, now } = deps;
  const rows = rowsOf(storage);

  const event = (kind: AuditKind, one: Approval, by: Hand, facts: AuditEvent["facts"] = {}): AuditEvent => ({
    kind,
    at: now(),
    subject: one.subject,
    client: by.client,
    address: by.address,
    facts: {
      approval: one.id,
      act: one.act,
      by: by.name,
      askedBy: one.asker.name,
      reason: one.reason,
      ...facts,
    },
  });
  const waits = ({ state, until }: Approval): boolean => state === "pending" && until > now();

  return {
    async ask(wanted, minutes) {
      const pending = await rows.list(PENDING, MOST);
      const { act, subject, asker } = wanted;
      if (
        pending.some(
          (one) => one.act === act && one.subject === subject && one.asker.subject === asker.subject,
        )
      )
        return "asked-already";
      if (pending.length >= MOST) return "too-many";
      const until = now() + minutes * 60_000;
      const one: Approval = { ...wanted, id: deps.newId(), at: now(), until, state: "pending" };
      await storage.commit(
        [rows.write(one.id, one, until, { group: PENDING, expect: "absent" })],
        [event("approval-asked", one, asker)],
      );
      return one;
    },
    async list() {
      const [pending, over] = await Promise.all([rows.list(PENDING, MOST), rows.list(OVER, MOST_OVER)]);
      return [...pending.filter(waits), ...over.toReversed()];
    },
    get: (id) => rows.get(id),
    async decide(id, by, to, why) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const found = await rows.read(id);
        if (found === undefined) return { kind: "gone" };
        const { value: one, version } = found;
        if (one.state !== "pending") return { kind: "decided-already" };
        if (!waits(one)) return { kind: "gone" };
        // Whoever asked may take it back; nobody says yes to themselves, or to what is done to them.
        const own = by.subject === one.asker.subject;
        if (to === "approved" ? own || by.subject === one.subject : by.subject === one.subject && !own)
          return { kind: "not-yours" };
        const next: Approval = { ...one, state: to, decidedBy: by, ...(why === undefined ? {} : { why }) };
        // The version is the condition: of two who decide at once, at whatever nodes, one does.
        const won = await storage.commit(
          [rows.write(id, next, now() + KEPT, { group: OVER, expect: version })],
          [
            event(
              to === "approved" ? "approval-given" : "approval-declined",
              one,
              by,
              why === undefined ? {} : { why },
            ),
          ],
        );
        if (won) return { kind: "decided", approval: next };
      }
      return { kind: "decided-already" };
    },
    async end(id, how) {
      const one = await rows.get(id);
      if (one?.state !== "approved") return;
      const { decidedBy = one.asker } = one;
      await storage.commit(
        [rows.write(id, { ...one, ...how }, now() + KEPT, { group: OVER })],
        how.state === "failed" ? [event("approval-failed", one, decidedBy, { why: how.why ?? "" })] : [],
      );
    },
    takeTicket: (id, by) =>
      rows.update<(HandOver & Pick<Approval, "act">) | undefined>(id, (one) => {
        if (one?.handOver === undefined || one.asker.subject !== by) return { result: undefined };
        const { handOver, ...rest } = one;
        return { result: { ...handOver, act: one.act }, write: rest, expiresAt: now() + KEPT, group: OVER };
      }),
  };
}
