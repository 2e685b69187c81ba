/** What `sallyport user factor …` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, Failure, misused, print, printJson, printTable } from "./screen.ts";
import { openVerb, type Verb } from "./verb.ts";

interface Factor {
  readonly id: string;
  readonly kind: string;
  readonly label?: string;
  readonly boundAt: string;
  readonly boundBy: string;
  readonly left?: number;
  readonly pausedUntil?: string;
  readonly disabled?: boolean;
}

const factorsOf = async (verb: Verb, inum: string): Promise<readonly Factor[]> =>
  (await verb.call("get-user-authenticators", { values: { inum } })).body as readonly Factor[];

const named = ({ label, left }: Factor): string => label ?? (left === undefined ? "" : `${left} left`);

const stateOf = ({ pausedUntil, disabled }: Factor): string =>
  disabled === true ? "disabled" : pausedUntil === undefined ? "" : `paused until ${pausedUntil}`;

export const list = (name: string, options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const factors = await factorsOf(verb, (await findPerson(verb, name)).inum);
    if (options.json === true) return printJson(factors, true);
    printTable(
      ["ID", "KIND", "NAME", "SINCE", "BY", "STATE"],
      factors.map((one) => [one.id, one.kind, named(one), one.boundAt, one.boundBy, stateOf(one)]),
    );
  });

export const remove = (
  name: string,
  which: string,
  options: ConnectionOptions & { reason: string },
): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    const meant = (await factorsOf(verb, inum)).filter(({ id, kind }) => id === which || kind === which);
    const [factor] = meant;
    if (factor === undefined)
      throw new Failure({ kind: "refused", status: 404, text: `${name} has no such factor.` });
    if (meant.length > 1)
      misused(
        `${name} has several: ${meant.map((one) => `${one.id} (${named(one)})`).join(", ")}; say which.`,
      );
    await verb.call("delete-user-authenticator", {
      values: { inum, id: factor.id },
      query: { reason: options.reason },
    });
    print(`${name} no longer has the factor ${factor.kind}; every session of theirs has ended.`);
  });
