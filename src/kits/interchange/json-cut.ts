/** The objects of one list in a large JSON document, cut out one after another: `{ …, "users": [ {…}, {…} ], … }`. */
import type { Bytes } from "./lines.ts";
import { textOf } from "./lines.ts";

/** An object, and the line it begins on; `value` is undefined where it is too large or no JSON. */
export interface CutObject {
  readonly line: number;
  readonly value: unknown;
}

const LONGEST = 1 << 20;
const [QUOTE, BACKSLASH, NEWLINE, OPEN, CLOSE, LIST, UNLIST] = [0x22, 0x5c, 0x0a, 0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Walks through the bytes once, counting brackets outside of strings. `name`: the list that belongs to the document
 * itself; undefined: the document is the list. Throws SyntaxError where the document ends too early.
 */
export async function* cutObjects(bytes: Bytes, name: string | undefined): AsyncGenerator<CutObject> {
  /** Depth of brackets; objects of the list begin at `at`. */
  const at = name === undefined ? 1 : 2;
  let depth = 0;
  let line = 1;
  let inText = false;
  let escaped = false;
  let inList = name === undefined;
  /** The last string at depth 1, to know the name of what comes. */
  let word: number[] = [];
  let held: Buffer[] | undefined;
  let size = 0;
  let begin = 0;

  for await (const chunk of bytes) {
    let from = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (byte === NEWLINE) line += 1;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          inText = false;
          continue;
        }
        // An escape stays in the word as it stands, so that no other name becomes the one that is looked for.
        if (depth === 1 && held === undefined && word.length < 64) word.push(byte as number);
        continue;
      }
      if (byte === QUOTE) {
        inText = true;
        if (depth === 1 && held === undefined) word = [];
      } else if (byte === OPEN || byte === LIST) {
        depth += 1;
        if (byte === LIST && depth === at && name !== undefined)
          inList = Buffer.from(word).toString() === name;
        if (byte === OPEN && depth === at + 1 && inList) [held, size, begin, from] = [[], 0, line, index];
      } else if (byte === CLOSE || byte === UNLIST) {
        depth -= 1;
        if (depth === at && held !== undefined) {
          const last = chunk.subarray(from, index + 1);
          yield { line: begin, value: size + last.length > LONGEST ? undefined : parse([...held, last]) };
          held = undefined;
        } else if (depth < at && name !== undefined) inList = false;
      }
    }
    if (held !== undefined) {
      size += chunk.length - from;
      // What is too large is counted and not kept.
      if (size <= LONGEST) held.push(chunk.subarray(from));
    }
  }
  if (depth !== 0 || inText) throw new SyntaxError("the document ends in the middle");
}

function parse(parts: readonly Buffer[]): unknown {
  const text = textOf(Buffer.concat(parts));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
