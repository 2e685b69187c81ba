/**
 * Numbers with a fixed code: for a reviewer of an app store, or a load test. A hole with a frame around it: somebody owns
 * it, it says why it is there, it is gone after at most 30 days, every use stands in the audit, nothing is sent for it, and
 * no account with a role may use one.
 */
import { z } from "zod";
import type { EpochMs } from "./words.ts";

const LONGEST = 30 * 86_400_000;

const testNumberSchema = z
  .strictObject({
    number: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, "must be a number in international form such as +12025550143"),
    code: z.string().regex(/^\d{6,10}$/, "must be 6 to 10 digits"),
    owner: z.string().trim().min(2).max(100),
    reason: z.string().trim().min(5).max(300),
    from: z.iso.datetime({ offset: true }),
    until: z.iso.datetime({ offset: true }),
  })
  .superRefine(({ from, until }, context) => {
    const length = Date.parse(until) - Date.parse(from);
    if (length <= 0 || length > LONGEST)
      context.addIssue({ code: "custom", path: ["until"], message: "must be at most 30 days after from" });
  });

/** Of anything that may stand in the list: one fault must not hide another. */
const numberOf = (one: unknown): unknown => (one as { number?: unknown } | null)?.number;

export const testNumbersSchema = z
  .array(testNumberSchema)
  .max(50)
  .superRefine(
    (all, context) => {
      const numbers = all.map(numberOf);
      // A second entry for the days after the first would be a way around the thirty days.
      for (const [index, number] of numbers.entries())
        if (number !== undefined && numbers.indexOf(number) !== index)
          context.addIssue({ code: "custom", path: [index, "number"], message: "stands there twice" });
    },
    { when: ({ value }) => Array.isArray(value) },
  );
export type TestNumber = z.infer<typeof testNumberSchema>;

/** Whether its days have come and are not over. */
export const isActive = ({ from, until }: TestNumber, now: EpochMs): boolean =>
  Date.parse(from) <= now && now < Date.parse(until);

/** The test number that this is today; undefined: it is a number like any other. */
export const testNumberOf = (
  all: readonly TestNumber[],
  e164: string,
  now: EpochMs,
): TestNumber | undefined => all.find((one) => one.number === e164 && isActive(one, now));
