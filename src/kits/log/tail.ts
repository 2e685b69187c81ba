/** The end of a log file, read backwards in bounded stretches: never the whole file, whatever is looked for. */
import { open } from "node:fs/promises";
import { join } from "node:path";

export interface TailQuery {
  /** Lines at most. */
  readonly limit: number;
  /** `next` of the stretch before; undefined: the end of the file. */
  readonly before?: string | undefined;
  readonly wanted: (line: string) => boolean;
}

export interface Tail {
  /** Newest first. */
  readonly lines: readonly string[];
  /** There while the file goes on before it. A stretch may hold fewer lines than asked, even none. */
  readonly next?: string | undefined;
}

/** Bytes that one call looks at. */
const STRETCH = 256 * 1024;
const NEWLINE = 10;

/** Reads `name` in `folder`; no file is an empty one. Rejects with the system's error where it cannot be read. */
export async function readTail(folder: string, name: string, query: TailQuery): Promise<Tail> {
  const file = await open(join(folder, name), "r").catch((problem: { code?: string }) => {
    if (problem.code === "ENOENT") return undefined;
    throw problem;
  });
  if (file === undefined) return { lines: [] };
  try {
    const { ino, size } = await file.stat();
    const [ofFile, at] = (query.before ?? `${ino}:${size}`).split(":");
    // The file has turned over since: what stood before is in another one.
    if (Number(ofFile) !== ino) return { lines: [] };
    const end = Math.min(Number(at), size);
    const start = Math.max(0, end - STRETCH);
    const bytes = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    const held = bytes.subarray(0, bytesRead);
    // What the stretch begins with may be half a line; it belongs to the next one. A line longer than all is cut.
    const whole = start === 0 ? 0 : held.indexOf(NEWLINE) + 1;
    const lines: string[] = [];
    let to = held.length;
    while (to > whole && lines.length < query.limit) {
      const from = held.lastIndexOf(NEWLINE, to - 2) + 1;
      const begin = Math.max(from, whole);
      const line = held.toString("utf8", begin, to).replace(/\n$/, "");
      if (line !== "" && query.wanted(line)) lines.push(line);
      to = begin;
    }
    const rest = start + (to === 0 ? 0 : to);
    return { lines, ...(rest > 0 ? { next: `${ino}:${rest === end ? start : rest}` } : {}) };
  } finally {
    await file.close();
  }
}
