/**
 * Notices: what administrators are told behind the back of whoever did it. A notice is a row of the outbox, committed by
 * whoever has something to say (also by a command of the host, which cannot send), and sent by a running server: to the
 * verified phones of the person now, and by other ways behind the same port later. It never holds a secret.
 */
import { activeAdministrators } from "./administrators.ts";
import type { Audit } from "./audit.ts";
import type { Authenticators, PhoneData } from "./authenticators.ts";
import type { Directory } from "./directory.ts";
import { plainText } from "./gsm7.ts";
import type { Storage } from "./records.ts";
import { PhoneNumber, Secret } from "./secret.ts";
import type { SmsGateway, SmsRefusal } from "./sms.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

export type NoticeKind = "recovery-opened" | "recovery-used" | "became-admin";

/** Plain names, shown as they are. */
export type NoticeFacts = { readonly name: string };

export interface Notices {
  send(to: Subject, kind: NoticeKind, facts: NoticeFacts): Promise<void>;
}

type Row = {
  readonly id: string;
  readonly to: Subject;
  readonly kind: NoticeKind;
  readonly facts: NoticeFacts;
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

export function createNotices(deps: { storage: Storage; now: Clock; newId: () => string }): Notices {
  const outbox = deps.storage.records<Row>("notice");
  return {
    async send(to, kind, facts) {
      const id = deps.newId();
      const until = deps.now() + LIFE;
      await outbox.put(id, { id, to, kind, facts, tries: 0, due: deps.now(), until }, until, UNSENT);
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

/** Sends what is due. `sweep` answers how many notices it has dealt with. */
export function createNoticeSender(deps: {
  readonly storage: Storage;
  readonly authenticators: Authenticators;
  readonly gateway: SmsGateway;
  readonly audit: Audit;
  readonly host: string;
  readonly now: Clock;
}) {
  const { storage, authenticators, gateway, audit, host, now } = deps;
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

  async function send({ id, to, kind, facts }: Row): Promise<"done" | "later"> {
    const phones = await authenticators.list(to, "sms");
    const refusals: SmsRefusal[] = [];
    for (const [index, phone] of phones.entries()) {
      const receipt = await gateway.send({
        to: new PhoneNumber((phone.data as PhoneData).number),
        text: new Secret(noticeText(kind, facts, host)),
        key: `notice.${id}.${index}`,
        validFor: 3600,
      });
      if (receipt.kind === "refused") refusals.push(receipt.reason);
    }
    const reached = phones.length - refusals.length;
    if (reached === 0 && refusals.some((reason) => PASSING.includes(reason))) return "later";
    await audit.append({
      kind: "notice-sent",
      at: now(),
      subject: to,
      facts: { notice: kind, phones: reached, refused: refusals },
    });
    return "done";
  }

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
