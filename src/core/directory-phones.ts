/**
 * Phones that live in a directory, laid over our own store. What an entry says is mirrored in the store whenever the entry
 * is read for another reason, so nobody asks the directory for it: a number that is new there is bound here, one that is
 * gone there has been removed by hand, and everything that rests on it ends (decision 0023). What is bound, changed or
 * taken away here is written into a directory that may be written to; for any other one it stays here, beside the
 * person's id. Put in place by compose where there is a directory that keeps phones; without one it is not there at all.
 */
import type { Audit, AuditKind } from "./audit.ts";
import type { Authenticator, Authenticators, NewAuthenticator, PhoneData } from "./authenticators.ts";
import type { Directory, PhoneBook, SeenPhones, User } from "./directory.ts";
import type { Losses } from "./directory-losses.ts";
import type { Enrolment } from "./enrolment.ts";
import { type Notices, wasOf } from "./notices.ts";
import { PhoneNumber } from "./secret.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock, EpochMs, Json, Subject } from "./words.ts";

const KIND = "sms";
/** A number of a read-only directory that was taken away here: it stands there still, and must not come back by itself. */
const REFUSED = "sms-refused";
const DAY = 24 * 3_600_000;
const MOST_KEPT = 10_000;

/** A number as it is written somewhere, made E.164. */
export type ReadNumber = (
  written: string,
  country: string | undefined,
) =>
  | { readonly kind: "number"; readonly number: PhoneNumber; readonly country: string }
  | { readonly kind: "refused"; readonly why: string };

export interface DirectoryPhonesDeps {
  readonly directory: Directory;
  /** Our own store. */
  readonly authenticators: Authenticators & { get(id: string): Promise<Authenticator | undefined> };
  readonly enrolment: () => Pick<Enrolment, "openWindow" | "closeAll">;
  readonly sessions: Pick<Sessions, "endAll">;
  readonly losses: Losses;
  readonly notices: Pick<Notices, "send">;
  readonly audit: Pick<Audit, "append">;
  readonly readNumber: ReadNumber;
  readonly phoneKey: (e164: string) => string;
  readonly forgetFailures: (subject: Subject) => Promise<void>;
  readonly now: Clock;
  readonly complain: (text: string) => void;
}

type Standing = "same" | "lost";

export interface DirectoryPhones {
  readonly authenticators: Authenticators;
  /** Answers nobody where a person's phone has just been found removed: whoever asks, asks for something that rests on it. */
  readonly accounts: Pick<Directory, "get">;
  /** Mirrors what was read last. */
  settle(user: User): Promise<Standing>;
}

export function createDirectoryPhones(deps: DirectoryPhonesDeps): DirectoryPhones {
  const { directory, authenticators: own, audit, now } = deps;
  const settled = new Map<Subject, EpochMs>();
  const underWay = new Map<Subject, Promise<Standing>>();

  const bookOf = (subject: Subject) => directory.phones?.(subject);
  /** Where two directories may have an id, it has to be found before it is known whose it is. */
  async function findBook(subject: Subject): Promise<PhoneBook | undefined> {
    const book = bookOf(subject);
    if (book !== undefined) return book;
    await directory.get(subject);
    return bookOf(subject);
  }
  const numberOf = ({ data }: Authenticator) => (data as PhoneData).number;
  const isTheirs = ({ data }: Authenticator) => (data as PhoneData).inDirectory === true;
  const masked = (e164: string) => new PhoneNumber(e164).toString();

  const tell = (kind: AuditKind, subject: Subject, facts: Record<string, Json>) =>
    audit.append({ kind, at: now(), subject, facts: { factor: KIND, ...facts } });

  function read(book: PhoneBook, written: readonly string[], username: string) {
    return written.flatMap((one) => {
      const parsed = deps.readNumber(one, book.country);
      if (parsed.kind === "number")
        return [{ written: one, number: parsed.number.reveal(), country: parsed.country }];
      deps.complain(
        `directory ${book.name}: a number of ${username} (${new PhoneNumber(one)}) cannot be used: it ${parsed.why}`,
      );
      return [];
    });
  }

  async function settle(user: User): Promise<Standing> {
    const book = bookOf(user.id);
    const seen = book?.seen();
    if (book === undefined || seen === undefined) return "same";
    const before = underWay.get(user.id);
    if (before !== undefined) return before;
    if (settled.get(user.id) === seen.readAt) return "same";
    const act = mirror(user, book, seen).finally(() => underWay.delete(user.id));
    underWay.set(user.id, act);
    const standing = await act;
    settled.delete(user.id);
    settled.set(user.id, seen.readAt);
    if (settled.size > MOST_KEPT) settled.delete(settled.keys().next().value ?? "");
    return standing;
  }

  async function mirror(user: User, book: PhoneBook, seen: SeenPhones): Promise<Standing> {
    const rows = await own.list(user.id, KIND);
    const there = read(book, seen.numbers, user.username);
    const lost = rows.filter((row) => isTheirs(row) && there.every(({ number }) => number !== numberOf(row)));
    if (lost.length > 0) await takeAway(user, book, seen, lost, there.length > 0);
    for (const { number, country } of there) {
      const row = rows.find((one) => numberOf(one) === number);
      if (row === undefined) await adopt(user, book, number, country);
      else if (!isTheirs(row)) await mark(row);
    }
    return lost.length > 0 ? "lost" : "same";
  }

  /** From now on the directory decides whether it is there. */
  const mark = (row: Authenticator) =>
    own.update(row.id, row.version, { ...(row.data as PhoneData), inDirectory: true });

  async function adopt(user: User, book: PhoneBook, number: string, country: string): Promise<void> {
    const key = deps.phoneKey(number);
    if ((await own.list(user.id, REFUSED)).some((row) => row.key === key)) return;
    const authority = "directory";
    await tell("authenticator-bound", user.id, {
      phone: masked(number),
      country,
      authority,
      by: `directory ${book.name}`,
    });
    const data: PhoneData = { number, country, verifiedAt: now(), inDirectory: true };
    await own.bind({ subject: user.id, kind: KIND, key, data, boundBy: authority });
  }

  /** Somebody has deleted or changed the value by hand. The audit first, the row last: a crash in between repeats the rest. */
  async function takeAway(
    { id }: User,
    book: PhoneBook,
    { modifiedAt }: SeenPhones,
    lost: readonly Authenticator[],
    hasAnother: boolean,
  ): Promise<void> {
    const by = `directory ${book.name}`;
    const reason = "deleted in the directory";
    for (const row of lost)
      await tell("authenticator-unbound", id, { phone: masked(numberOf(row)), by, reason });
    await deps.sessions.endAll(id, by, reason);
    await deps.enrolment().closeAll(id, KIND);
    let mine = false;
    for (const row of lost) mine = (await own.unbind(row.id, by, reason)) || mine;
    // Another node was first: the person is told, and the way is opened, once.
    if (!mine) return;
    // Of a job gone wrong nobody is told: it would be a text for everybody.
    const isMass = await deps.losses.add(book, id);
    if (isMass) return;
    await deps.notices.send(id, { kind: hasAnother ? "phone-changed" : "phone-removed", ...wasOf(lost) });
    if (hasAnother || !book.opensWindow || modifiedAt === undefined || modifiedAt + DAY <= now()) return;
    await tell("enrolment-opened", id, { way: "window", by, reason });
    await deps.forgetFailures(id);
    await deps.enrolment().openWindow(id, KIND, by, reason, Math.min(modifiedAt, now()));
  }

  async function bind(wanted: NewAuthenticator): Promise<Authenticator> {
    const book = wanted.kind === KIND ? await findBook(wanted.subject) : undefined;
    if (book === undefined) return own.bind(wanted);
    for (const row of await own.list(wanted.subject, REFUSED))
      if (row.key === wanted.key) await own.unbind(row.id, wanted.boundBy, "bound again");
    if (!book.writable) return own.bind(wanted);
    const data = wanted.data as PhoneData;
    await book.add(new PhoneNumber(data.number));
    const bound = await own.bind({ ...wanted, data: { ...data, inDirectory: true } });
    const there = read(book, book.seen()?.numbers ?? [data.number], wanted.subject);
    for (const row of await own.list(wanted.subject, KIND))
      if (row.id !== bound.id && isTheirs(row) && there.every(({ number }) => number !== numberOf(row))) {
        await tell("authenticator-unbound", wanted.subject, {
          phone: masked(numberOf(row)),
          by: wanted.boundBy,
          reason: "another number took its place",
        });
        await own.unbind(row.id, wanted.boundBy, "another number took its place");
      }
    return bound;
  }

  async function unbind(id: string, by: string, reason: string): Promise<boolean> {
    const row = await own.get(id);
    const book = row?.kind === KIND ? await findBook(row.subject) : undefined;
    if (row === undefined || book === undefined || !isTheirs(row)) return own.unbind(id, by, reason);
    if (book.writable) {
      // Read first: what stands there is named by its value.
      await directory.get(row.subject);
      const there = read(book, book.seen()?.numbers ?? [], row.subject);
      for (const { written, number } of there) if (number === numberOf(row)) await book.remove(written);
    } else await own.bind({ subject: row.subject, kind: REFUSED, key: row.key, data: {}, boundBy: by });
    return own.unbind(id, by, reason);
  }

  return {
    settle,
    accounts: {
      async get(id) {
        const user = await directory.get(id);
        return user === undefined || (await settle(user)) === "lost" ? undefined : user;
      },
    },
    authenticators: {
      async list(subject, kind) {
        if ((kind === undefined || kind === KIND) && (await findBook(subject)) !== undefined) {
          const user = await directory.get(subject);
          if (user !== undefined) await settle(user);
        }
        return (await own.list(subject, kind)).filter((one) => one.kind !== REFUSED);
      },
      find: own.find,
      update: own.update,
      everHad: own.everHad,
      bind,
      unbind,
    },
  };
}
