/** One line of text while it is typed: a cursor in it, and nothing of a secret to be seen. */
import { type Line, piece } from "./lines.ts";
import type { Press } from "./press.ts";
import { clean } from "./words.ts";

export interface Typed {
  readonly text: string;
  /** Whether the key was one for text. */
  press(press: Press): boolean;
  set(text: string): void;
  /** With the cursor, in at most so many cells. */
  pieces(width?: number): Line;
}

/** What cannot stand in a line: line ends of what was pasted, and everything that is no character. */
const UNTYPED = /\p{Cc}/gu;

export function createTyped(value = "", secret = false): Typed {
  // By character, not by code unit: an emoji goes with one backspace.
  let letters = [...value];
  let at = letters.length;
  return {
    get text() {
      return letters.join("");
    },
    set(text) {
      letters = [...text];
      at = letters.length;
    },
    press(press) {
      if (press.kind === "text" || press.kind === "paste") {
        const added = [...press.text.replace(/[\r\n\t]+/g, " ").replace(UNTYPED, "")];
        letters.splice(at, 0, ...added);
        at += added.length;
      } else if (press.kind === "left") at = Math.max(0, at - 1);
      else if (press.kind === "right") at = Math.min(letters.length, at + 1);
      else if (press.kind === "home") at = 0;
      else if (press.kind === "end") at = letters.length;
      // Terminals send the one or the other for the same key.
      else if (press.kind === "backspace" || (press.kind === "delete" && at === letters.length)) {
        if (at > 0) letters.splice(at - 1, 1);
        at = Math.max(0, at - 1);
      } else if (press.kind === "delete") letters.splice(at, 1);
      else if (press.kind === "ctrl" && press.letter === "u") {
        letters = letters.slice(at);
        at = 0;
      } else if (press.kind === "ctrl" && press.letter === "k") letters = letters.slice(0, at);
      else if (press.kind === "ctrl" && press.letter === "a") at = 0;
      else if (press.kind === "ctrl" && press.letter === "e") at = letters.length;
      else return false;
      return true;
    },
    pieces(width = 60) {
      const shown = secret ? letters.map(() => "•") : letters.map((letter) => clean(letter));
      const from = Math.max(0, at - width + 2);
      return [
        piece(shown.slice(from, at).join("")),
        piece(shown[at] ?? " ", "selected"),
        piece(shown.slice(at + 1, from + width - 1).join("")),
      ];
    },
  };
}
