/**
 * That everything of a person was ended, told to the forms that are under way in that moment. The login behind such a
 * form may have no person yet (a password is just being compared), so it stands in nobody's group and is not removed
 * with the others (login.ts): whoever has shown the old password would go on with it. Marked before anything is removed;
 * the walk looks once the login stands in its person's group, so that one of the two sees the other in any order.
 */
import type { Storage } from "./records.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

/** Longer than a form takes, together with what clocks of two nodes differ by. */
const LONGEST_FORM_MS = 60_000;
const KEPT_MS = 3_600_000;
const ANYBODY = "anybody";
const named = (subject: Subject) => `person ${subject}`;

export interface LoginEndings {
  mark(subject: Subject): Promise<void>;
  /** Asked before a form whose person is not known; the answer, when they are: whether all of theirs has been ended since. */
  watch(): Promise<(subject: Subject) => Promise<boolean>>;
}

export function createLoginEndings(storage: Storage, now: Clock): LoginEndings {
  const rows = storage.records<EpochMs>("logins-ended");
  const latest = async () => (await rows.read(ANYBODY))?.version;
  return {
    async mark(subject) {
      const at = now();
      const end = at + KEPT_MS;
      await storage.commit([rows.write(named(subject), at, end), rows.write(ANYBODY, at, end)]);
    },
    async watch() {
      // By its version, which no clock is needed for; the time alone would also meet whoever has just got a new password.
      const before = await latest();
      const since = now() - LONGEST_FORM_MS;
      return async (subject) =>
        (await latest()) !== before && ((await rows.get(named(subject))) ?? 0) >= since;
    },
  };
}
