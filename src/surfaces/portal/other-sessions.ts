/** Ends every session of a person but the one they are at. */
import type { Sessions } from "../../core/sessions.ts";
import type { Here } from "./session.ts";

export async function endOthers(
  sessions: Sessions,
  { subject, sid: here }: Pick<Here, "subject" | "sid">,
  reason: string,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = await sessions.list({ subject, limit: 100, after });
    for (const { sid } of page.sessions) if (sid !== here) await sessions.end(sid, subject, reason);
    after = page.next;
  } while (after !== undefined);
}
