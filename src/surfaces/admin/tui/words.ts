/** Words of the console: text from elsewhere made harmless, times, and the command that does the same. */
import { printable } from "../client/printable.ts";
import { widthOf, wrap } from "./lines.ts";

/** One line of text as a terminal may see it. */
export function clean(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(clean).join(" ");
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** Several lines, each of them harmless; tabs as spaces. */
export const cleanLines = (text: string): readonly string[] =>
  text.replace(/\r\n/g, "\n").replace(/\t/g, "  ").split("\n").map(printable);

/** A word as a shell takes it. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;

/** The command that does the same: an option whose value is not there yet is left out. */
export const commandLine = (...words: readonly (string | undefined | readonly (string | undefined)[])[]) =>
  ["sallyport", ...words]
    .flatMap((word) => {
      if (!Array.isArray(word)) return word === undefined ? [] : [word as string];
      const some = word as readonly (string | undefined)[];
      return some.every((one) => one !== undefined && one !== "") ? (some as readonly string[]) : [];
    })
    .map(shellWord)
    .join(" ");

/** An option with its value, or a word by itself; what stands in quotes is one word. */
const PART = /(?:--[\w-]+ (?!--))?(?:'[^']*'|\\'|[^\s'])+/g;

/** A command in lines of at most so many cells that a shell still takes as one: an option and its value stay together. */
export function foldCommand(command: string, width: number): readonly string[] {
  const parts = [...command.matchAll(PART)].flatMap(([part]) => {
    const at = part.indexOf(" ");
    return widthOf(part) + 4 > width && part.startsWith("--") && at > 0
      ? [part.slice(0, at), part.slice(at + 1)]
      : [part];
  });
  const lines: string[] = [];
  let current = "";
  for (const part of parts) {
    if (current !== "" && widthOf(current) + widthOf(part) + 3 > width) {
      lines.push(`${current} \\`);
      current = `  ${part}`;
    } else current = current === "" ? part : `${current} ${part}`;
  }
  // A word longer than the screen has to be broken all the same.
  return [...lines, current].flatMap((line) => (widthOf(line) > width ? wrap(line, width) : [line]));
}

/** `2027-01-31 07:14:52`, in UTC as the audit and the logs have it. */
export const when = (value: unknown): string => {
  const at = typeof value === "string" ? new Date(value) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) return clean(value);
  return at.toISOString().slice(0, 19).replace("T", " ");
};

/** The same without year and seconds, for lists. */
export const short = (value: unknown): string => {
  const whole = when(value);
  return /^\d{4}-/.test(whole) ? whole.slice(5, 16) : whole;
};

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
