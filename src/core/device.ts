/**
 * Marks that a person signed in at this browser before. A mark is a keyed hash of the browser's cookie and the
 * subject, kept in a cookie; it lets the owner's own browser past throttles that strangers fill. It proves no factor.
 */

import type { Keys } from "./keys.ts";
import { hmac } from "./mac.ts";
import type { Visitor } from "./mechanism.ts";
import type { Subject } from "./words.ts";

const MOST_MARKS = 5;

export interface Devices {
  knows(visitor: Visitor, subject: Subject): boolean;
  /** The visitor's marks with one for this subject in front, at most five. */
  remember(visitor: Visitor, subject: Subject): readonly string[];
}

export function createDevices(keys: Keys): Devices {
  const marksOf = (browser: string, subject: Subject) =>
    keys
      .secrets("cookie")
      .map(({ bytes }) =>
        hmac(bytes).update(`known-device\0${browser}\0${subject}`).digest("base64url").slice(0, 27),
      );
  return {
    knows: (visitor, subject) =>
      marksOf(visitor.browser, subject).some((mark) => visitor.marks.includes(mark)),
    remember(visitor, subject) {
      const own = marksOf(visitor.browser, subject);
      return [...own.slice(0, 1), ...visitor.marks.filter((mark) => !own.includes(mark))].slice(
        0,
        MOST_MARKS,
      );
    },
  };
}
