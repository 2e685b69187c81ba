/** What `sallyport user device …` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, print, printJson, printTable } from "./screen.ts";
import { openVerb } from "./verb.ts";

interface Device {
  readonly id: string;
  readonly agent: string;
  readonly address: string;
  readonly shownAt: string;
  readonly usedAt?: string;
  readonly until: string;
}

export const list = (name: string, options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const { body } = await verb.call("get-user-remembered-devices", { values: { inum } });
    const devices = body as readonly Device[];
    if (options.json === true) return printJson(devices, true);
    printTable(
      ["ID", "DEVICE", "ADDRESS", "LAST CODE", "USED", "UNTIL"],
      devices.map((one) => [one.id, one.agent, one.address, one.shownAt, one.usedAt ?? "", one.until]),
    );
  });

export const forget = (
  name: string,
  id: string,
  options: ConnectionOptions & { reason?: string },
): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const { reason } = options;
    await verb.call("delete-user-remembered-device", {
      values: { inum, id },
      query: reason === undefined ? {} : { reason },
    });
    print(
      id === "all"
        ? `Every device of ${name} is asked for a code again.`
        : "The device is asked for a code again.",
    );
  });
