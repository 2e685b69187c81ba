/**
 * Who may bind a new factor, and by whose authority (NIST SP 800-63B-4 §4.1.2, requirement O21). A password
 * alone suffices only once, for a person who never had any second factor, and only under the policy `password-once`.
 * Whoever has just shown two factors may bind another one, if among them is one at least as strong as it or as strong as any that
 * the person has: a stronger one cannot be added by whoever holds the weaker, once there is one. Else
 * an administrator's act has to open the way: a window (the next enrolment, whoever holds the password) or a
 * ticket (a secret handed to the person). Both belong to one person, work once, and end after 24 hours.
 */
import { createHash, randomBytes } from "node:crypto";
import { type Authenticators, STRENGTH } from "./authenticators.ts";
import type { Storage } from "./records.ts";
import { Secret } from "./secret.ts";
import type { Snapshot } from "./settings.ts";
import { newUntil, preferred } from "./undo.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

/** `application`: the token of an application alone, of the enrolment API (compose/enrolment-api.ts). */
export type Authority = Standing | "application";
type Standing = "password-once" | "two-factors" | "window" | "ticket";
type Opening = { readonly by: Standing; readonly openedBy: string; readonly reason: string };

/** A way that stands open: a ticket without its secret. */
export type OpenWay = Opening & { readonly until: EpochMs };

/** An authority that has been taken; `giveBack` when nothing could be bound on it after all. */
export interface Spent {
  readonly authority: Authority;
  giveBack(): Promise<void>;
}

export interface Enrolment {
  /** What would let this person bind this factor now; `shown`: kinds shown within the last minutes. */
  standing(subject: Subject, kind: FactorKind, shown?: readonly FactorKind[]): Promise<Standing | "closed">;
  /** Held kinds of which one has to be shown before this one is bound; empty: nothing is held. */
  stepUp(subject: Subject, kind: FactorKind): Promise<readonly FactorKind[]>;
  /** Whether the ticket is good; spends nothing. */
  knowsTicket(subject: Subject, kind: FactorKind, ticket: string): Promise<boolean>;
  /** Takes the authority, atomically and once; undefined when there is none (any more). */
  spend(
    subject: Subject,
    kind: FactorKind,
    ticket?: string,
    shown?: readonly FactorKind[],
  ): Promise<Spent | undefined>;
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
const RECOVERY = "recovery-code";
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

export function createEnrolment(deps: {
  storage: Storage;
  authenticators: Authenticators;
  policy: () => Snapshot["enrolment"];
  /** For how long a number is new (undo.ts); not given: no number is. */
  newNumberHours?: (() => number) | undefined;
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

  // Of any kind: whoever has a phone and no app must not get an app by the password alone, nor the other way round.
  const firstTime = async (subject: Subject) =>
    deps.policy() === "password-once" &&
    !(await deps.authenticators.everHad(subject, ...Object.keys(STRENGTH)));

  const strengthOf = (kind: FactorKind): number => STRENGTH[kind] ?? 0;

  async function stepUp(subject: Subject, kind: FactorKind): Promise<readonly FactorKind[]> {
    const all = await deps.authenticators.list(subject);
    // A number that has just come opens nothing further: whoever brought it would else go on from there (portal.newNumberHours).
    const phone = preferred(all.filter((one) => one.kind === "sms"));
    const hours = deps.newNumberHours?.() ?? 0;
    const isNew = phone !== undefined && newUntil(phone, hours, deps.now()) !== undefined;
    const bound = all.filter((one) => one.kind !== "sms" || !isNew);
    const held = [...new Set(bound.map((one) => one.kind))].filter((one) => strengthOf(one) > 0);
    const strong = held.filter((one) => strengthOf(one) >= strengthOf(kind));
    const strongest = Math.max(...held.map(strengthOf));
    const enough = strong.length > 0 ? strong : held.filter((one) => strengthOf(one) === strongest);
    // A recovery code is for the day on which the rest is lost (O21): it opens every way, and is used up by it.
    const codes = held.filter((one) => one === RECOVERY && !enough.includes(one));
    return [...enough.sort((one, other) => strengthOf(other) - strengthOf(one)), ...codes];
  }

  /** A passkey has checked a second factor itself; every other kind needs another one beside it. */
  async function twoShown(subject: Subject, kind: FactorKind, shown: readonly FactorKind[]) {
    const second = shown.filter((one) => strengthOf(one) > 0);
    if (second.length === 0 || (!shown.includes("password") && !second.includes("passkey"))) return false;
    return (await stepUp(subject, kind)).some((one) => second.includes(one));
  }

  return {
    stepUp,
    async standing(subject, kind, shown = []) {
      if (deps.policy() === "off") return "closed";
      if (await twoShown(subject, kind, shown)) return "two-factors";
      if (await firstTime(subject)) return "password-once";
      return (await openings.get(window(subject, kind))) === undefined ? "ticket" : "window";
    },
    knowsTicket: async (subject, kind, ticket) =>
      (await openings.get(ticketKey(subject, kind, ticket))) !== undefined,
    async spend(subject, kind, ticket, shown = []) {
      if (deps.policy() === "off") return undefined;
      // Nothing to take: what was shown is shown, and how often something is bound on it is bounded by each kind.
      if (ticket === undefined && (await twoShown(subject, kind, shown)))
        return { authority: "two-factors", giveBack: async () => {} };
      if (ticket === undefined && (await firstTime(subject))) {
        // Two logins of a person without a factor race for it: one binds, the other finds that there is one now.
        const key = `${subject}|first`;
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
