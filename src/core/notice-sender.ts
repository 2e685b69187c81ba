/**
 * Sends notices: by mail and to the person's phones, in the person's language, in the words of the site. A phone that may
 * be a stranger's is spared. What came of each stands in the audit, also when a day was not enough. Driven by the clock in
 * compose; it decides nothing about a login.
 */
import type { Audit } from "./audit.ts";
import type { Authenticators, PhoneData } from "./authenticators.ts";
import type { Directory, User } from "./directory.ts";
import type { Mail } from "./mail.ts";
import { composeLetter, composeNotice } from "./message.ts";
import { type MessageText, type MessageTexts, noticePurpose, subjectPurpose } from "./message-texts.ts";
import { type Notice, type NoticeRow, noticeRows, UNSENT } from "./notices.ts";
import type { Storage } from "./records.ts";
import { PhoneNumber, Secret } from "./secret.ts";
import type { Receipt, SmsMessage, SmsRefusal } from "./sms.ts";
import type { Clock } from "./words.ts";

/** A text of a notice that a provider has taken. */
export interface NoticeTaken {
  readonly e164: string;
  readonly country: string;
  readonly client: string;
  readonly segments: number;
}

export interface NoticeSenderDeps {
  readonly storage: Storage;
  readonly authenticators: Authenticators;
  readonly directory: Pick<Directory, "get">;
  readonly gateway: { send(message: SmsMessage): Promise<Receipt> };
  /** Absent where no mail server is configured. */
  readonly mail?: Mail | undefined;
  readonly audit: Audit;
  readonly texts: MessageTexts;
  readonly brand: () => string;
  readonly host: string;
  /** Whether texts may go out at all: the emergency switch, the money. Letters go in any case. */
  readonly mayText?: (() => Promise<boolean>) | undefined;
  readonly onTaken?: ((taken: NoticeTaken) => void) | undefined;
  readonly now: Clock;
}

/** How long a row is left to whoever sends it, and the first wait after a failure; doubled each time. */
const LEASE = 30_000;
const LONGEST_WAIT = 3_600_000;
/** Worth another try: none of these says anything about the number or the text. */
const PASSING: readonly SmsRefusal[] = ["busy", "provider-down", "no-answer", "credentials", "other"];
const MAIL_TRIES = 3;

type Phone = Pick<PhoneData, "number" | "country">;

/** `sweep` sends what is due, and answers how many notices it has dealt with. */
export function createNoticeSender(deps: NoticeSenderDeps) {
  const { authenticators, directory, gateway, mail, audit, host, now } = deps;
  const outbox = noticeRows(deps.storage);
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

  /** The facts and the texts of a notice, in one language. */
  function wordsOf({ kind, person, client, undo }: Notice, locale: string) {
    const facts = { brand: deps.brand(), host, person, link: undo?.link, hours: undo?.hours };
    const text = deps.texts(noticePurpose(kind), locale, client);
    const back = undo === undefined ? undefined : deps.texts("undo", locale, client);
    /** The same with the way back behind it. */
    const withBack: MessageText = back === undefined ? text : (values) => `${text(values)} ${back(values)}`;
    return { facts, text, withBack, subject: () => deps.texts(subjectPurpose(kind), locale, client) };
  }

  async function byMail(
    { mailed = false, notice }: NoticeRow,
    user: User | undefined,
    locale: string,
  ): Promise<"sent" | "refused" | "later" | "none"> {
    if (mailed) return "sent";
    const { email, email_verified } = user?.claims ?? {};
    if (mail === undefined || typeof email !== "string" || email_verified === false) return "none";
    const { facts, withBack, subject } = wordsOf(notice, locale);
    return mail.send({ to: email, ...composeLetter(facts, { subject: subject(), text: withBack }) });
  }

  async function byPhones(
    { id, notice }: NoticeRow,
    phones: readonly Phone[],
    locale: string,
  ): Promise<{ readonly refusals: readonly SmsRefusal[]; readonly messageIds: readonly string[] }> {
    if (phones.length === 0) return { refusals: [], messageIds: [] };
    // Waits like a provider that is away: the switch may be turned back within the day.
    if ((await deps.mayText?.()) === false)
      return { refusals: phones.map(() => "busy" as const), messageIds: [] };
    const { facts, text, withBack } = wordsOf(notice, locale);
    const plain = composeNotice(facts, text);
    const whole = composeNotice(facts, withBack);
    const refusals: SmsRefusal[] = [];
    const messageIds: string[] = [];
    for (const [index, { number, country }] of phones.entries()) {
      const composed = notice.undo?.not.includes(number) === true ? plain : whole;
      const receipt = await gateway.send({
        to: new PhoneNumber(number),
        text: new Secret(composed.text),
        key: `notice.${id}.${index}`,
        validFor: 3600,
      });
      if (receipt.kind === "refused") refusals.push(receipt.reason);
      else {
        messageIds.push(receipt.id);
        deps.onTaken?.({ e164: number, country, client: notice.client ?? "", segments: composed.segments });
      }
    }
    return { refusals, messageIds };
  }

  /**
   * The person's own language before that of the login: whoever guesses at codes chooses the language of their pages,
   * and a warning must not come in one that its reader does not know.
   */
  function localeOf(user: User | undefined, phones: readonly { data: unknown }[], notice: Notice): string {
    const claimed = user?.claims.locale;
    const bound = phones.map(({ data }) => (data as PhoneData).locale).findLast((one) => one !== undefined);
    return (typeof claimed === "string" ? claimed : undefined) ?? bound ?? notice.locale ?? "en";
  }

  async function send(row: NoticeRow): Promise<"done" | "later"> {
    const { id, to, notice, tries } = row;
    const { kind, spare, former = [] } = notice;
    const all = await authenticators.list(to, "sms");
    const user = await directory.get(to);
    const locale = localeOf(user, all, notice);
    const letter = await byMail(row, user, locale);
    const others = all.filter(({ key }) => key !== spare?.key);
    // Better by the phone under attack than not at all; the mail has some tries before that.
    const noLetter = letter === "none" || letter === "refused" || (letter === "later" && tries >= MAIL_TRIES);
    const alone = others.length === 0 && noLetter && spare?.told !== "never";
    const phones = [...(alone ? all : others).map(({ data }) => data as PhoneData), ...former];
    const { refusals, messageIds } = await byPhones(row, phones, locale);
    const reached = phones.length - refusals.length;
    const waits = letter === "later" || refusals.some((reason) => PASSING.includes(reason));
    const isLast = now() + waitAfter(tries) >= row.until;
    if (waits && !isLast && reached === 0 && (letter !== "sent" || phones.length > 0)) {
      if (letter === "sent") await keep(id, { mailed: true });
      return "later";
    }
    await audit.append({
      kind: "notice-sent",
      at: now(),
      subject: to,
      login: notice.login,
      facts: { notice: kind, mail: letter, phones: reached, messageIds, refused: refusals },
    });
    return "done";
  }

  const keep = (id: string, more: Partial<NoticeRow>) =>
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
