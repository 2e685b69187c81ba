/** The settings in force: what is dangerous in them, what texts cost, whether the file says something else. */
import { dangersOf } from "../../core/dangers.ts";
import type { Finding } from "../../core/finding.ts";
import { createJudge } from "../judge.ts";
import { costsOfTexts } from "../message-texts.ts";
import type { Looked } from "./looked.ts";

/** `pending`: sallyport.yaml says something that a start would take in. */
export function settingsFindings(
  { document, phones, now, up }: Looked,
  pending: boolean,
): readonly Finding[] {
  const faults = createJudge(phones)(document).map(
    ({ path, message }): Finding => ({
      level: "error",
      check: "settings",
      message: `${path}: ${message}.`,
      remedy: "Change it with sallyport config apply, or in sallyport.yaml before the next start.",
    }),
  );
  const dangers = dangersOf(document, now);
  const costs = costsOfTexts(document).map(
    (message): Finding => ({ level: "warning", check: "messages", message, remedy: "Shorten the text." }),
  );
  const news: readonly Finding[] =
    pending && up
      ? [
          {
            level: "warning",
            check: "settings.file",
            message: "sallyport.yaml says something that the running server has not taken in.",
            remedy:
              "Restart the server; or take the change out of the file, where it was made by the admin API since.",
          },
        ]
      : [];
  const all = [...faults, ...news, ...dangers, ...costs];
  return all.length > 0
    ? all
    : [{ level: "ok", check: "settings", message: "Nothing in the settings is looser than as shipped." }];
}
