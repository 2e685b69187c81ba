/** Passwords that nobody but a machine has chosen: good for nothing but setting another one, and not for long. */
import { randomBytes } from "node:crypto";
import { Secret } from "./secret.ts";
import type { EpochMs } from "./words.ts";

const LIFE = 72 * 3_600_000;
/** None looks like another; 20 of them are 98 bits. */
const ALPHABET = "23456789abcdefghjkmnpqrstvwxyz";

/** One in groups, as it is read out, and until when it is good. */
export const temporaryPassword = (now: EpochMs): { readonly password: Secret; readonly until: EpochMs } => ({
  password: new Secret(
    [...randomBytes(20)]
      .map((byte) => ALPHABET[byte % ALPHABET.length])
      .join("")
      .replace(/(.{5})(?=.)/g, "$1-"),
  ),
  until: now + LIFE,
});
