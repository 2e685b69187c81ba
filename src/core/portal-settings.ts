/** The account pages and the enrolment API: whether there are any, and how careful they are. */
import { z } from "zod";

/** Bounds that no configuration may loosen: a proof for a sensitive act is never older than 15 minutes. */
export const portalSchema = z.strictObject({
  /** Off: `/account` is not there, and nobody can sign in to it. */
  enabled: z.boolean().default(true),
  /** Seconds that a proof counts for changing a factor or the password. */
  freshFor: z.int().min(60).max(900).default(300),
  /** Hours in which a new number opens no other change; 0: at once. */
  newNumberHours: z.int().min(0).max(720).default(24),
  /** Hours in which a change can be undone by the link in its notice. */
  undoHours: z.int().min(1).max(168).default(72),
  /**
   * What another application may do by its own token alone, with the scope of the enrolment API: nothing, or bind the
   * first phone of a person who never had any second factor. Everything else takes the person's own token.
   */
  applicationsAlone: z.enum(["nothing", "first-phone"]).default("nothing"),
});
export type PortalSettings = z.infer<typeof portalSchema>;
