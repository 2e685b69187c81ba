/** `name:value,name:value` as the original reads it, and its patches. */
import { misused } from "./screen.ts";

/** Splits at a character; a backslash takes the next character as it is. */
export function splitEscaped(text: string, separator: string): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === "\\" && at + 1 < text.length) piece += text[++at];
    else if (character === separator) {
      pieces.push(piece);
      piece = "";
    } else piece += character;
  }
  return [...pieces, piece];
}

export interface Pairs {
  readonly pairs: Readonly<Record<string, string>>;
  /** Pieces without a name; the original drops them without a word. */
  readonly dropped: readonly string[];
}

/** `--url-suffix` and `--endpoint-args`: the name ends at the first colon, and a name that comes again adds to its value. */
export function readPairs(text: string): Pairs {
  const pairs = new Map<string, string>();
  const dropped: string[] = [];
  for (const piece of splitEscaped(text, ",")) {
    const colon = piece.indexOf(":");
    if (colon <= 1) {
      if (piece.trim() !== "") dropped.push(piece.trim());
      continue;
    }
    const name = piece.slice(0, colon).trim();
    const value = piece.slice(colon + 1).trim();
    pairs.set(name, pairs.has(name) ? `${pairs.get(name)},${value}` : value);
  }
  return { pairs: Object.fromEntries(pairs), dropped };
}

export interface Patch {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: string;
}

const pathOf = (key: string): string => `/${key.trim().replace(/^\//, "")}`;

/** `key:value` of --patch-add and --patch-replace; the value goes as text, and the server gives it the field's type. */
export function readPatch(op: "add" | "replace", text: string): Patch {
  const [key, value, ...more] = splitEscaped(text, ":");
  if (key === undefined || value === undefined || more.length > 0 || key.trim() === "")
    misused(
      `--patch-${op} ${text}: give key:value, with a backslash before each further colon, as in --patch-${op} 'api_base:https\\://api.example.org'`,
    );
  return { op, path: pathOf(key), value };
}

export const removal = (key: string): Patch => ({ op: "remove", path: pathOf(key) });
