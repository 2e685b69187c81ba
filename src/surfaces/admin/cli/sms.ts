/** What `sallyport sms stop|go` ask the server: one field of the settings, and no other. */
import { type Applied, differenceLines } from "../client/settings-differences.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, Failure, print, tell } from "./screen.ts";
import { openVerb } from "./verb.ts";

/** How often it is read anew when somebody else changes the settings at the same moment. */
const TRIES = 5;

const WORDS = { true: "No text goes out until sallyport sms go.", false: "Texts go out." } as const;

/** The part is sent back as it was read, with its revision, so that whatever limits there are survive the night. */
export const turn = (stopped: boolean, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    for (let left = TRIES - 1; ; left--) {
      const { body, etag } = await verb.call("get-config-settings");
      const { sending } = body as { readonly sending: { readonly stopped: boolean } };
      if (sending.stopped === stopped) return tell(`It is so already. ${WORDS[`${stopped}`]}`);
      try {
        const changed = { sending: { ...sending, stopped } };
        const answer = await verb.call("put-config-settings", { body: changed, ifMatch: etag });
        const { differences, revision } = answer.body as Applied;
        for (const line of differenceLines(differences)) print(line);
        return tell(`${WORDS[`${stopped}`]} This is revision ${revision}.`);
      } catch (problem) {
        if (left > 0 && problem instanceof Failure && problem.trouble.kind === "lost") continue;
        throw problem;
      }
    }
  });
