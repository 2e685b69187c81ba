/** What `sallyport user phone …` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, Failure, misused, print, printJson, printTable } from "./screen.ts";
import { openVerb, type Verb } from "./verb.ts";

interface Phone {
  readonly id: string;
  /** Masked. */
  readonly number: string;
  readonly country: string;
  readonly boundAt: string;
  readonly boundBy: string;
}

const phonesOf = async (verb: Verb, inum: string): Promise<readonly Phone[]> =>
  (await verb.call("get-user-phones", { values: { inum } })).body as readonly Phone[];

export const list = (name: string, options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const phones = await phonesOf(verb, (await findPerson(verb, name)).inum);
    if (options.json === true) return printJson(phones, true);
    printTable(
      ["ID", "NUMBER", "COUNTRY", "SINCE", "BY"],
      phones.map((one) => [one.id, one.number, one.country, one.boundAt, one.boundBy]),
    );
  });

export const add = (
  name: string,
  number: string,
  options: ConnectionOptions & { reason: string; country?: string },
): Promise<void> =>
  act(async () => {
    const { reason, country } = options;
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const body = { number, verified: true, reason, ...(country === undefined ? {} : { country }) };
    const { body: phone } = await verb.call("post-user-phone", { values: { inum }, body });
    print(`${name} has the phone ${(phone as Phone).number}.`);
  });

export const remove = (
  name: string,
  which: string | undefined,
  options: ConnectionOptions & { reason: string },
): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const phones = await phonesOf(verb, inum);
    const meant =
      which === undefined ? phones : phones.filter((one) => one.id === which || one.number.endsWith(which));
    const [phone] = meant;
    if (phone === undefined)
      throw new Failure({ kind: "refused", status: 404, text: `${name} has no such phone.` });
    if (meant.length > 1)
      misused(
        `${name} has several: ${meant.map(({ id, number }) => `${id} (${number})`).join(", ")}; say which.`,
      );
    await verb.call("delete-user-phone", {
      values: { inum, id: phone.id },
      query: { reason: options.reason },
    });
    print(`${name} no longer has the phone ${phone.number}; every session of theirs has ended.`);
  });
