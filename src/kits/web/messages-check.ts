/**
 * Looks over texts of messages: what cannot be sent (no code, values that nobody gives, no valid message) is a fault;
 * what it costs is told. Called by messages.ts for a site's files, by compose for the settings, and by
 * `sallyport messages check`.
 */

import type { Finding } from "../../core/finding.ts";
import { gsm7Units } from "../../core/gsm7.ts";
import { type ComposedMessage, composeMessage, composeNotice } from "../../core/message.ts";
import {
  carriesCode,
  isLetter,
  isSubject,
  MESSAGE_PURPOSES,
  type MessagePurpose,
  type MessageText,
  valuesOf,
} from "../../core/message-texts.ts";
import { type Folder, readFolder } from "./pages-folder.ts";
import { alwaysShows, argumentsOf, compileText } from "./texts.ts";

/** Segments that a provider takes in one message (Twilio: 1600 characters). */
const MOST_SEGMENTS = 10;
/** Characters that a locked screen shows of a message at least. */
const PREVIEW = 40;
/** The worst usual case: a name of 24, a host of 40 characters, the longer code of a server under attack. */
const NAME = "x".repeat(24);
const WORST = {
  appName: NAME,
  brand: NAME,
  host: `${"h".repeat(36)}.org`,
  code: "01234567",
  minutes: 10,
  person: NAME,
  link: `https://${"h".repeat(36)}.org/account/undo/${"x".repeat(43)}`,
  hours: 168,
};
/** Missing texts that are named; a language that is begun lacks fifty. */
const NAMED = 3;
/** What most programs show of a subject, and one line of a header holds. */
const LONG_SUBJECT = 69;

const isPurpose = (name: string): name is MessagePurpose => MESSAGE_PURPOSES.some((one) => one === name);
const listed = (names: readonly string[]): string => names.map((name) => `{${name}}`).join(", ");

/** Why a text cannot be sent, as half a sentence; undefined when it can. */
export function faultOfText(purpose: MessagePurpose, text: string, locale: string): string | undefined {
  const compiled = compileText(text, locale);
  if (compiled instanceof Error) return `is ${compiled.message}; mend its braces`;
  if (/[\p{Cc}\u2028\u2029]/u.test(text))
    return "has a line end or a control character; a text is one line, and the last line of a message is the server's own";
  const given = valuesOf(purpose);
  const odd = [...argumentsOf(text)].filter((name) => !given.includes(name));
  if (odd.length > 0) return `wants ${listed(odd)}, which is not given; it is given ${listed(given)}`;
  if (carriesCode(purpose) && !alwaysShows(text, "code"))
    return "does not show {code} in every case; write {code} where the code belongs";
  if (purpose === "undo" && !alwaysShows(text, "link"))
    return "does not show {link} in every case; write {link} where the link belongs";
  if (purpose === "letter-password-link" && !alwaysShows(text, "link"))
    return "does not show {link} in every case; write {link} where the link belongs";
  if (isSubject(purpose) || isLetter(purpose)) return undefined;
  const { segments } = costOf(purpose, text, locale);
  if (segments > MOST_SEGMENTS)
    return `takes ${segments} segments, and no message may have more than ${MOST_SEGMENTS}; make it shorter`;
  return undefined;
}

/** Every text of a file that cannot be sent. Names that are no purpose are nobody's text and pass. */
export const faultsOfTexts = (
  texts: ReadonlyMap<string, string>,
  locale: string,
): readonly { readonly purpose: string; readonly fault: string }[] =>
  [...texts].flatMap(([purpose, text]) => {
    const fault = isPurpose(purpose) ? faultOfText(purpose, text, locale) : undefined;
    return fault === undefined ? [] : [{ purpose, fault }];
  });

/** What a sound text costs in the worst usual case, and what has no room in it. */
export function tellOfText(purpose: MessagePurpose, text: string, locale: string): Finding {
  if (isSubject(purpose)) return tellOfSubject(purpose, text, locale);
  if (isLetter(purpose)) return { level: "ok", message: `${purpose}: a letter.` };
  const { encoding, segments, name, text: whole } = costOf(purpose, text, locale);
  const outside = [...new Set([...whole].filter((letter) => gsm7Units(letter) === undefined))];
  const room = name.startsWith("x") ? name.length : 0;
  const long = encoding === "ucs2" ? 67 : 153;
  const said = [
    encoding === "gsm7" ? "GSM-7" : "UCS-2",
    `${segments} ${segments === 1 ? "segment" : "segments"}`,
    ...(encoding === "gsm7" || outside.length === 0
      ? segments === 1
        ? []
        : [`${long} characters each`]
      : [`${segments === 1 ? 70 : long} characters each because of ${quoted(outside)}`]),
    ...(room < NAME.length && argumentsOf(text).has("app")
      ? [`room for ${room} characters of the application's name`]
      : []),
    ...(carriesCode(purpose) && whole.indexOf(WORST.code) > PREVIEW
      ? ["the code comes late, and a locked screen may not show it"]
      : []),
  ];
  return {
    level: said.length === 2 && encoding === "gsm7" && segments === 1 ? "ok" : "warning",
    message: `${purpose}: ${said.join(", ")}.`,
  };
}

function tellOfSubject(purpose: MessagePurpose, text: string, locale: string): Finding {
  const { length } = costOf(purpose, text, locale).text;
  return length <= LONG_SUBJECT
    ? { level: "ok", message: `${purpose}: a subject.` }
    : {
        level: "warning",
        message: `${purpose}: ${length} characters, and many show ${LONG_SUBJECT} of a subject.`,
      };
}

const quoted = (letters: readonly string[]): string =>
  letters
    .slice(0, 3)
    .map((letter) => `“${letter}”`)
    .join(", ") + (letters.length > 3 ? " and others" : "");

function costOf(purpose: MessagePurpose, text: string, locale: string): ComposedMessage {
  const compiled = compileText(text, locale);
  const shown: MessageText = (values) =>
    typeof compiled === "string" || compiled instanceof Error ? text : String(compiled.format(values));
  return carriesCode(purpose) ? composeMessage(WORST, shown) : composeNotice(WORST, shown);
}

/** Segments of a text in the worst usual case; 1 for what goes by mail alone. */
export const segmentsOf = (purpose: MessagePurpose, text: string, locale: string): number =>
  isSubject(purpose) || isLetter(purpose) ? 1 : costOf(purpose, text, locale).segments;

/**
 * Faults and costs of the messages in `dir`, as they would lie over `base`; `locale` is what is missing shown in. `tells`:
 * whether the cost of a sound text is said; a fault always is.
 */
export function checkMessages(
  dir: string,
  base: Folder,
  locale: string,
  tells: (tag: string, purpose: MessagePurpose, text: string) => boolean = () => true,
): readonly Finding[] {
  const { messages, faults } = readFolder(dir);
  const findings: Finding[] = faults
    .filter((fault) => !/^(?:templates|texts|assets)\//.test(fault))
    .map((fault) => ({ level: "error", message: `${fault}.` }));
  for (const [tag, texts] of messages) {
    const say = (level: Finding["level"], message: string) =>
      findings.push({ level, message: `messages/${tag}.json: ${message}` });
    for (const [purpose, text] of texts) {
      const fault = isPurpose(purpose)
        ? faultOfText(purpose, text, tag)
        : `is no purpose of a message; choose among ${MESSAGE_PURPOSES.join(", ")}`;
      if (fault !== undefined) say("error", `${purpose} ${fault}.`);
      else if (isPurpose(purpose) && tells(tag, purpose, text)) {
        const { level, message } = tellOfText(purpose, text, tag);
        say(level, message);
      }
    }
    const missing = MESSAGE_PURPOSES.filter(
      (purpose) => !texts.has(purpose) && base.messages.get(tag)?.has(purpose) !== true,
    );
    const rest = missing.length - NAMED;
    const named = rest > 1 ? `${missing.slice(0, NAMED).join(", ")} and ${rest} more` : missing.join(", ");
    if (missing.length > 0) say("warning", `${named} are missing and are sent in ${locale}.`);
  }
  if (findings.length === 0 && messages.size === 0)
    findings.push({ level: "warning", message: `${dir} holds no messages/; nothing is changed.` });
  return findings;
}
