/**
 * The text of a code's message: brand, code, purpose, life, warning, and last the line that binds the code to the site
 * (WICG origin-bound one-time codes), in one GSM-7 segment wherever the host allows it. Called by delivery.ts; it
 * sends nothing and knows no number. A name comes from an administrator or a relying party: it cannot add a line.
 */
import { gsm7Septets, gsm7Units, plainText } from "./gsm7.ts";

export { gsm7Septets };

export interface MessageFacts {
  /** The relying party's name; cut where the segment ends, on a grapheme. */
  readonly appName: string;
  readonly code: string;
  /** How long the code is of use. */
  readonly minutes: number;
  /** The issuer's host, without port; never cut, for half a host would be another one. */
  readonly host: string;
  readonly purpose: "sign-in" | "enrol";
}

export interface ComposedMessage extends SegmentCount {
  readonly text: string;
}

export interface SegmentCount {
  readonly segments: number;
  readonly encoding: "gsm7" | "ucs2";
}

const SEGMENT = 160;

/** Composes the text; names of up to 24 and hosts of up to 40 characters fit one segment whole. */
export function composeMessage({ appName, code, minutes, host, purpose }: MessageFacts): ComposedMessage {
  const life = minutes === 1 ? "1 minute" : `${minutes} minutes`;
  const start =
    purpose === "sign-in" ? `${code} is your code to sign in` : `${code} is your code to add this phone`;
  const end = `. Valid ${life}. Never share it.\n\n@${host} #${code}`;
  const room = SEGMENT - (gsm7Septets(`${start} to ${end}`) ?? 0);
  const named = cut(appName, room) || (host.length <= room ? host : "");
  // "Example Inc." brings the sentence's full stop along.
  const text = `${start}${named === "" ? "" : ` to ${named}`}${named.endsWith(".") ? end.slice(1) : end}`;
  return { text, ...countSegments(text) };
}

/** The longest beginning of a name that fits; empty where nothing legible is left of it. */
function cut(name: string, room: number): string {
  let short = "";
  let used = 0;
  for (const piece of plainText(name)) {
    used += gsm7Septets(piece) ?? 0;
    if (used > room) break;
    short += piece;
  }
  return short.trimEnd();
}

/** How many segments a text is billed as: 160 septets or 70 UTF-16 units alone, 153 or 67 each in a row (GSM 03.40). */
export function countSegments(text: string): SegmentCount {
  const units = gsm7Units(text);
  if (units === undefined)
    return { encoding: "ucs2", segments: text.length <= 70 ? 1 : Math.ceil(text.length / 67) };
  if (units.reduce((sum, size) => sum + size, 0) <= SEGMENT) return { encoding: "gsm7", segments: 1 };
  let segments = 1;
  let used = 0;
  // An escape and its character never stand in two segments.
  for (const size of units) {
    if (used + size > 153) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return { encoding: "gsm7", segments };
}
