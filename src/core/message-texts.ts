/**
 * What the texts of messages are for, which values each is given, and where a site's own ones stand in the settings.
 * The texts themselves are chosen and put together by a kit; core knows a text as a function of its values.
 */
import { z } from "zod";

/** Acts that a code allows. The message names the act, and a code of one is right in no other (M18). */
export const CODE_PURPOSES = ["sign-in", "enrol", "change-number", "new-password"] as const;
export type CodePurpose = (typeof CODE_PURPOSES)[number];

/** What a person is told behind the back of whoever did it. The last five are told to the other administrators. */
export const NOTICE_KINDS = [
  "password-known",
  "phone-added",
  "phone-changed",
  "phone-removed",
  "factor-added",
  "factor-removed",
  "two-step-off",
  "password-changed",
  "password-ticket",
  "recovery-code-used",
  "factor-disabled",
  "access-recovered",
  "access-closed",
  "sessions-ended",
  "account-disabled",
  "account-enabled",
  "recovery-opened",
  "recovery-used",
  "became-admin",
  "approval-loosened",
  "reported",
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export const noticePurpose = (kind: NoticeKind) => `notice-${kind}` as const;
export const subjectPurpose = (kind: NoticeKind) => `subject-${kind}` as const;

/** Messages without a code, by text and by mail. */
export const NOTICE_PURPOSES = NOTICE_KINDS.map(noticePurpose);
/** What follows a notice of a change that can be undone. */
const UNDO_PURPOSE = "undo";
/** Subjects of the letters that carry the same. */
const SUBJECT_PURPOSES = NOTICE_KINDS.map(subjectPurpose);

/** Letters to whoever has forgotten a password: the way to a new one, or who helps. */
export const LETTER_PURPOSES = [
  "letter-password-link",
  "letter-password-desk",
  "letter-password-elsewhere",
] as const;
export type LetterPurpose = (typeof LETTER_PURPOSES)[number];
export const LETTER_SUBJECT = "subject-letter-password";

export const MESSAGE_PURPOSES = [
  ...CODE_PURPOSES,
  ...NOTICE_PURPOSES,
  ...SUBJECT_PURPOSES,
  UNDO_PURPOSE,
  ...LETTER_PURPOSES,
  LETTER_SUBJECT,
] as const;
export type MessagePurpose = (typeof MESSAGE_PURPOSES)[number];

/** Whether a message of this purpose carries a code. */
export const carriesCode = (purpose: MessagePurpose): purpose is CodePurpose =>
  CODE_PURPOSES.some((one) => one === purpose);

/** Whether it goes by mail alone: what it costs as a text is nobody's question. */
export const isLetter = (purpose: MessagePurpose): boolean => LETTER_PURPOSES.some((one) => one === purpose);

export const isSubject = (purpose: MessagePurpose): boolean =>
  purpose === LETTER_SUBJECT || SUBJECT_PURPOSES.some((one) => one === purpose);

/**
 * Values a text may show. `named` is `yes` or `no`: whether there is room for a name at all. A notice is given `brand`,
 * and where it tells administrators of another one, `person`.
 */
export type MessageValues = Readonly<Record<string, string | number>>;

const OF_PERSON: readonly NoticeKind[] = ["recovery-opened", "recovery-used", "became-admin", "reported"];

/** Names of the values of a purpose. */
export function valuesOf(purpose: MessagePurpose): readonly string[] {
  if (purpose === UNDO_PURPOSE) return ["link", "hours"];
  if (isLetter(purpose)) return ["brand", "link", "minutes"];
  if (carriesCode(purpose)) return ["code", "app", "minutes", "brand", "named"];
  const isOfPerson = OF_PERSON.some(
    (kind) => purpose === noticePurpose(kind) || purpose === subjectPurpose(kind),
  );
  return isOfPerson ? ["brand", "person"] : ["brand"];
}

/** A text that has been chosen: gives the sentence for its values. */
export type MessageText = (values: MessageValues) => string;

/** Chooses the text for a purpose, a person's language (BCP 47) and a relying party (`client_id`, or none). */
export type MessageTexts = (
  purpose: MessagePurpose,
  locale: string,
  client: string | undefined,
) => MessageText;

const byLocale = z.record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1).max(500), {
  error: ({ code }) =>
    code === "invalid_key" ? "is no language; write a tag such as de or pt-BR" : undefined,
});

/** A site's or a relying party's own texts: an ICU message for each purpose and language it wants to say itself. */
export const messageTextsSchema = z.partialRecord(z.enum(MESSAGE_PURPOSES), byLocale);
export type OwnTexts = z.infer<typeof messageTextsSchema>;
