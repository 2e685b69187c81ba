/** What `sallyport config explain` and `config dry-run` ask the server, and how it is read at eighty columns. */

import { readSettings, refused } from "./config.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, misused, print, printJson, printTable, tell } from "./screen.ts";
import { openVerb, shownAs } from "./verb.ts";

interface Explanation {
  readonly outcome: "asked" | "refused" | "waits";
  readonly acr?: string;
  readonly level?: number;
  readonly steps: readonly { readonly factor: string; readonly act: string }[];
  readonly reasons: readonly {
    readonly level: string;
    readonly check: string;
    readonly message: string;
    readonly remedy?: string;
  }[];
}

const COLUMNS = 80;
const MARGIN = 10;
const MARKS: Readonly<Record<string, string>> = { error: "STOPS", warning: "note", skipped: "unknown" };

export interface ExplainOptions extends ConnectionOptions {
  readonly client: string;
  readonly user?: string;
  readonly acr?: string;
  readonly ip?: string;
  readonly knownBrowser?: boolean;
  readonly json?: boolean;
}

export const explain = (options: ExplainOptions): Promise<void> =>
  act(async () => {
    const { client, user, acr, ip, knownBrowser, json } = options;
    const verb = await openVerb(options);
    const query = Object.fromEntries(
      Object.entries({ client, user, acr, ip, browser: knownBrowser === true ? "known" : "new" }).flatMap(
        ([name, value]) => (value === undefined ? [] : [[name, value] as const]),
      ),
    );
    const { body } = await verb.call("get-config-explain", { query });
    return json === true ? printJson(body, true) : print(explanationText(body as Explanation));
  });

/** The explanation as lines of at most eighty columns. */
export function explanationText({ outcome, acr, level, steps, reasons }: Explanation): string {
  const asked = steps.map(({ factor, act: how }) =>
    how === "enrol" ? `a new ${factor} authenticator` : factor,
  );
  const head = {
    asked: `Asked: ${asked.join(", then ")}.`,
    waits: "Not now: something has to be over first.",
    refused: "Refused.",
  }[outcome];
  return [
    head,
    ...(acr === undefined ? [] : [`acr ${acr}, level ${level}`]),
    "",
    ...reasons.flatMap(({ level: how, check, message, remedy }) => [
      ...folded(check.padEnd(MARGIN), `${MARKS[how] === undefined ? "" : `${MARKS[how]}: `}${message}`),
      ...(remedy === undefined ? [] : folded(`${"".padEnd(MARGIN)}-> `, remedy)),
    ]),
  ].join("\n");
}

function folded(first: string, text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(`${first}${word}`);
    else if (last.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${"".padEnd(first.length)}${word}`);
  }
  return lines;
}

interface Page {
  readonly from: string;
  readonly looked: number;
  readonly same: number;
  readonly assumed: number;
  readonly groups: readonly Group[];
  readonly faults?: readonly { readonly path: string; readonly message: string }[];
  readonly next?: string;
}
interface Group {
  readonly client: string;
  readonly was: string;
  readonly now?: string;
  readonly kind: string;
  readonly why: string;
  count: number;
}

/** Pages of 200 that are asked for at most. */
const MOST_PAGES = 500;

export const dryRun = (
  file: string,
  options: ConnectionOptions & { hours: string; json?: boolean },
): Promise<void> =>
  act(async () => {
    if (!/^\d{1,3}$/.test(options.hours) || Number(options.hours) < 1 || Number(options.hours) > 168)
      misused("--hours takes a whole number from 1 to 168.");
    const { revision: _read, ...settings } = await readSettings(file);
    const verb = await openVerb(options);
    const sum = { looked: 0, same: 0, assumed: 0 };
    const groups = new Map<string, Group>();
    let from = "";
    let cursor: string | undefined;
    let pages = 0;
    do {
      const query = { hours: options.hours, ...(cursor === undefined ? {} : { cursor }) };
      const page = (await verb.call("post-config-settings-dry-run", { body: settings, query })).body as Page;
      if (page.faults !== undefined) refused(file, page.faults);
      from = page.from;
      for (const name of ["looked", "same", "assumed"] as const) sum[name] += page[name];
      for (const group of page.groups) add(groups, group);
      cursor = page.next;
      pages += 1;
    } while (cursor !== undefined && pages < MOST_PAGES);
    const all = [...groups.values()].sort((one, other) => other.count - one.count);
    const complete = cursor === undefined;
    if (options.json === true) return printJson({ from, ...sum, complete, groups: all }, true);
    const told = (kinds: readonly string[]) =>
      all.filter(({ kind }) => kinds.includes(kind)).reduce((total, { count }) => total + count, 0);
    print(
      `Of ${sum.looked} sign-ins and new phones since ${from}, ${told(["more", "less", "other"])} would have been asked otherwise and ${told(["refused"])} refused.`,
    );
    if (all.length > 0)
      printTable(
        ["COUNT", "CLIENT", "WAS", "WOULD BE", "WHY"],
        all.map(({ count, client, was, now, kind, why }) => [
          String(count),
          client,
          was,
          now ?? kind,
          shownAs(why),
        ]),
      );
    if (sum.assumed > 0)
      tell(
        `Of ${sum.assumed} it is not known what they asked for; they were taken to ask for what they reached.`,
      );
    if (!complete) tell("There are more; the newest were looked at.");
  });

function add(groups: Map<string, Group>, group: Group): void {
  const key = JSON.stringify([group.client, group.was, group.now, group.kind, group.why]);
  const known = groups.get(key);
  if (known === undefined) groups.set(key, { ...group });
  else known.count += group.count;
}
