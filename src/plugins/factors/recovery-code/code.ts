/** The codes themselves: how they are made and how they are read. */
import { randomBytes } from "node:crypto";

/** 32 letters and digits of which none looks like another: five bits each. */
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/** 80 bits; NIST SP 800-63B-4 §3.1.2 wants 64 where tries are counted. */
const LENGTH = 16;
const HOW_MANY = 10;

/** Ten new codes in groups of four, as they are shown. */
export const newCodes = (): readonly string[] =>
  Array.from({ length: HOW_MANY }, () =>
    [...randomBytes(LENGTH)]
      .map((byte) => ALPHABET[byte & 31])
      .join("")
      .replace(/(.{4})(?=.)/g, "$1-"),
  );

/** A code without what people put between; undefined: it cannot be one. */
export function normal(typed: string): string | undefined {
  const code = typed
    .slice(0, 64)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "");
  return code.length === LENGTH && [...code].every((one) => ALPHABET.includes(one)) ? code : undefined;
}
