import { z } from "zod";

const days = (least: number) =>
  z.union([z.literal(0), z.int().min(least).max(3650)], `0 (for ever), or ${least} to 3650 days`).default(0);

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
