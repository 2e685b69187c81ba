/** Forgotten passwords: whether a mail opens the way to a new one, and where else a site sets them. */
import { z } from "zod";

/** Bounds that no configuration may loosen: a link in a mailbox is good for an hour at most. */
export const passwordsSchema = z.strictObject({
  /** Whether the sign-in page offers it. Wants a mail server; who has no second factor or no verified address gets no link. */
  forgotten: z.boolean().default(false),
  /** Minutes for which a link is good. */
  linkMinutes: z.int().min(5).max(60).default(20),
  /** Where people of a directory that we may not write to set their passwords; named in the mail they get. */
  elsewhere: z.url({ protocol: /^https$/ }).optional(),
});
export type PasswordSettings = z.infer<typeof passwordsSchema>;
