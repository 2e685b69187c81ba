/**
 * The odds of guessing a code, computed from the limits; docs/security.md states them and a test compares the two. Each
 * guess is right with a chance of 1 in 10^digits, whatever was guessed before: a new code is drawn without memory. Pure.
 */
import type { Limits } from "./settings.ts";

/** The chance that one of so many guesses is right. */
export const chance = (guesses: number, digits: number): number =>
  -Math.expm1(guesses * Math.log1p(-(10 ** -digits)));

export interface GuessOdds {
  /** At one code: all its tries. */
  readonly perCode: number;
  /** At one account by whoever has its password, from one right code of the owner to the next, however long that takes. */
  readonly betweenSuccesses: number;
  /** At one account in a year in which the owner signs in `signIns` times, each time clearing the counter just in time. */
  readonly perYear: number;
  /** The guesses that go with `perYear`. */
  readonly guessesPerYear: number;
  /** How many of a million accounts with stolen passwords fall before each of them is disabled. */
  readonly ofAMillion: number;
  /** The same where the server-wide brake was on from the beginning. */
  readonly ofAMillionBraked: number;
}

const MILLION = 1_000_000;
const BRAKED_DIGITS = 8;

/** What an attacker with the right password can hope for under these limits. */
export function guessOdds(
  { codeDigits, triesPerCode, disableAfter }: Pick<Limits, "codeDigits" | "triesPerCode" | "disableAfter">,
  signIns = 365,
): GuessOdds {
  // The guess that disables the factor is still compared; before that, a sign-in of the owner gives them all anew.
  const guessesPerYear = signIns * (disableAfter - 1) + disableAfter;
  return {
    perCode: chance(triesPerCode, codeDigits),
    betweenSuccesses: chance(disableAfter, codeDigits),
    perYear: chance(guessesPerYear, codeDigits),
    guessesPerYear,
    ofAMillion: MILLION * chance(disableAfter, codeDigits),
    ofAMillionBraked: MILLION * chance(disableAfter, Math.max(BRAKED_DIGITS, codeDigits)),
  };
}
