/** Ends every session of a person but the one they are at, with what outlived sessions that had ended before. */
import type { Sessions } from "../../core/sessions.ts";
import type { Here } from "./session.ts";

export const endOthers = (
  sessions: Sessions,
  { subject, sid }: Pick<Here, "subject" | "sid">,
  reason: string,
): Promise<number> => sessions.endAll(subject, subject, reason, sid);
