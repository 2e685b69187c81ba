/**
 * md5-crypt (`$1$`), as the crypt(3) of FreeBSD and glibc makes it: old OpenLDAP directories are full of it, and no kept
 * library reads it. Only to compare a hash once before it is replaced; nothing is ever hashed with it here.
 */
import { hash } from "node:crypto";

const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** In which order the bytes of the digest are written, three to four digits; the twelfth (11) stands alone at the end. */
const ORDER = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

const md5 = (...parts: readonly Buffer[]): Buffer => hash("md5", Buffer.concat(parts), "buffer");

const digits = (value: number, count: number): string =>
  Array.from({ length: count }, (_, at) => DIGITS[(value >> (6 * at)) & 63]).join("");

/** `salt`: at most eight characters. Answers the whole hash, `$1$salt$tag`. */
export function md5Crypt(password: string, salt: string): string {
  const [key, pinch] = [Buffer.from(password), Buffer.from(salt)];
  const inner = md5(key, pinch, key);
  const first: Buffer[] = [key, Buffer.from("$1$"), pinch];
  for (let left = key.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)));
  // By the bits of the length, a zero byte or the first byte of the password: a slip of the original, kept ever since.
  for (let bits = key.length; bits > 0; bits >>= 1)
    first.push(bits % 2 === 1 ? Buffer.of(0) : key.subarray(0, 1));
  let tag = md5(...first);
  for (let round = 0; round < 1000; round += 1) {
    const odd = round % 2 === 1;
    const parts = [odd ? key : tag];
    if (round % 3 !== 0) parts.push(pinch);
    if (round % 7 !== 0) parts.push(key);
    tag = md5(...parts, odd ? tag : key);
  }
  const byte = (at: number): number => tag[at] ?? 0;
  const text = ORDER.map(([high, middle, low]) =>
    digits((byte(high) << 16) | (byte(middle) << 8) | byte(low), 4),
  ).join("");
  return `$1$${salt}$${text}${digits(byte(11), 2)}`;
}
