/** How a line looks: JSON as it is, or text for a person's eyes. Whatever a value holds, a line stays one line (L03). */

/** Characters that end a line, move a cursor or turn the direction of writing: all are written as \uXXXX. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[\w./:@+-]{1,200}$/;

const escaped = (text: string): string =>
  text.replace(UNSEEN, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );

/** One line of JSON, safe to be shown in a terminal. */
export const jsonLine = (line: string): string => `${escaped(line.trimEnd())}\n`;

/** `2026-11-26T04:39:18.123Z INFO  Listening revision=3`. Values that are more than a word stand in quotes. */
export function textLine(line: string): string {
  const { time, level, message, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const said = Object.entries(facts).map(([name, value]) => `${name}=${valueText(value)}`);
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${String(message ?? "")}`;
  return `${escaped([head.trimEnd(), ...said].join(" "))}\n`;
}

const valueText = (value: unknown): string =>
  typeof value === "string" && PLAIN.test(value) ? value : (JSON.stringify(value) ?? "");
