/** Lines of a screen: pieces of text with a tone, cut and padded by the cells that a terminal gives them. */

/** What a piece means; theme.ts says how it looks. */
export type Tone =
  | "ok"
  | "warn"
  | "bad"
  | "dim"
  | "strong"
  | "accent"
  | "selected"
  | "heading"
  | "added"
  | "removed";

export interface Piece {
  readonly text: string;
  readonly tone?: Tone | undefined;
}
export type Line = readonly Piece[];

export const piece = (text: string, tone?: Tone): Piece => ({ text, tone });
export const line = (text = "", tone?: Tone): Line => [{ text, tone }];

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NONE = /^(?:\p{M}|\u200d|\ufe0f)+$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ASCII = /^[ -~]*$/;

const cells = (grapheme: string): number => (NONE.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);

/** Cells that a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += cells(segment);
  return width;
}

/** As much of the text as goes into so many cells. */
function cut(text: string, width: number): string {
  if (ASCII.test(text)) return text.slice(0, width);
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += cells(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

/** Exactly so many cells: padded, or cut with an ellipsis. */
export function fit(text: string, width: number, align: "left" | "right" = "left"): string {
  if (width <= 0) return "";
  const wide = widthOf(text);
  const shown = wide <= width ? text : `${cut(text, width - 1)}…`;
  const space = " ".repeat(Math.max(0, width - widthOf(shown)));
  return align === "right" ? space + shown : shown + space;
}

/** The line, padded or cut to so many cells. */
export function fitLine(pieces: Line, width: number): Line {
  const fitted: Piece[] = [];
  let left = width;
  for (const one of pieces) {
    if (left <= 0) break;
    const wide = widthOf(one.text);
    if (wide > left) {
      fitted.push({ ...one, text: fit(one.text, left) });
      left = 0;
    } else {
      fitted.push(one);
      left -= wide;
    }
  }
  return left > 0 ? [...fitted, piece(" ".repeat(left))] : fitted;
}

/** A text in lines of at most so many cells, broken at spaces where there are some. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = "";
  for (let word of text.split(" ")) {
    if (current !== "" && widthOf(current) + 1 + widthOf(word) > width) {
      lines.push(current);
      current = "";
    } else if (current !== "") {
      current += ` ${word}`;
      continue;
    }
    while (widthOf(word) > width) {
      const head = cut(word, width);
      lines.push(head);
      word = word.slice(head.length);
    }
    current = word;
  }
  return [...lines, current];
}

/** Lines beside one another: each left one is made as wide as `width`. */
export const beside = (left: readonly Line[], width: number, right: readonly Line[], gap = "  "): Line[] =>
  Array.from({ length: Math.max(left.length, right.length) }, (_, at) => [
    ...fitLine(left[at] ?? [], width),
    piece(gap, "dim"),
    ...(right[at] ?? []),
  ]);
