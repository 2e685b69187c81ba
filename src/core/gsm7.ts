/**
 * The GSM 7-bit default alphabet (3GPP TS 23.038 §6.2.1), and what stands in for letters outside it. One letter outside
 * turns a whole message into UCS-2: 70 characters a segment instead of 160, at the price of three. Used by message.ts.
 */

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

const SIZE = new Map<string, number>([
  ...[...BASIC].map((letter): [string, number] => [letter, 1]),
  ...[...EXTENSION].map((letter): [string, number] => [letter, 2]),
]);

/** Septets of each character, extension characters 2; undefined when one is outside the alphabet. */
export function gsm7Units(text: string): readonly number[] | undefined {
  const units: number[] = [];
  for (const letter of text) {
    const size = SIZE.get(letter);
    if (size === undefined) return undefined;
    units.push(size);
  }
  return units;
}

/** Length in septets; undefined when the text cannot be written in GSM-7. */
export function gsm7Septets(text: string): number | undefined {
  return gsm7Units(text)?.reduce((sum, size) => sum + size, 0);
}

/** Rows of look-alikes and what replaces them, a letter each. */
const PAIRS = [
  ["‘’‚‛′`´ʼ‹›", "''''''''''"],
  ["“”„‟«»″", '"""""""'],
  ["‐‑‒–—―−⁃·•⁄µμ", "----------/uu"],
  // Cyrillic, Greek
  ["АВЕЁКМНОРСТУХІЇЈЅЗаеёорсухіїјѕԁԛԝһк", "ABEEKMHOPCTYXIIJS3aeeopcyxiijsdqwhk"],
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ", "ABEZHIKMNOPTYXaikvoptux"],
  ["łŁđĐðÐħĦıŧŦ×÷", "lLdDdDhHitTx/"],
] as const;

const STAND_IN = new Map<string, string>([
  ...PAIRS.flatMap(([from, to]) => [...from].map((letter, at): [string, string] => [letter, to[at] ?? ""])),
  ["œ", "oe"],
  ["Œ", "OE"],
  ["þ", "th"],
  ["Þ", "Th"],
  ["©", "(c)"],
  ["®", "(R)"],
]);

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * A name in its own letters, a piece for each grapheme: invisible characters dropped, control characters and line ends
 * turned into one space. For texts that are outside GSM-7 anyway.
 */
export function ownLetters(name: string): readonly string[] {
  const text = name.replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "").replace(/[\s\p{Cc}\p{Z}]+/gu, " ");
  if (/^[ -~]*$/.test(text)) return [...text.trimStart()];
  return [...graphemes.segment(text.normalize("NFC").trimStart())].map(({ segment }) => segment);
}

/**
 * A name in GSM-7, a piece for each grapheme: look-alikes replaced, accents outside the alphabet taken off, anything
 * else dropped. A word that would lose a letter goes whole, and where half of the letters or more would be lost, the
 * name does: what is left of a name in another script is not that name.
 */
export function plainText(name: string): readonly string[] {
  let letters = 0;
  let lost = 0;
  const pieces: string[] = [];
  for (const word of wordsOf(ownLetters(name))) {
    const plain = word.map(standIn);
    const isLost = (letter: string, at: number) => /\p{L}/u.test(letter) && plain[at] === "";
    letters += word.filter((letter) => /\p{L}/u.test(letter)).length;
    lost += word.filter(isLost).length;
    if (word.some(isLost) || plain.join("") === "") continue;
    if (pieces.length > 0) pieces.push(" ");
    pieces.push(...plain.filter((piece) => piece !== ""));
  }
  return lost * 2 >= letters && lost > 0 ? [] : pieces;
}

function wordsOf(letters: readonly string[]): readonly (readonly string[])[] {
  const words: string[][] = [[]];
  for (const letter of letters)
    if (letter === " ") words.push([]);
    else words.at(-1)?.push(letter);
  return words;
}

function standIn(grapheme: string): string {
  const whole = SIZE.has(grapheme) ? grapheme : STAND_IN.get(grapheme);
  if (whole !== undefined) return whole;
  return [...grapheme.normalize("NFKD")]
    .map((letter) => (SIZE.has(letter) ? letter : (STAND_IN.get(letter) ?? "")))
    .join("");
}
