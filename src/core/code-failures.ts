/**
 * The account's counter of wrong codes: one per person, over every login, code, browser, address and node. A slot is
 * taken before the comparison; a pause starts at each fifth failure from the tenth on, the factor is disabled at the
 * fiftieth. A try in a pause is neither compared nor counted. Used by codes.ts, and for every other factor
 * (the server's own and scripted-factor.ts) under names that hold the kind.
 */
import type { Storage, Write } from "./records.ts";
import type { Limits } from "./settings.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

export type FailureCount = {
  readonly failures: number;
  readonly pausedUntil: EpochMs;
  readonly disabled: boolean;
};
/** Whether answers are taken at this moment. */
export type Standing =
  | { readonly kind: "open" }
  | { readonly kind: "disabled" }
  | { readonly kind: "paused"; readonly until: EpochMs };
type Slot =
  | Exclude<Standing, { kind: "open" }>
  | ({ readonly kind: "free"; readonly write: Write } & FailureCount);

/** One counter per person and kind, beside the one of codes by text, which has the person's name alone. */
export const failuresKey = (kind: string, subject: Subject): string => `${kind}\0${subject}`;

const FOR_EVER = 100 * 365 * 86_400_000;
const MINUTE = 60_000;
const EVERY = 5;
const ROUNDS = 20;
const NONE: FailureCount = { failures: 0, pausedUntil: 0, disabled: false };

export function createFailures(storage: Storage, limits: () => Limits, now: Clock) {
  const counters = storage.records<FailureCount>("code-failures");

  const standingOf = (count: FailureCount): Standing =>
    count.disabled
      ? { kind: "disabled" }
      : now() < count.pausedUntil
        ? { kind: "paused", until: count.pausedUntil }
        : { kind: "open" };

  /** How long the pause is that begins with this failure; 0 where none does. */
  const pauseAt = (failures: number): number => {
    const { pauseAfter, pauses } = limits();
    if (failures < pauseAfter || (failures - pauseAfter) % EVERY !== 0) return 0;
    return (pauses[Math.min((failures - pauseAfter) / EVERY, pauses.length - 1)] ?? 0) * MINUTE;
  };

  const counter = {
    count: async (subject: Subject): Promise<FailureCount> => (await counters.get(subject)) ?? NONE,
    standing: async (subject: Subject): Promise<Standing> =>
      standingOf((await counters.get(subject)) ?? NONE),

    /**
     * The write that counts a try as a failure until it turns out right, to be committed together with the code's own
     * slot. `disabled`: this was the last try allowed. Nearly nobody has failed: where it is not `fresh`, what this
     * process does not remember is not there, until the commit says otherwise.
     */
    async slot(subject: Subject, fresh: boolean): Promise<Slot> {
      const found = fresh ? await counters.read(subject) : counters.recall(subject);
      const current = found?.value ?? NONE;
      const standing = standingOf(current);
      // Only what was read keeps anybody waiting.
      if (standing.kind !== "open") return fresh ? standing : counter.slot(subject, true);
      const failures = current.failures + 1;
      const disabled = failures >= limits().disableAfter;
      const pause = pauseAt(failures);
      const next = { failures, disabled, pausedUntil: pause === 0 ? 0 : now() + pause };
      const write = counters.write(subject, next, now() + FOR_EVER, { expect: found?.version ?? "absent" });
      return { kind: "free", ...next, write };
    },

    /** The try was not compared after all. */
    giveBack: (subject: Subject): Promise<void> =>
      counters.update(subject, (current) => {
        if (current === undefined || current.failures === 0) return { result: undefined };
        const failures = current.failures - 1;
        const undo = pauseAt(current.failures) > 0;
        const next = {
          failures,
          disabled: failures >= limits().disableAfter,
          pausedUntil: undo ? 0 : current.pausedUntil,
        };
        return { result: undefined, write: next, expiresAt: now() + FOR_EVER };
      }),

    /** Takes the slot by itself, before what was answered is compared with anything. */
    async take(key: string): Promise<Slot> {
      for (let round = 0; round < ROUNDS; round += 1) {
        const slot = await counter.slot(key, true);
        if (slot.kind !== "free" || (await storage.commit([slot.write]))) return slot;
      }
      return { kind: "paused", until: now() + MINUTE };
    },

    reset: (subject: Subject): Promise<void> => counters.remove(subject),
    /** The same as a write. */
    clean: (subject: Subject): Write => counters.write(subject, null, 0),
  };
  return counter;
}
