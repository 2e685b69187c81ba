/**
 * Text from elsewhere as a terminal may see it: a username with an escape sequence in it must not set a title, move the
 * cursor or swap the letters of a line (requirement S21). Also for the hidden letters that make two names look alike.
 */
export const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** One line: everything that is not a visible character or a space is shown as its number. */
export const printable = (text: string): string =>
  text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** JSON of two spaces that means the same and holds no character a terminal would act on (RFC 8259 §7). */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2) ?? "null";
  return text.replace(HIDDEN, (character) =>
    character === "\n"
      ? character
      : [...Array(character.length).keys()]
          .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}
