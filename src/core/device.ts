/**
 * Marks that a person signed in at this browser before. A mark is a keyed hash of the browser's cookie and the
 * subject, kept in a cookie; it lets the owner's own browser past throttles that strangers fill. It proves no factor.
 *
 * There are two: one of whoever has shown the password here, one of whoever has shown more. A thief of the password gets
 * the first by signing in where a password is enough; only the second has a budget of texts of its own.
 */

import type { Keys } from "./keys.ts";
import { hmacText } from "./mac.ts";
import type { Visitor } from "./mechanism.ts";
import type { Subject } from "./words.ts";

const MOST_MARKS = 5;

export interface Devices {
  /** `fully`: by more than a password. */
  knows(visitor: Visitor, subject: Subject, fully?: "fully"): boolean;
  /** The visitor's marks with one for this subject in front, at most five; what it was before, it stays. */
  remember(visitor: Visitor, subject: Subject, fully: boolean): readonly string[];
}

export function createDevices(keys: Keys): Devices {
  const marksOf = (label: string, browser: string, subject: Subject) =>
    keys
      .secrets("cookie")
      .map(({ bytes }) => hmacText(bytes, `${label}\0${browser}\0${subject}`).slice(0, 27));
  const weak = ({ browser }: Visitor, subject: Subject) => marksOf("known-device", browser, subject);
  const full = ({ browser }: Visitor, subject: Subject) => marksOf("own-device", browser, subject);
  return {
    knows(visitor, subject, fully) {
      // A browser without marks is nobody's own, whoever is asked for.
      if (visitor.marks.length === 0) return false;
      const own = [...(fully === undefined ? weak(visitor, subject) : []), ...full(visitor, subject)];
      return own.some((mark) => visitor.marks.includes(mark));
    },
    remember(visitor, subject, fully) {
      const [weakOnes, fullOnes] = [weak(visitor, subject), full(visitor, subject)];
      const own = [...weakOnes, ...fullOnes];
      const isFull = fully || visitor.marks.some((mark) => fullOnes.includes(mark));
      return [
        ...(isFull ? fullOnes : weakOnes).slice(0, 1),
        ...visitor.marks.filter((mark) => !own.includes(mark)),
      ].slice(0, MOST_MARKS);
    },
  };
}
