/**
 * Who may bind a new factor at sign-in, and by whose authority (NIST SP 800-63B-4 §4.1.2, requirement O21). A password
 * alone suffices only once, for a person who never had the factor, and only under the policy `password-once`. After
 * that an administrator's act has to open the way: a window (the next enrolment, whoever holds the password) or a
 * ticket (a secret handed to the person). Both belong to one person, work once, and end after 24 hours.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Authenticators } from "./authenticators.ts";
import type { Storage } from "./records.ts";
import { Secret } from "./secret.ts";
import type { Snapshot } from "./settings.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

export type Authority = "password-once" | "window" | "ticket";
type Opening = { readonly by: Authority; readonly openedBy: string; readonly reason: string };

/** A way that stands open: a ticket without its secret. */
export type OpenWay = Opening & { readonly until: EpochMs };

/** An authority that has been taken; `giveBack` when nothing could be bound on it after all. */
export interface Spent {
  readonly authority: Authority;
  giveBack(): Promise<void>;
}

export interface Enrolment {
  /** What would let this person bind this factor now. */
  standing(subject: Subject, kind: FactorKind): Promise<Authority | "closed">;
  /** Whether the ticket is good; spends nothing. */
  knowsTicket(subject: Subject, kind: FactorKind, ticket: string): Promise<boolean>;
  /** Takes the authority, atomically and once; undefined when there is none (any more). */
  spend(subject: Subject, kind: FactorKind, ticket?: string): Promise<Spent | undefined>;
  /** `from`: the moment its 24 hours are counted from; now if not given. */
  openWindow(
    subject: Subject,
    kind: FactorKind,
    openedBy: string,
    reason: string,
    from?: EpochMs,
  ): Promise<void>;
  openTicket(subject: Subject, kind: FactorKind, openedBy: string, reason: string): Promise<Secret>;
  /** The windows and tickets that are open, at most 20. */
  openings(subject: Subject, kind: FactorKind): Promise<readonly OpenWay[]>;
  closeWindow(subject: Subject, kind: FactorKind): Promise<void>;
  /** Voids the window and all tickets. Whoever changes what a person has bound calls it: they were given for what was. */
  closeAll(subject: Subject, kind: FactorKind): Promise<void>;
}

const LIFE = 24 * 3_600_000;
const MOST_SHOWN = 20;
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

export function createEnrolment(deps: {
  storage: Storage;
  authenticators: Authenticators;
  policy: () => Snapshot["enrolment"];
  now: Clock;
}): Enrolment {
  const openings = deps.storage.records<OpenWay>("enrolment-opening");
  const group = (subject: Subject, kind: FactorKind) => `${subject}|${kind}`;
  const window = (subject: Subject, kind: FactorKind) => `${subject}|${kind}|window`;
  // A ticket is found by its hash, so nothing compares it; 16 symbols of 30 are 78 bits.
  const ticketKey = (subject: Subject, kind: FactorKind, ticket: string) =>
    `${subject}|${kind}|ticket|${createHash("sha256")
      .update(ticket.toUpperCase().replace(/[^0-9A-Z]/g, ""))
      .digest("base64url")}`;

  const open = (
    subject: Subject,
    kind: FactorKind,
    key: string,
    opening: Opening,
    from: EpochMs = deps.now(),
  ) => {
    const until = from + LIFE;
    return openings.put(key, { ...opening, until }, until, group(subject, kind));
  };

  const firstTime = async (subject: Subject, kind: FactorKind) =>
    deps.policy() === "password-once" && !(await deps.authenticators.everHad(subject, kind));

  return {
    async standing(subject, kind) {
      if (deps.policy() === "off") return "closed";
      if (await firstTime(subject, kind)) return "password-once";
      return (await openings.get(window(subject, kind))) === undefined ? "ticket" : "window";
    },
    knowsTicket: async (subject, kind, ticket) =>
      (await openings.get(ticketKey(subject, kind, ticket))) !== undefined,
    async spend(subject, kind, ticket) {
      if (deps.policy() === "off") return undefined;
      if (ticket === undefined && (await firstTime(subject, kind))) {
        // Two logins of a person without a factor race for it: one binds, the other finds that there is one now.
        const key = `${subject}|${kind}|first`;
        const until = deps.now() + 60_000;
        const claim: OpenWay = { by: "password-once", openedBy: subject, reason: "first enrolment", until };
        const won = await openings.update(key, (current) =>
          current === undefined ? { result: true, write: claim, expiresAt: until } : { result: false },
        );
        if (won) await openings.removeGroup(group(subject, kind));
        return won ? { authority: claim.by, giveBack: () => openings.remove(key) } : undefined;
      }
      const key = ticket === undefined ? window(subject, kind) : ticketKey(subject, kind, ticket);
      const opening = await openings.take(key);
      if (opening === undefined) return undefined;
      // One factor is bound on it; a second ticket, lost or stolen, must not bind another one after it.
      await openings.removeGroup(group(subject, kind));
      return {
        authority: opening.by,
        giveBack: () => openings.put(key, opening, opening.until, group(subject, kind)),
      };
    },
    openWindow: (subject, kind, openedBy, reason, from) =>
      open(subject, kind, window(subject, kind), { by: "window", openedBy, reason }, from),
    async openTicket(subject, kind, openedBy, reason) {
      const symbols = [...randomBytes(16)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
      await open(subject, kind, ticketKey(subject, kind, symbols), { by: "ticket", openedBy, reason });
      return new Secret(symbols.replace(/(.{4})(?=.)/g, "$1-"));
    },
    openings: (subject, kind) => openings.list(group(subject, kind), MOST_SHOWN),
    closeWindow: (subject, kind) => openings.remove(window(subject, kind)),
    closeAll: (subject, kind) => openings.removeGroup(group(subject, kind)),
  };
}
