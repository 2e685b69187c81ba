/** What `sallyport user password …` asks the server. */
import { inputLine } from "../client/input.ts";
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, misused, print } from "./screen.ts";
import { openVerb } from "./verb.ts";

interface SetOptions extends ConnectionOptions {
  readonly temporary?: boolean;
  readonly mustChange?: boolean;
  readonly final?: boolean;
  readonly reason: string;
}

export const set = (name: string, options: SetOptions): Promise<void> =>
  act(async () => {
    const { temporary = false, mustChange = false, final = false, reason } = options;
    if ([temporary, mustChange, final].filter(Boolean).length > 1)
      misused("Say one of --temporary, --must-change and --final.");
    const password = temporary || mustChange ? undefined : await inputLine();
    if (password === "")
      misused("No password came on standard input; pipe it in: sallyport user password NAME < password.txt");
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const { body } = await verb.call("post-user-password", {
      values: { inum },
      body: { ...(password === undefined ? {} : { password }), temporary, mustChange: !final, reason },
    });
    const { temporaryPassword } = body as { temporaryPassword?: string };
    if (temporaryPassword !== undefined)
      print(
        `Hand this password to ${name}; it is good for 72 hours, to set another one: ${temporaryPassword}`,
      );
    else if (mustChange) print(`${name} sets another password at the next sign-in.`);
    else
      print(
        `The password of ${name} is set${final ? "" : " and has to be changed at the next sign-in"}; every session of theirs has ended.`,
      );
  });

export const ticket = (name: string, options: ConnectionOptions & { reason: string }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const { reason } = options;
    const { body } = await verb.call("post-user-password-ticket", { values: { inum }, body: { reason } });
    const made = body as { ticket: string; url: string };
    print(`Hand this ticket to ${name}; it works once, within an hour, at ${made.url}: ${made.ticket}`);
  });
