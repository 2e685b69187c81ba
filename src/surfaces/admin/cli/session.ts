/** What `sallyport session …` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, misused, print, printJson, printTable } from "./screen.ts";
import { openVerb } from "./verb.ts";

interface Session {
  readonly outsideSid: string;
  readonly creationDate?: string;
  readonly expirationDate?: string;
  readonly sessionAttributes?: Readonly<Record<string, string>>;
}

export const list = (options: ConnectionOptions & { user?: string; json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const found =
      options.user === undefined
        ? await verb.all("get-sessions")
        : await verb.all("search-session", {
            query: { fieldValuePair: `userDn=${(await findPerson(verb, options.user)).inum}` },
          });
    if (options.json === true) return printJson(found, true);
    printTable(
      ["ID", "USER", "ACR", "ADDRESS", "SINCE", "UNTIL"],
      (found as unknown as readonly Session[]).map((one) => [
        one.outsideSid,
        one.sessionAttributes?.auth_user ?? "",
        one.sessionAttributes?.acr ?? "",
        one.sessionAttributes?.remote_ip ?? "",
        one.creationDate ?? "",
        one.expirationDate ?? "",
      ]),
    );
  });

export const end = (
  id: string | undefined,
  options: ConnectionOptions & { user?: string; reason?: string },
): Promise<void> =>
  act(async () => {
    const { user, reason } = options;
    if ((id === undefined) === (user === undefined))
      misused("Say either the id of a session or --user NAME.");
    const query: Record<string, string> = reason === undefined ? {} : { reason };
    const verb = await openVerb(options);
    if (id !== undefined) {
      await verb.call("delete-session", { values: { sid: id }, query });
      return print("The session has ended.");
    }
    const { inum } = await findPerson(verb, user ?? "");
    await verb.call("revoke-user-session", { values: { userDn: inum }, query });
    print(`Every session of ${user} has ended.`);
  });
