/**
 * Puts a message together: the text that was chosen, on one line, and last the line that binds the code to the site
 * (WICG origin-bound one-time codes). Called by delivery.ts; it sends nothing and knows no number. A name comes from an
 * administrator or a relying party: it can neither add a line nor cost a segment.
 */
import { gsm7Septets, gsm7Units, ownLetters, plainText } from "./gsm7.ts";
import { createLately, type Lately } from "./lately.ts";
import type { MessageText, MessageValues } from "./message-texts.ts";

export { gsm7Septets };

export interface MessageFacts {
  /** The relying party's name; cut where the segment ends, on a grapheme. */
  readonly appName: string;
  /** Name of this installation. */
  readonly brand: string;
  readonly code: string;
  /** How long the code is of use. */
  readonly minutes: number;
  /** The issuer's host, without port; never cut, for half a host would be another one. */
  readonly host: string;
}

export interface ComposedMessage extends SegmentCount {
  readonly text: string;
  /** The name as it stands in the text; empty where there was no room for one. */
  readonly name: string;
}

export interface SegmentCount {
  readonly segments: number;
  readonly encoding: "gsm7" | "ucs2";
}

/** What does not hang on the digits of a code: how names are written and cut, and how much the whole takes. */
interface Fitted extends SegmentCount {
  readonly brand: string;
  readonly name: string;
  /** What stands around the code, wherever it stands; undefined where the text does more with it than show it. */
  readonly around: readonly string[] | undefined;
}

/** Found out once for each text and set of facts, for each look composes a message; digits are in any alphabet. */
const fitted = new WeakMap<MessageText, Lately<string, Fitted>>();
/** Sets of facts kept of one text: one for each relying party and number of minutes in use. */
const LEAST = 250;

/**
 * Composes the message of a code. A text in GSM-7 stays in it: names lose what the alphabet lacks. In a text that
 * needs UCS-2 anyway, names keep their letters. A name takes the room that is left in the segments the text needs.
 */
export function composeMessage(facts: MessageFacts, text: MessageText): ComposedMessage {
  const { code, minutes, brand, host, appName } = facts;
  const key = JSON.stringify([code.length, minutes, brand, host, appName]);
  const known = fitted.get(text) ?? createLately<string, Fitted>(LEAST);
  fitted.set(text, known);
  let found = known.get(key);
  if (found === undefined) {
    found = fit(facts, text);
    known.set(key, found);
  }
  const { brand: shown, name, around, segments, encoding } = found;
  return { text: around?.join(code) ?? written(facts, shown, name, text), name, segments, encoding };
}

function fit(facts: MessageFacts, text: MessageText): Fitted {
  const { code, minutes, host } = facts;
  const letters = lettersOf(text, { code, minutes, app: "x", named: "yes" });
  const brand = letters(facts.brand).join("").trim();
  const sizeWith = (name: string) => countSegments(written(facts, brand, name, text));
  const most = sizeWith("").segments;
  const fits = (name: string) => sizeWith(name).segments <= most;
  const name = cut(letters(facts.appName), fits) || (fits(host) ? host : "");
  return { brand, name, around: aroundOf(facts, brand, name, text), ...sizeWith(name) };
}

/** Two codes tell where one goes: a name with these digits in it, or a text that counts with them, gives two others. */
function aroundOf(facts: MessageFacts, brand: string, name: string, text: MessageText) {
  const [one = "", other = ""] = ["9182736450", "2736459180"].map((digits) =>
    digits.slice(0, facts.code.length),
  );
  const around = written({ ...facts, code: one }, brand, name, text).split(one);
  return around.join(other) === written({ ...facts, code: other }, brand, name, text) ? around : undefined;
}

function written(facts: MessageFacts, brand: string, name: string, text: MessageText): string {
  const { code, minutes, host } = facts;
  const values = { code, minutes, brand, app: name, named: name === "" ? "no" : "yes" };
  return `${sentence(text, values, name)}\n\n@${host} #${code}`;
}

export interface NoticeFacts extends Pick<MessageFacts, "brand" | "host"> {
  /** Whom it tells of, where that is not who reads it: a username. */
  readonly person?: string | undefined;
  /** The way back from what it tells of (undo.ts), and the hours in which it works. */
  readonly link?: string | undefined;
  readonly hours?: number | undefined;
  /** The same in minutes, of what is good for less. */
  readonly minutes?: number | undefined;
}

/** Composes a notice: no code, so nothing to bind. The person's name takes the room that is left. */
export function composeNotice(facts: NoticeFacts, text: MessageText): ComposedMessage {
  const letters = lettersOf(text, { person: "x", link: "", hours: 0 });
  const brand = letters(facts.brand).join("").trim() || facts.host;
  const { link = "", hours = 0 } = facts;
  const written = (person: string) => sentence(text, { brand, person, link, hours }, brand);
  const most = countSegments(written("?")).segments;
  const fits = (person: string) => countSegments(written(person)).segments <= most;
  const whole = written(cut(letters(facts.person ?? ""), fits) || "?");
  return { text: whole, name: brand, ...countSegments(whole) };
}

/** A subject fits one line of a header (RFC 5322 §2.1.1), with the word before it. */
const LONGEST_SUBJECT = 78 - "Subject: ".length;
const LONGEST_NAME = 100;

/** Composes the letter that says the same as a notice: names keep their letters, subject and sentence are one line each. */
export function composeLetter(
  facts: NoticeFacts,
  texts: { readonly subject: MessageText; readonly text: MessageText },
): { readonly subject: string; readonly text: string } {
  const brand = ownLetters(facts.brand).join("").trim() || facts.host;
  const person = cut(ownLetters(facts.person ?? ""), (name) => name.length <= LONGEST_NAME) || "?";
  const { link = "", hours = 0, minutes = 0 } = facts;
  const subject = (name: string) => sentence(texts.subject, { brand, person: name }, brand);
  const short = cut(ownLetters(person), (name) => subject(name).length <= LONGEST_SUBJECT) || "?";
  return {
    subject: subject(short),
    text: `${sentence(texts.text, { brand, person, link, hours, minutes }, brand)}\n\n${facts.host}`,
  };
}

/** How names are written in a text: by whether it is in GSM-7 itself. */
const lettersOf = (text: MessageText, values: MessageValues): ((name: string) => readonly string[]) =>
  gsm7Units(oneLine(text({ ...values, brand: "x" }))) === undefined ? ownLetters : plainText;

/** "Example Inc." brings the sentence's full stop along. */
function sentence(text: MessageText, values: MessageValues, name: string): string {
  const whole = oneLine(text(values));
  return name.endsWith(".") ? whole.replaceAll(`${name}.`, name) : whole;
}

// Only the last line may look like the last line.
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\p{Z}]+/gu, " ").trim();

/** The longest beginning of a name that fits; empty where nothing legible is left of it. */
function cut(pieces: readonly string[], fits: (name: string) => boolean): string {
  const start = (count: number) => pieces.slice(0, count).join("").trimEnd();
  // Nearly every name does, and each look composes a message.
  if (fits(start(pieces.length))) return start(pieces.length);
  let least = 0;
  let most = pieces.length - 1;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(start(middle))) least = middle;
    else most = middle - 1;
  }
  return start(least);
}

/** How many segments a text is billed as: 160 septets or 70 UTF-16 units alone, 153 or 67 each in a row (GSM 03.40). */
export function countSegments(text: string): SegmentCount {
  const units = gsm7Units(text);
  return units === undefined
    ? {
        encoding: "ucs2",
        segments: fill(
          [...text].map(({ length }) => length),
          70,
          67,
        ),
      }
    : { encoding: "gsm7", segments: fill(units, 160, 153) };
}

// An escape and its character, or the halves of a surrogate pair, never stand in two segments.
function fill(units: readonly number[], alone: number, inRow: number): number {
  if (units.reduce((sum, size) => sum + size, 0) <= alone) return 1;
  let segments = 1;
  let used = 0;
  for (const size of units) {
    if (used + size > inRow) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return segments;
}
