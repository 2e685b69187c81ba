import { z } from "zod";

const MOST = 3650;
const days = (least: number) =>
  z
    .int()
    .min(0)
    .max(MOST)
    .refine((value) => value === 0 || value >= least, `must be 0 (for ever), or ${least} to ${MOST} days`)
    .default(0);

/**
 * How long the audit keeps what, in days; 0: for ever. The bounds are there so that nobody who takes over an
 * administrator's account can make what they did disappear before it is noticed.
 */
export const retentionSchema = z.strictObject({
  /** After it, an event keeps what happened and loses what names somebody. */
  personalDays: days(30),
  /** After it, an event is taken out. */
  auditDays: days(90),
});
export type Retention = z.infer<typeof retentionSchema>;
