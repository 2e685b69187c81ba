/** The form in which a password is hashed. Used when it is set and when it is checked, so that both see the same. */
import type { Secret } from "../../core/secret.ts";

/** Longest password in code points after normalisation (NIST SP 800-63B-4 §3.1.1.2 asks for at least 64). */
export const LONGEST_PASSWORD = 256;
/** Longest input in bytes of UTF-8; 256 code points cannot have more than 1024, before normalisation 4096 is ample. */
const LONGEST_INPUT = 4096;

/**
 * A password in normal form: NFKC (NIST SP 800-63B-4 §3.1.1.2, UAX #15), nothing else: no trimming, no case mapping, no
 * truncation. undefined when nobody can have it: longer than 256 code points or not Unicode (a lone surrogate, which
 * UTF-8 would turn into U+FFFD, so that different passwords became one).
 */
export function normalPassword(password: Secret): string | undefined {
  const raw = password.reveal();
  // Before normalisation, which costs time and can make one code point into eighteen (U+FDFA).
  if (raw.length > LONGEST_INPUT || Buffer.byteLength(raw) > LONGEST_INPUT || !raw.isWellFormed())
    return undefined;
  const text = raw.normalize("NFKC");
  return codePoints(text) > LONGEST_PASSWORD ? undefined : text;
}

/** Length in code points: what a person would call characters, emoji included (NIST SP 800-63B-4 §3.1.1.2). */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
