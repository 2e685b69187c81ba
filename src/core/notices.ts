/**
 * Notices: what a person is told behind the back of whoever did it. A notice is a row of the outbox, committed by whoever
 * has something to say (also by a command of the host, which cannot send), and sent by a running server
 * (notice-sender.ts). Never holds a secret; a number that it goes to once more stands in the sealed row alone.
 */
import { activeAdministrators } from "./administrators.ts";
import type { Authenticator, PhoneData } from "./authenticators.ts";
import type { Directory } from "./directory.ts";
import type { NoticeKind } from "./message-texts.ts";
import type { Storage } from "./records.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

/** What is to be said, and to which phones not. */
export type Notice = {
  readonly kind: NoticeKind;
  /** A username, where it tells of somebody else than who is told. */
  readonly person?: string | undefined;
  /** The language and the relying party of the login it came of. Of a person whose own language is known, that one counts. */
  readonly locale?: string | undefined;
  readonly client?: string | undefined;
  /** The login it happened in. */
  readonly login?: string | undefined;
  /** The key of a phone that may be a stranger's. Told `last`: where there is no other way; `never`: not even then. */
  readonly spare?: { readonly key: string; readonly told: "last" | "never" } | undefined;
  /** What was bound; of a phone `spare` says it already. */
  readonly bound?: { readonly kind: FactorKind; readonly key: string } | undefined;
  /** The way back (undo.ts): its link, how long it works, and the numbers (E.164) that are told without it. */
  readonly undo?:
    | { readonly link: string; readonly hours: number; readonly not: readonly string[] }
    | undefined;
  /** Numbers that were the person's until now (E.164, with their countries). */
  readonly former?: readonly { readonly number: string; readonly country: string }[] | undefined;
};

export interface Notices {
  send(to: Subject, notice: Notice): Promise<void>;
  /** The same at most once a day for this person and kind. */
  sendOnce(to: Subject, notice: Notice): Promise<boolean>;
}

/** A notice in the outbox. */
export type NoticeRow = {
  readonly id: string;
  readonly to: Subject;
  readonly notice: Notice;
  /** Ways that have been gone already: nobody gets a notice twice because another way had to wait. */
  readonly mailed?: boolean | undefined;
  readonly tries: number;
  readonly due: EpochMs;
  readonly until: EpochMs;
};

const LIFE = 24 * 3_600_000;
export const UNSENT = "unsent";

export const noticeRows = (storage: Storage) => storage.records<NoticeRow>("notice");

export function createNotices(deps: { storage: Storage; now: Clock; newId: () => string }): Notices {
  const outbox = noticeRows(deps.storage);
  const told = deps.storage.records<boolean>("notice-told");
  async function send(to: Subject, notice: Notice): Promise<void> {
    const id = deps.newId();
    const until = deps.now() + LIFE;
    await outbox.put(id, { id, to, notice, tries: 0, due: deps.now(), until }, until, UNSENT);
  }
  return {
    send,
    async sendOnce(to, notice) {
      const first = await told.update(`${notice.kind} ${to}`, (before) =>
        before === undefined
          ? { result: true, write: true, expiresAt: deps.now() + LIFE }
          : { result: false },
      );
      if (first) await send(to, notice);
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
    if (id !== about.id) await deps.notices.send(id, { kind, person: about.username });
}

/** Of phones that are taken away: their numbers and the language of the person, which go with them. */
export function wasOf(phones: readonly Authenticator[]): Pick<Notice, "former" | "locale"> {
  const data = phones.map((phone) => phone.data as PhoneData);
  return {
    former: data.map(({ number, country }) => ({ number, country })),
    locale: data.map(({ locale }) => locale).findLast((one) => one !== undefined),
  };
}
