/** Looks one password up in a file of breached ones, without reading the file into memory. */
import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream } from "node:fs";
import { Breakage } from "../../core/errors.ts";

export interface BreachedList {
  /** Whether one of the spellings stands on a line of its own. Throws Breakage `store-unavailable`. */
  has(spellings: readonly string[]): Promise<boolean>;
}

const CHUNK = 1 << 20;
const NEWLINE = 0x0a;
/** What may follow a hit: end of line, or the count in a downloaded list (`SHA1:count`). */
const ENDS = [NEWLINE, 0x0d, 0x3a];

/**
 * A file with one password per line, in clear or as SHA-1 in hex (the form in which Have I Been Pwned publishes them,
 * with or without `:count`). Searched from the start each time: about a second per gigabyte, only when a password is
 * set. Throws Breakage `configuration-invalid` when the file cannot be read.
 */
export function openBreachedList(file: string): BreachedList {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    const { code = "unknown" } = cause as { code?: string };
    throw new Breakage("configuration-invalid", `breached_passwords: ${file} cannot be read (${code}).`, {
      cause,
    });
  }
  return {
    async has(spellings) {
      const hashes = spellings.map((text) => createHash("sha1").update(text).digest("hex"));
      const texts = [...spellings, ...hashes, ...hashes.map((hash) => hash.toUpperCase())];
      const needles = [...new Set(texts)].map((text) => Buffer.from(`\n${text}`));
      const overlap = Math.max(...needles.map(({ length }) => length));
      // The line break in front of the first line, so that every line begins after one.
      let rest: Buffer = Buffer.from("\n");
      try {
        for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) {
          const bytes = Buffer.concat([rest, chunk as Buffer]);
          if (needles.some((needle) => holdsLine(bytes, needle, false))) return true;
          rest = bytes.subarray(Math.max(0, bytes.length - overlap));
        }
      } catch (cause) {
        throw new Breakage("store-unavailable", `The breached passwords in ${file} cannot be read.`, {
          cause,
        });
      }
      return needles.some((needle) => holdsLine(rest, needle, true));
    },
  };
}

function holdsLine(bytes: Buffer, needle: Buffer, atEnd: boolean): boolean {
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) {
    const after = bytes[at + needle.length];
    if (after === undefined ? atEnd : ENDS.includes(after)) return true;
  }
  return false;
}
