/** The help desk: which of its acts take a second person, how long an act waits for one, and how often may be looked. */
import { z } from "zod";

/** Acts for which a second administrator's approval can be asked. */
export const DESK_ACTS = [
  "remove-factor",
  "add-phone",
  "open-window",
  "hand-out-ticket",
  "set-password",
  "password-ticket",
] as const;
export type DeskAct = (typeof DESK_ACTS)[number];

/** Bounds that no configuration may loosen: what nobody has approved within a day was not urgent, and is asked anew. */
export const helpDeskSchema = z.strictObject({
  /** These are carried out only once a second administrator has approved them. */
  secondApproval: z
    .array(z.enum(DESK_ACTS, { error: `must be one of ${DESK_ACTS.join(", ")}` }))
    .max(DESK_ACTS.length)
    .default([]),
  /** Minutes that such an act waits. */
  approvalMinutes: z.int().min(15).max(1_440).default(60),
  /** People that one agent may look for within an hour, found or not; eight times as many within a day. */
  searchesPerHour: z.int().min(5).max(200).default(30),
});
export type HelpDeskSettings = z.infer<typeof helpDeskSchema>;
