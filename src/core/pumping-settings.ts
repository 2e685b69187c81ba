/** What the pumping guard measures typed numbers by; the thresholds as shipped are those that Authgear publishes. */
import { z } from "zod";

/** A floor an hour and a day; above it, shares in percent of what was verified. */
const rule = (day: number, hour: number) =>
  z
    .strictObject({
      day: z.int().min(1).max(100_000).default(day),
      hour: z.int().min(1).max(100_000).default(hour),
    })
    .prefault({});

export const pumpingSchema = z.strictObject({
  /** `observe`: decides, writes it down, lets everything through. */
  mode: z.enum(["off", "observe", "protect"]).default("observe"),
  country: rule(20, 3),
  block: rule(10, 5),
  address: rule(10, 5),
  /** Of the best day of the last 14 and of the last 24 hours; of a sixth of that day and of the last hour. */
  dayShare: z.int().min(1).max(100).default(30),
  hourShare: z.int().min(1).max(100).default(20),
  /** Countries without one answered code that numbers typed at one address in a day may be of. */
  countriesPerAddress: z.int().min(1).max(250).default(3),
});
export type PumpingSettings = z.infer<typeof pumpingSchema>;
