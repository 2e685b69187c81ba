/**
 * "Forgotten your password?": a name is taken down, and what comes of it is done behind the answer, so that neither words
 * nor time nor work tell whether anybody has it (P11). What comes of it goes by mail to the person alone: a link, or a
 * sentence that says who helps. Asked by surfaces/forgotten, driven by the clock in compose. It sets no password.
 */
import { randomBytes } from "node:crypto";
import type { Audit } from "./audit.ts";
import type { Directory, User } from "./directory.ts";
import type { Mail } from "./mail.ts";
import { composeLetter } from "./message.ts";
import { LETTER_SUBJECT, type LetterPurpose, type MessageTexts } from "./message-texts.ts";
import { networksOf } from "./network.ts";
import type { PasswordOpenings } from "./password-openings.ts";
import type { PasswordSettings } from "./password-settings.ts";
import type { Records, Storage } from "./records.ts";
import { usernameKey } from "./username.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

export interface ForgottenDeps {
  readonly storage: Storage;
  readonly directory: Directory;
  readonly openings: PasswordOpenings;
  readonly audit: Audit;
  readonly mail: Mail | undefined;
  readonly texts: MessageTexts;
  readonly settings: () => PasswordSettings;
  /** The factors of which this person could show one. */
  readonly kindsOf: (user: User) => Promise<readonly FactorKind[]>;
  readonly brand: () => string;
  readonly issuer: URL;
  readonly now: Clock;
}

/** In an hour. Of one network, of one name as it is typed, of one account, of all. */
const MOST = { place: 20, name: 5, account: 3, server: 2000 };
/** Of one account in a day: whoever floods a mailbox gets no further than this. */
const MOST_A_DAY = 6;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long a wish waits for a mail server that is away, and how long one is left to whoever works on it. */
const LIFE = 20 * 60_000;
const LEASE = 30_000;
const WAITING = "waiting";
const LONGEST_NAME = 256;

type Wish = {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly locale: string;
  readonly due: EpochMs;
  readonly until: EpochMs;
};
type Count = { readonly times: readonly EpochMs[] };
export type Forgotten = ReturnType<typeof createForgotten>;

export function createForgotten(deps: ForgottenDeps) {
  const { storage, directory, openings, audit, mail, now } = deps;
  const wishes: Records<Wish> = storage.records("password-wish");
  const counts: Records<Count> = storage.records("password-wishes");

  /** Takes one of `most` within `span`; false: there is none left. */
  const take = (key: string, most: number, span: number): Promise<boolean> =>
    counts.update(key, (before) => {
      const times = (before?.times ?? []).filter((at) => at > now() - span);
      return times.length >= most
        ? { result: false }
        : { result: true, write: { times: [...times, now()] }, expiresAt: now() + span };
    });

  const isOn = (): boolean => mail !== undefined && deps.settings().forgotten;

  const tell = (
    kind: "password-forgotten",
    { address }: Wish,
    subject: Subject | undefined,
    result: string,
  ) => audit.append({ kind, at: now(), subject, address, facts: { result } });

  /** What the person is written, if anything. */
  async function answerTo(
    user: User | undefined,
  ): Promise<LetterPurpose | "nobody" | "no-address" | "limit"> {
    if (user?.status !== "active") return "nobody";
    if (typeof user.claims.email !== "string" || user.claims.email_verified !== true) return "no-address";
    const isIn =
      (await take(`account ${user.id}`, MOST.account, HOUR)) &&
      (await take(`account-day ${user.id}`, MOST_A_DAY, DAY));
    if (!isIn) return "limit";
    const { elsewhere } = deps.settings();
    if (directory.keptElsewhere?.(user.id) === true && directory.mayReset?.(user.id) !== true)
      return elsewhere === undefined ? "letter-password-desk" : "letter-password-elsewhere";
    // A mailbox and a phone together must not be all it takes to become an administrator.
    if (user.roles.length > 0 || (await deps.kindsOf(user)).length === 0) return "letter-password-desk";
    return "letter-password-link";
  }

  async function write(
    wish: Wish,
    user: User,
    purpose: LetterPurpose,
  ): Promise<"sent" | "refused" | "later"> {
    const { linkMinutes, elsewhere } = deps.settings();
    const { email, locale } = user.claims;
    if (mail === undefined || typeof email !== "string") return "refused";
    const token =
      purpose === "letter-password-link" ? await openings.link(user, linkMinutes * 60_000) : undefined;
    // The address is the issuer's, whatever name a request has come by.
    const link =
      token === undefined
        ? (elsewhere ?? deps.issuer.origin)
        : new URL(`/forgotten/link?t=${token}`, deps.issuer).href;
    const language = typeof locale === "string" ? locale : wish.locale;
    const letter = composeLetter(
      { brand: deps.brand(), host: deps.issuer.hostname, link, minutes: linkMinutes },
      {
        subject: deps.texts(LETTER_SUBJECT, language, undefined),
        text: deps.texts(purpose, language, undefined),
      },
    );
    const sent = await mail.send({ to: email, ...letter });
    if (sent !== "sent" && token !== undefined) await openings.forgetLink(token);
    return sent;
  }

  async function grant(wish: Wish): Promise<"done" | "later"> {
    const user = await directory.find(wish.name);
    const answer = await answerTo(user);
    if (user === undefined || answer === "nobody" || answer === "no-address" || answer === "limit") {
      await tell("password-forgotten", wish, user?.id, answer);
      return "done";
    }
    const sent = await write(wish, user, answer);
    if (sent === "later" && now() + LEASE < wish.until) return "later";
    const result = sent === "sent" ? answer.replace("letter-password-", "") : "not-sent";
    await tell("password-forgotten", wish, user.id, result);
    return "done";
  }

  let underWay: Promise<number> = Promise.resolve(0);
  async function sweep(): Promise<number> {
    let count = 0;
    for (const { id, due } of await wishes.list(WAITING, 50)) {
      if (due > now()) continue;
      const wish = await wishes.update(id, (row) =>
        row === undefined || row.due > now()
          ? { result: undefined }
          : {
              result: row,
              write: { ...row, due: now() + LEASE },
              expiresAt: row.until,
              group: WAITING,
            },
      );
      if (wish === undefined) continue;
      if ((await grant(wish)) === "done") await wishes.remove(id);
      count += 1;
    }
    return count;
  }

  return {
    isOn,
    /** Takes the name down, the same way for every name. Beyond the limits nothing is; the answer is the same. */
    async ask({ name, address, locale }: Pick<Wish, "name" | "address" | "locale">): Promise<void> {
      const typed = name.trim().slice(0, LONGEST_NAME);
      // One after the other: whoever floods from one network must not use up what there is for all.
      const fits =
        (await take(`place ${networksOf(address).place}`, MOST.place, HOUR)) &&
        (await take(`name ${usernameKey(typed)}`, MOST.name, HOUR)) &&
        (await take("server", MOST.server, HOUR));
      if (!fits || !isOn()) return;
      const id = randomBytes(16).toString("base64url");
      const until = now() + LIFE;
      await wishes.put(id, { id, name: typed, address, locale, due: now(), until }, until, WAITING);
    },
    /** Does what is waiting; answers how many wishes it has dealt with. */
    sweep(): Promise<number> {
      underWay = underWay.catch(() => 0).then(sweep);
      return underWay;
    },
  };
}
