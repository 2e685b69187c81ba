/** Which passwords may be set: length and blocklist, and nothing about kinds of characters (NIST SP 800-63B-4 §3.1.1.2). */
import type { Secret } from "../../core/secret.ts";
import type { Blocklist } from "./blocklist.ts";
import { codePoints, LONGEST_PASSWORD, normalPassword } from "./normal.ts";

/** Least length in code points where a second factor is always asked for. */
export const LEAST_WITH_SECOND_FACTOR = 8;
/** Least length in code points where a password may stand alone. */
export const LEAST_ALONE = 15;

export interface PasswordPolicyOptions {
  /** Least length in code points: 8, or 15 where a password may stand alone (`LEAST_…`). Asked at each password. */
  readonly least: number | (() => number);
  readonly blocklist: Blocklist;
}

export interface PasswordPolicy {
  /**
   * The password in normal form, ready to be hashed, or why it is refused, as a sentence. `names`: what this person is
   * called, so that it is no password of theirs.
   */
  judge(password: Secret, names: readonly string[]): Promise<Judgement>;
}

export type Judgement =
  | { readonly kind: "fit"; readonly password: string }
  | { readonly kind: "refused"; readonly why: string };

/** Makes the policy of one installation. A least length below 8 (NIST's own bound) is a RangeError. */
export function createPasswordPolicy(options: PasswordPolicyOptions): PasswordPolicy {
  const { blocklist } = options;
  const leastNow = (): number => {
    const least = typeof options.least === "number" ? options.least : options.least();
    if (!Number.isInteger(least) || least < LEAST_WITH_SECOND_FACTOR || least > LONGEST_PASSWORD)
      throw new RangeError(`the least length of a password must be from 8 to ${LONGEST_PASSWORD}`);
    return least;
  };
  leastNow();
  return {
    async judge(password, names) {
      const least = leastNow();
      const text = normalPassword(password);
      if (text === undefined)
        return refused(`It has more than ${LONGEST_PASSWORD} characters; choose a shorter one.`);
      // A line break from a pipe or a file: nobody could type it into a password field.
      if (/\p{Cc}/u.test(text)) return refused("It contains a control character, which cannot be typed.");
      const length = codePoints(text);
      if (length < least)
        return refused(`It has ${length} character${length === 1 ? "" : "s"}; at least ${least} are needed.`);
      const why = await blocklist.reason(text, names);
      return why === undefined ? { kind: "fit", password: text } : refused(why);
    },
  };
}

const refused = (why: string): Judgement => ({ kind: "refused", why });
