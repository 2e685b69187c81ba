/**
 * Undoing a change of factors: what the link in a notice takes back. A link is random, known by its hash alone, works
 * once and for some hours (`portal.undoHours`). It needs no sign-in, for whoever took an account over has one; so all it
 * can do is put back what was there, end every session and call the administrators. It never signs anybody in.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Audit } from "./audit.ts";
import type { Authenticator, Authenticators, NewAuthenticator, PhoneData } from "./authenticators.ts";
import type { Directory } from "./directory.ts";
import { type Notice, type Notices, tellOthers } from "./notices.ts";
import type { PortalSettings } from "./portal-settings.ts";
import type { Storage } from "./records.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

/** An authenticator that was taken away. */
type Gone = Pick<NewAuthenticator, keyof NewAuthenticator> & { readonly boundAt: EpochMs };

/** A change, as the way back from it. */
export type UndoableChange = {
  readonly subject: Subject;
  readonly factor: FactorKind;
  readonly change: "added" | "removed" | "preferred";
  /** Keys of authenticators that came by it. */
  readonly unbind: readonly string[];
  /** Authenticators that went by it. */
  readonly bind: readonly Gone[];
  /** Key of the phone that codes went to before. */
  readonly prefer?: string | undefined;
};

export interface Undo {
  /** Makes the link of a change, as its notice carries it. */
  offer(change: UndoableChange): Promise<NonNullable<Notice["undo"]>>;
  /** What the link would take back; reads only. */
  look(token: string): Promise<UndoableChange | undefined>;
  /** Takes the change back, once. undefined: the link is no good (any more). */
  use(token: string, address: string): Promise<UndoableChange | undefined>;
  /** Voids the links of a person who is gone: one would bring a number back to nobody. */
  forget(subject: Subject): Promise<void>;
}

/** Authorities by which a number does not count as new: nothing was there that it could have pushed aside, or it was there. */
const NEVER_NEW = ["password-once", "administrator", "demo", "undo"];

/** Until when a number is new: whoever has just bound it may be a stranger. undefined: it is not. */
export function newUntil(
  phone: Pick<Authenticator, "boundAt" | "boundBy">,
  hours: number,
  now: EpochMs,
): EpochMs | undefined {
  const until = phone.boundAt + hours * 3_600_000;
  return NEVER_NEW.includes(phone.boundBy) || until <= now ? undefined : until;
}

/** Which of several phones codes go to: the one chosen last, else the oldest. */
export const preferred = (phones: readonly Authenticator[]): Authenticator | undefined =>
  [...phones].sort(
    (one, other) => ((other.data as PhoneData).preferredAt ?? 0) - ((one.data as PhoneData).preferredAt ?? 0),
  )[0];

export interface UndoDeps {
  readonly storage: Storage;
  readonly authenticators: Authenticators;
  readonly sessions: Sessions;
  readonly directory: Directory;
  readonly notices: Notices;
  readonly audit: Audit;
  readonly policy: () => PortalSettings;
  /** Path of the page behind a link; the token follows. */
  readonly page: URL;
  readonly now: Clock;
}

export function createUndo(deps: UndoDeps): Undo {
  const { authenticators, audit, now } = deps;
  const links = deps.storage.records<UndoableChange>("undo");
  const keyOf = (token: string) => createHash("sha256").update(token).digest("base64url");

  async function restore({ subject, factor, unbind, bind, prefer }: UndoableChange): Promise<void> {
    for (const { boundAt: _at, ...one } of bind) await authenticators.bind({ ...one, boundBy: "undo" });
    const held = await authenticators.list(subject, factor);
    for (const one of held)
      if (unbind.includes(one.key)) await authenticators.unbind(one.id, subject, "undone");
    const before = held.find(({ key }) => key === prefer);
    if (before !== undefined)
      await authenticators.update(before.id, before.version, {
        ...(before.data as PhoneData),
        preferredAt: now(),
      });
  }

  return {
    async offer(change) {
      const { undoHours: hours } = deps.policy();
      const token = randomBytes(32).toString("base64url");
      await links.put(keyOf(token), change, now() + hours * 3_600_000, change.subject);
      // A number that has just come may be the thief's: it hears of the change, and gets no way to turn it back.
      const gone = change.bind.filter(({ kind }) => kind === "sms");
      const young = [...(await authenticators.list(change.subject, "sms")), ...gone].filter(
        (phone) => newUntil(phone, hours, now()) !== undefined,
      );
      return {
        link: `${deps.page.href}/${token}`,
        hours,
        not: young.map(({ data }) => (data as PhoneData).number),
      };
    },
    look: (token) => links.get(keyOf(token)),
    async use(token, address) {
      const change = await links.take(keyOf(token));
      if (change === undefined) return undefined;
      const { subject, factor } = change;
      const user = await deps.directory.get(subject);
      if (user === undefined) return undefined;
      await audit.append({
        kind: "change-undone",
        at: now(),
        subject,
        address,
        facts: { factor, change: change.change },
      });
      await restore(change);
      await deps.sessions.endAll(subject, subject, "change-undone");
      await tellOthers(deps, user, "reported");
      return change;
    },
    forget: (subject) => links.removeGroup(subject),
  };
}

/**
 * The notices, with a way back in each that tells of a binding: whoever binds one need not know of it, and no way of
 * binding, however it was come by, is without it.
 */
export const withUndo = (notices: Notices, undo: Undo): Notices => ({
  ...notices,
  async send(to, notice) {
    const bound = boundBy(notice);
    if (bound === undefined) return notices.send(to, notice);
    const change = {
      subject: to,
      factor: bound.kind,
      change: "added",
      unbind: [bound.key],
      bind: [],
    } as const;
    return notices.send(to, { ...notice, undo: await undo.offer(change) });
  },
});

/** A phone that has come is told of by its key alone. */
function boundBy({ kind, spare, bound, undo }: Notice): Notice["bound"] {
  if (undo !== undefined) return undefined;
  if (bound !== undefined) return bound;
  return (kind === "phone-added" || kind === "phone-changed") && spare !== undefined
    ? { kind: "sms", key: spare.key }
    : undefined;
}
