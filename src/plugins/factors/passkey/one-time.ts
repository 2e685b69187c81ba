/**
 * Challenges that are kept nowhere: each is a keyed hash of the login and its turn. A turn takes one form, so a
 * challenge counts once; and one of another login, turn or purpose is not this one (M07).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { NamedKey } from "../../../core/keys.ts";
import type { Login } from "../../../core/mechanism.ts";

type Purpose = "sign-in" | "enrol";

const made = (key: NamedKey, purpose: Purpose, { id, turn }: Pick<Login, "id" | "turn">): Buffer =>
  createHmac("sha256", key.bytes).update(`passkey\0${purpose}\0${id}\0${turn}`).digest();

/** base64url. */
export function challengeOf(
  keys: () => readonly NamedKey[],
  purpose: Purpose,
  login: Pick<Login, "id" | "turn">,
): string {
  const [key] = keys();
  if (key === undefined) throw new Error("there is no key for challenges");
  return made(key, purpose, login).toString("base64url");
}

/** Whether it is the challenge of this page; also made by a key that has been rotated since. */
export function isChallengeOf(
  keys: () => readonly NamedKey[],
  purpose: Purpose,
  login: Pick<Login, "id" | "turn">,
  given: string,
): boolean {
  const bytes = Buffer.from(given, "base64url");
  return keys().some((key) => {
    const own = made(key, purpose, login);
    return own.length === bytes.length && timingSafeEqual(own, bytes);
  });
}
