/**
 * Files that other servers have written, read as streams: lines, LDIF, lists inside of one JSON document. This folder
 * knows forms and nothing of what is in them; nothing it reads is ever held whole. Called by the imports of
 * surfaces/admin/host. It follows no reference out of a file and runs nothing.
 */
import { createReadStream } from "node:fs";

/** One line without its end; `text` is undefined where it was too long or is not UTF-8. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
  readonly why?: string | undefined;
}

export type Bytes = AsyncIterable<Buffer> | Iterable<Buffer>;

/** No person takes more; a file without line ends must not take the memory. */
export const LONGEST_LINE = 1 << 20;
const NEWLINE = 0x0a;
const CHUNK = 1 << 16;

/** The bytes of a file; `seen` hears how many there were so far. */
export async function* bytesOfFile(file: string, seen: (bytes: number) => void): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) {
    const bytes = chunk as Buffer;
    sum += bytes.length;
    seen(sum);
    yield bytes;
  }
}

const reader = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8, or undefined for what is not. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return reader.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The lines, by `\n` or `\r\n`; a byte order mark in front is left out. */
export async function* linesOf(bytes: Bytes, longest = LONGEST_LINE): AsyncGenerator<Line> {
  let number = 0;
  let held: Buffer[] = [];
  let size = 0;

  function end(last: Buffer): Line {
    number += 1;
    const tooLong = size + last.length > longest;
    const whole = held.length === 0 ? last : Buffer.concat([...held, last]);
    [held, size] = [[], 0];
    if (tooLong)
      return { number, text: undefined, why: `is longer than ${longest >> 10} KiB; nothing real is` };
    const text = textOf(whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole);
    if (text === undefined) return { number, text, why: "is not UTF-8; convert the file first" };
    return { number, text: number === 1 && text.startsWith("\ufeff") ? text.slice(1) : text };
  }

  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      yield end(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from === chunk.length) continue;
    // What is already too long is not kept, only counted.
    if (size <= longest) held.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > longest) held = [];
  }
  if (size > 0) yield end(Buffer.alloc(0));
}
