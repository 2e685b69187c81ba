/**
 * What opens the way to a new password where the present one is forgotten: a link by mail, or a ticket that an
 * administrator hands out. Neither is enough: the login it begins asks for the person's second factor (reset-walk.ts). Both
 * are random, kept as hashes, bound to one account as it is at that moment, short, and good once. Held by compose; asked by
 * core/forgotten.ts, surfaces/forgotten and the admin API.
 */
import { createHash, randomBytes } from "node:crypto";
import type { User } from "./directory.ts";
import type { Storage } from "./records.ts";
import { Secret } from "./secret.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

type By = "link" | "ticket";
/** `version` rises with every change of the person: a new password, another address or a closed account voids it. */
type Opening = {
  readonly subject: Subject;
  readonly version: number;
  readonly email?: string | undefined;
  readonly by: By;
  readonly openedBy: string;
};
/**
 * A login that was begun by one; `kinds`: the factors of which one has to be shown, none where the person has none. `held`:
 * ids of what the person had then; where one of them is taken away, it may be the very one that was shown.
 */
type Begun = Pick<Opening, "subject" | "version" | "by"> & {
  readonly kinds: readonly FactorKind[];
  readonly held: readonly string[];
};

export type PasswordOpenings = ReturnType<typeof createPasswordOpenings>;

const TICKET_LIFE = 3_600_000;
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");
// 16 symbols of 30 are 78 bits, found by their hash: nothing compares them.
const normal = (ticket: string): string =>
  ticket
    .slice(0, 64)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "");

export function createPasswordOpenings({ storage, now }: { storage: Storage; now: Clock }) {
  const openings = storage.records<Opening>("password-opening");
  const begun = storage.records<Begun>("password-begun");
  const linkKey = (token: string) => `link ${hashOf(token)}`;
  const ticketKey = (subject: Subject, ticket: string) => `ticket ${hashOf(`${subject}\0${normal(ticket)}`)}`;
  const of = ({ id, version, claims }: User, by: By, openedBy: string): Opening => ({
    subject: id,
    version,
    ...(typeof claims.email === "string" ? { email: claims.email } : {}),
    by,
    openedBy,
  });
  const fits = (opening: Opening | undefined, user: User | undefined): boolean =>
    opening !== undefined &&
    user?.status === "active" &&
    user.id === opening.subject &&
    user.version === opening.version &&
    (opening.by === "ticket" || user.claims.email === opening.email);

  return {
    /** The token of a link for this person as they are now. */
    async link(user: User, lifeMs: number): Promise<string> {
      const token = randomBytes(32).toString("base64url");
      await openings.put(linkKey(token), of(user, "link", user.id), now() + lifeMs, user.id);
      return token;
    },
    forgetLink: (token: string) => openings.remove(linkKey(token)),
    /** Whose link it is, for whoever looks; spends nothing. */
    whose: async (token: string): Promise<Subject | undefined> =>
      (await openings.get(linkKey(token)))?.subject,
    /** One before it is void: what was handed out by mistake must not stay good. */
    async ticket(user: User, by: string): Promise<{ readonly ticket: Secret; readonly until: EpochMs }> {
      const symbols = [...randomBytes(16)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
      const until = now() + TICKET_LIFE;
      await openings.removeGroup(user.id);
      await openings.put(ticketKey(user.id, symbols), of(user, "ticket", by), until, user.id);
      return { ticket: new Secret(symbols.replace(/(.{4})(?=.)/g, "$1-")), until };
    },
    /** Takes a link, once; whether it is (still) this person's is asked of the person as they are now. */
    async takeLink(
      token: string,
      find: (subject: Subject) => Promise<User | undefined>,
    ): Promise<User | undefined> {
      const opening = await openings.take(linkKey(token));
      const user = opening === undefined ? undefined : await find(opening.subject);
      return fits(opening, user) ? user : undefined;
    },
    /** The same with a ticket; of a name that nobody has it is looked for all the same (P11). */
    async takeTicket(user: User | undefined, ticket: string): Promise<boolean> {
      return fits(await openings.take(ticketKey(user?.id ?? "", ticket)), user);
    },
    /** A login goes on from it. */
    begin: (
      login: string,
      { id, version }: User,
      how: Pick<Begun, "by" | "kinds" | "held">,
      until: EpochMs,
    ) => begun.put(login, { subject: id, version, ...how }, until, id),
    /** What that login has to show; undefined: it may set nothing (any more). */
    async begunBy(login: string, user: User): Promise<Begun | undefined> {
      const row = await begun.get(login);
      return row?.subject === user.id && row.version === user.version ? row : undefined;
    },
    /** The kinds of a login, while it is under way. */
    kindsOf: async (login: string): Promise<readonly FactorKind[]> => (await begun.get(login))?.kinds ?? [],
    /** All of a person's, with the logins that began by one. */
    async voidAll(subject: Subject): Promise<void> {
      await openings.removeGroup(subject);
      await begun.removeGroup(subject);
    },
  };
}

/**
 * Sessions of which the end of all voids links, tickets and what was begun by them: whoever has just shown a stolen phone
 * there must not come to a new password after everything was ended because of it.
 */
export const voidingOpenings = (
  sessions: Sessions,
  { voidAll }: Pick<PasswordOpenings, "voidAll">,
): Sessions => ({
  ...sessions,
  async endAll(subject, by, reason, but) {
    await voidAll(subject);
    return sessions.endAll(subject, by, reason, but);
  },
});
