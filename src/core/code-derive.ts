/** How the digits of a code come about (ARCHITECTURE: never stored). Used by codes.ts alone. */
import { hmac } from "./mac.ts";

/**
 * HMAC-SHA-256 over label, challenge, random bytes, person, phone, purpose and login; the first 8 bytes modulo 10^n.
 * 2^64 mod 10^10 leaves a bias below 10^-9, and the leading zeros stay (NIST SP 800-63B-4 §3.1.3.2).
 */
export function deriveCode(
  key: Uint8Array,
  of: {
    id: string;
    random: string;
    subject: string;
    phone: string;
    purpose: string;
    boundTo: string;
    digits: number;
  },
): string {
  const parts = ["sallyport code v1", of.id, of.random, of.subject, of.phone, of.purpose, of.boundTo];
  let most = 0;
  for (const part of parts) most += 4 + 3 * part.length;
  const message = Buffer.allocUnsafe(most);
  let end = 0;
  // Each part is preceded by its length: no two lists of parts give the same bytes.
  for (const part of parts) {
    const length = message.write(part, end + 4);
    message.writeUInt32BE(length, end);
    end += 4 + length;
  }
  const number = hmac(key, message.subarray(0, end)).readBigUInt64BE(0) % 10n ** BigInt(of.digits);
  return number.toString().padStart(of.digits, "0");
}
