/**
 * Notices: what a person is told behind the back of whoever did it. A notice is a row of the outbox, committed by whoever
 * has something to say (also by a command of the host, which cannot send), and sent by a running server: by mail and to
 * the person's phones. A phone that is under attack itself is spared unless there is no other way. Never holds a secret.
 */
import { activeAdministrators } from "./administrators.ts";
import type { Audit } from "./audit.ts";
import type { Authenticator, Authenticators, PhoneData } from "./authenticators.ts";
import type { Directory } from "./directory.ts";
import { plainText } from "./gsm7.ts";
import type { Mail } from "./mail.ts";
import type { Storage } from "./records.ts";
import { PhoneNumber, Secret } from "./secret.ts";
import type { SmsGateway, SmsRefusal } from "./sms.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

export type NoticeKind = "recovery-opened" | "recovery-used" | "became-admin" | "password-known";

/** Plain names, shown as they are. */
export type NoticeFacts = { readonly name: string };

export interface NoticeCause {
  /** The key of the phone that is under attack. */
  readonly spare?: string | undefined;
  /** The login it happened in. */
  readonly login?: string | undefined;
}

export interface Notices {
  send(to: Subject, kind: NoticeKind, facts: NoticeFacts): Promise<void>;
  /** The same at most once a day for this person and kind. */
  sendOnce(to: Subject, kind: NoticeKind, facts: NoticeFacts, because?: NoticeCause): Promise<boolean>;
}

type Row = {
  readonly id: string;
  readonly to: Subject;
  readonly kind: NoticeKind;
  readonly facts: NoticeFacts;
  readonly spare?: string | undefined;
  readonly login?: string | undefined;
  /** Ways that have been gone already: nobody gets a notice twice because another way had to wait. */
  readonly mailed?: boolean | undefined;
  readonly tries: number;
  readonly due: EpochMs;
  readonly until: EpochMs;
};

const LIFE = 24 * 3_600_000;
/** How long a row is left to whoever sends it, and the first wait after a failure; doubled each time. */
const LEASE = 30_000;
const LONGEST_WAIT = 3_600_000;
const UNSENT = "unsent";
/** Worth another try: none of these says anything about the number or the text. */
const PASSING: readonly SmsRefusal[] = ["busy", "provider-down", "no-answer", "credentials", "other"];
const SEGMENT = 160;
const MAIL_TRIES = 3;

export function createNotices(deps: { storage: Storage; now: Clock; newId: () => string }): Notices {
  const outbox = deps.storage.records<Row>("notice");
  const told = deps.storage.records<boolean>("notice-told");
  async function put(
    to: Subject,
    kind: NoticeKind,
    facts: NoticeFacts,
    because: NoticeCause = {},
  ): Promise<void> {
    const id = deps.newId();
    const until = deps.now() + LIFE;
    const row: Row = { id, to, kind, facts, tries: 0, due: deps.now(), until, ...because };
    await outbox.put(id, row, until, UNSENT);
  }
  return {
    send: (to, kind, facts) => put(to, kind, facts),
    async sendOnce(to, kind, facts, because) {
      const first = await told.update(`${kind} ${to}`, (before) =>
        before === undefined
          ? { result: true, write: true, expiresAt: deps.now() + LIFE }
          : { result: false },
      );
      if (first) await put(to, kind, facts, because);
      return first;
    },
  };
}

/** Tells every active administrator but the one it is about. */
export async function tellOthers(
  deps: { readonly directory: Directory; readonly notices: Notices },
  about: { readonly id: Subject; readonly username: string },
  kind: NoticeKind,
): Promise<void> {
  for (const { id } of await activeAdministrators(deps.directory))
    if (id !== about.id) await deps.notices.send(id, kind, { name: about.username });
}

const SAID: Readonly<Record<NoticeKind, (name: string, host: string) => string>> = {
  "recovery-opened": (name, host) =>
    `${host}: on the server itself, a way back in was opened for the administrator ${name}. If nobody told you of it, look into it now.`,
  "recovery-used": (name, host) =>
    `${host}: the administrator ${name} has a new password by recovery, and can add a new phone. If that was not them, act now.`,
  "password-known": (name, host) =>
    `${host}: somebody knows the password of ${name} and is guessing your codes. If it was not you, change the password now.`,
  "became-admin": (name, host) =>
    `${host}: ${name} is an administrator now. If you do not know why, look into it.`,
};

/** The text of a notice, in one segment where the host allows it; a name cannot add a line. */
export function noticeText(kind: NoticeKind, { name }: NoticeFacts, host: string): string {
  const room = Math.max(8, SEGMENT - SAID[kind]("", host).length);
  let short = "";
  for (const piece of plainText(name)) {
    if (short.length + piece.length > room) break;
    short += piece;
  }
  return SAID[kind](short || "?", host);
}

const SUBJECTS: Readonly<Record<NoticeKind, string>> = {
  "recovery-opened": "A way back in was opened",
  "recovery-used": "An administrator was recovered",
  "became-admin": "A new administrator",
  "password-known": "Somebody knows your password",
};

/** Sends what is due. `sweep` answers how many notices it has dealt with. */
export function createNoticeSender(deps: {
  readonly storage: Storage;
  readonly authenticators: Authenticators;
  readonly directory: Pick<Directory, "get">;
  readonly gateway: SmsGateway;
  /** Absent where no mail server is configured. */
  readonly mail?: Mail | undefined;
  readonly audit: Audit;
  readonly host: string;
  readonly now: Clock;
}) {
  const { storage, authenticators, directory, gateway, mail, audit, host, now } = deps;
  const outbox = storage.records<Row>("notice");
  const waitAfter = (tries: number) => Math.min(LEASE * 2 ** tries, LONGEST_WAIT);

  /** Takes a row for a while; of several nodes one gets it. */
  const claim = (id: string) =>
    outbox.update(id, (row) =>
      row === undefined || row.due > now()
        ? { result: undefined }
        : {
            result: row,
            write: { ...row, tries: row.tries + 1, due: now() + waitAfter(row.tries) },
            expiresAt: row.until,
            group: UNSENT,
          },
    );

  async function byMail({
    to,
    kind,
    facts,
    mailed = false,
  }: Row): Promise<"sent" | "refused" | "later" | "none"> {
    if (mailed) return "sent";
    const claims = (await directory.get(to))?.claims;
    if (mail === undefined || typeof claims?.email !== "string" || claims.email_verified === false)
      return "none";
    return mail.send({
      to: claims.email,
      subject: `${SUBJECTS[kind]} (${host})`,
      text: noticeText(kind, facts, host),
    });
  }

  async function byPhones(
    { id, kind, facts }: Row,
    phones: readonly Authenticator[],
  ): Promise<{ readonly refusals: readonly SmsRefusal[]; readonly messageIds: readonly string[] }> {
    const refusals: SmsRefusal[] = [];
    const messageIds: string[] = [];
    for (const [index, phone] of phones.entries()) {
      const receipt = await gateway.send({
        to: new PhoneNumber((phone.data as PhoneData).number),
        text: new Secret(noticeText(kind, facts, host)),
        key: `notice.${id}.${index}`,
        validFor: 3600,
      });
      if (receipt.kind === "refused") refusals.push(receipt.reason);
      else messageIds.push(receipt.id);
    }
    return { refusals, messageIds };
  }

  async function send(row: Row): Promise<"done" | "later"> {
    const { id, to, kind, spare, login, tries } = row;
    const letter = await byMail(row);
    const all = await authenticators.list(to, "sms");
    const others = all.filter(({ key }) => key !== spare);
    // Better by the phone under attack than not at all; the mail has some tries before that.
    const noLetter = letter === "none" || letter === "refused" || (letter === "later" && tries >= MAIL_TRIES);
    const alone = others.length === 0 && noLetter;
    const phones = alone ? all : others;
    const { refusals, messageIds } = await byPhones(row, phones);
    const reached = phones.length - refusals.length;
    const waits = letter === "later" || refusals.some((reason) => PASSING.includes(reason));
    if (waits && reached === 0 && (letter !== "sent" || phones.length > 0)) {
      if (letter === "sent") await keep(id, { mailed: true });
      return "later";
    }
    await audit.append({
      kind: "notice-sent",
      at: now(),
      subject: to,
      login,
      facts: { notice: kind, mail: letter, phones: reached, messageIds, refused: refusals },
    });
    return "done";
  }

  const keep = (id: string, more: Partial<Row>) =>
    outbox.update(id, (row) =>
      row === undefined
        ? { result: undefined }
        : { result: undefined, write: { ...row, ...more }, expiresAt: row.until, group: UNSENT },
    );

  let underWay: Promise<number> = Promise.resolve(0);
  async function sweep(): Promise<number> {
    let count = 0;
    for (const { id, due } of await outbox.list(UNSENT, 50)) {
      const row = due > now() ? undefined : await claim(id);
      if (row === undefined) continue;
      if ((await send(row)) === "done") await outbox.remove(id);
      count += 1;
    }
    return count;
  }
  return {
    /** One at a time: a slow provider holds back notices, never anything else. */
    sweep(): Promise<number> {
      underWay = underWay.catch(() => 0).then(sweep);
      return underWay;
    },
    idle: (): Promise<unknown> => underWay.catch(() => 0),
  };
}
