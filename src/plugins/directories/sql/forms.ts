/** Which hashes of other servers people here still have. Learned once a minute, so that a sign-in asks the database nothing more. */
import type { Clock, EpochMs } from "../../../core/words.ts";
import { readForeign } from "../../../kits/password/foreign.ts";

const LEARNED_FOR = 60_000;

/** Makes the memory of one process; `read` asks the table. */
export function createForms(read: () => Promise<readonly string[]>, now: Clock) {
  let known: readonly string[] = [];
  let until: EpochMs = 0;
  let reading: Promise<void> | undefined;

  function learn(): Promise<void> {
    reading ??= read()
      .then((forms) => {
        known = forms;
        until = now() + LEARNED_FOR;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  return {
    /**
     * The forms to be worked through beside this hash. Waits for the database at the first call, and for the first hash
     * of a form that has come since; else what is known is good for a minute and then learned anew behind the answer.
     */
    async beside(stored: string): Promise<readonly string[]> {
      const form = stored.startsWith("$argon2id$") ? undefined : readForeign(stored)?.form;
      if (until === 0 || (form !== undefined && !known.includes(form))) await learn();
      else if (now() >= until) void learn().catch(() => {});
      return known;
    },
  };
}
