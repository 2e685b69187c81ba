/**
 * What the texts of messages are for, which values each is given, and where a site's own ones stand in the settings.
 * The texts themselves are chosen and put together by a kit; core knows a text as a function of its values.
 */
import { z } from "zod";

/** Acts that a code allows. The message names the act, and a code of one is right in no other (M18). */
export const CODE_PURPOSES = ["sign-in", "enrol", "change-number"] as const;
export type CodePurpose = (typeof CODE_PURPOSES)[number];

/** What a person is told by a message without a code. */
export const NOTICE_PURPOSES = [
  "notice-password-known",
  "notice-phone-added",
  "notice-phone-changed",
  "notice-phone-removed",
  "notice-factor-disabled",
  "notice-access-recovered",
] as const;

export const MESSAGE_PURPOSES = [...CODE_PURPOSES, ...NOTICE_PURPOSES] as const;
export type MessagePurpose = (typeof MESSAGE_PURPOSES)[number];

/** Whether a message of this purpose carries a code. */
export const carriesCode = (purpose: MessagePurpose): purpose is CodePurpose =>
  CODE_PURPOSES.some((one) => one === purpose);

/**
 * Values a text may show. `named` is `yes` or `no`: whether there is room for a name at all. A notice is given `brand`
 * alone.
 */
export type MessageValues = Readonly<Record<string, string | number>>;

/** Names of the values of a purpose. */
export const valuesOf = (purpose: MessagePurpose): readonly string[] =>
  carriesCode(purpose) ? ["code", "app", "minutes", "brand", "named"] : ["brand"];

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
