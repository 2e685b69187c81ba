/** What `sallyport audit` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, misused, printJson, printTable } from "./screen.ts";
import { openVerb, shownAs } from "./verb.ts";

interface AuditOptions extends ConnectionOptions {
  readonly limit: string;
  readonly kind?: string;
  readonly user?: string;
  readonly login?: string;
  readonly by?: string;
  readonly client?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

export const showAudit = (options: AuditOptions): Promise<void> =>
  act(async () => {
    const { kind, user, login, by, client, from, to } = options;
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1)
      misused(`--limit must be a number from 1, not ${options.limit}.`);
    const verb = await openVerb(options);
    const subject = user === undefined ? undefined : (await findPerson(verb, user)).inum;
    const given = Object.entries({ kind, subject, login, by, client, from, to });
    const query = Object.fromEntries(
      given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const entries = (await verb.all("get-audit", { query }, limit)).slice(0, limit);
    if (options.json === true) return printJson(entries, true);
    printTable(
      ["AT", "KIND", "ABOUT", "LOGIN", "CLIENT", "FROM", "FACTS"],
      entries.map((one) => [
        shownAs(one.at),
        shownAs(one.kind),
        shownAs(one.subject),
        shownAs(one.login),
        shownAs(one.client),
        shownAs(one.address),
        Object.entries(one.facts ?? {})
          .map(([name, value]) => `${name}=${shownAs(value)}`)
          .join(" "),
      ]),
    );
  });
