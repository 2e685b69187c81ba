/**
 * Passwords that are refused because others have them or because they are made of a name everybody knows (NIST
 * SP 800-63B-4 §3.1.1.2, ASVS 6.2.4, 6.2.11, 6.2.12). The list of common ones is loaded when a password is set for the
 * first time: a server that only checks passwords never pays for it.
 */
import type { BreachedList } from "./breached.ts";
import { codePoints } from "./normal.ts";

export interface Blocklist {
  /** Why the password (in normal form) is refused, as a sentence; undefined when it is not. */
  reason(password: string, contextWords: readonly string[]): Promise<string | undefined>;
}

export interface BlocklistOptions {
  /** Words of this installation: the product's name, the issuer's host. */
  readonly words?: readonly string[] | undefined;
  readonly breached?: BreachedList | undefined;
}

/** What must be left of a password when the words of its context are taken out. */
const LEAST_REST = 8;
const SHORTEST_WORD = 3;
const SHORTEST_PART = 4;
/** Longest decoration of a common password (`password2026!!`); a longer one adds enough. */
const LONGEST_DECORATION = 6;
const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "l",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

let common: Promise<ReadonlySet<string>> | undefined;

/** The common passwords (zxcvbn's list), in lower case. */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import("@zxcvbn-ts/language-common").then(
    ({ dictionary }) => new Set(dictionary["passwords-common"].map(fold)),
  );
  return common;
}

/** Makes the blocklist of one installation. */
export function createBlocklist({ words = [], breached }: BlocklistOptions = {}): Blocklist {
  const ours = words.flatMap(toWords);
  return {
    async reason(password, contextWords) {
      const list = await commonPasswords();
      const folded = fold(password);
      if (isCommon(folded, list)) return "It is one of the passwords that are guessed first.";
      const rest = without(folded, [...ours, ...contextWords.flatMap(toWords)]);
      if (rest !== undefined && (codePoints(rest) < LEAST_REST || isCommon(rest, list)))
        return "It is little more than a name that belongs to this sign-in.";
      if (await breached?.has([...new Set([password, password.normalize("NFC")])]))
        return "It is in a list of passwords that were stolen elsewhere.";
      return undefined;
    },
  };
}

const fold = (text: string): string => text.normalize("NFKC").toLowerCase();

function isCommon(folded: string, list: ReadonlySet<string>): boolean {
  const plain = [...folded].map((letter) => LEET[letter] ?? letter).join("");
  return [folded, plain].some(
    (text) => list.has(text) || isCommonDecorated(text, list) || isRepeated(text, list),
  );
}

/** `dragon2026!`, `!!monkey`: a common password with digits and signs around it. */
function isCommonDecorated(text: string, list: ReadonlySet<string>): boolean {
  const [, before = "", core = "", after = ""] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(text) ?? [];
  const decoration = before + after;
  return (
    codePoints(core) >= SHORTEST_PART &&
    list.has(core) &&
    (decoration.length <= LONGEST_DECORATION || list.has(decoration))
  );
}

/** `aaaaaaaa`, `12ab12ab`, `passwordpassword`: a short piece or a common password, over and over. */
function isRepeated(text: string, list: ReadonlySet<string>): boolean {
  // In code units up to 32 of ASCII: longer ones and other scripts are left to length alone.
  for (let size = 1; size <= text.length / 2; size += 1) {
    if (text.length % size !== 0) continue;
    const piece = text.slice(0, size);
    if (piece.repeat(text.length / size) !== text) continue;
    return list.has(piece) || (size <= 4 && text.length <= 32 && /^[\x20-\x7e]+$/.test(text));
  }
  return false;
}

/** The text without these words; undefined when none is in it. */
function without(folded: string, words: readonly string[]): string | undefined {
  let rest = folded;
  for (const word of [...words].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(word, "");
  return rest === folded ? undefined : rest;
}

/** `ada.lovelace@example.org`: the whole and its parts, as far as they are long enough to mean something. */
function toWords(text: string): string[] {
  const whole = fold(text).trim();
  const parts = whole.split(/[^\p{L}\p{N}]+/u).filter((part) => codePoints(part) >= SHORTEST_PART);
  return [...new Set(codePoints(whole) >= SHORTEST_WORD ? [whole, ...parts] : parts)];
}
