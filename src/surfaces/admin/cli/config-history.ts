/** What `sallyport config history`, `diff --revision` and `rollback` ask the server. */
import process from "node:process";
import { type Applied, differenceLines, type SettingsDifference } from "../client/settings-differences.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, Failure, misused, print, printJson, printTable, tell } from "./screen.ts";
import { openVerb, shownAs } from "./verb.ts";

/** The number of a revision as it is written in a path. */
function numberOf(given: string, option: string): string {
  if (!/^[1-9]\d{0,8}$/.test(given))
    misused(`${option} must be the number of a revision, as sallyport config history lists them.`);
  return given;
}

export const history = (options: ConnectionOptions & { limit: string; json?: boolean }): Promise<void> =>
  act(async () => {
    const most = Number(numberOf(options.limit, "--limit"));
    const verb = await openVerb(options);
    const rows = (await verb.all("get-config-settings-history", {}, most)).slice(0, most);
    if (options.json === true) return printJson(rows, true);
    printTable(
      ["REVISION", "AT", "BY", "WHAT"],
      rows.map(({ revision, at, by, what }) => [shownAs(revision), shownAs(at), shownAs(by), shownAs(what)]),
    );
  });

interface DiffOptions extends ConnectionOptions {
  readonly revision?: string;
  readonly from?: string;
  readonly exitCode?: boolean;
}

export const diffRevision = (file: string | undefined, options: DiffOptions): Promise<void> =>
  act(async () => {
    if (file !== undefined) misused("Compare a file or a --revision, not both.");
    if (options.revision === undefined) misused("Say a FILE or --revision N.");
    const revision = numberOf(options.revision ?? "", "--revision");
    const query: Record<string, string> =
      options.from === undefined ? {} : { from: numberOf(options.from, "--from") };
    const verb = await openVerb(options);
    const { body } = await verb.call("get-config-settings-differences", { values: { revision }, query });
    const { from, differences } = body as { from?: number; differences: readonly SettingsDifference[] };
    const other = from === undefined ? "nothing" : `revision ${from}`;
    if (differences.length === 0) return tell(`Revision ${revision} says what ${other} said.`);
    for (const line of differenceLines(differences)) print(line);
    if (options.exitCode === true) process.exitCode = 1;
  });

export const rollback = (given: string, options: ConnectionOptions & { dryRun?: boolean }): Promise<void> =>
  act(async () => {
    const revision = numberOf(given, "<revision>");
    const verb = await openVerb(options);
    const query: Record<string, string> = options.dryRun === true ? { dryRun: "true" } : {};
    const { body } = await verb.call("post-config-settings-rollback", { values: { revision }, query });
    const { revision: now, differences, faults = [] } = body as Applied;
    if (faults.length > 0)
      throw new Failure({
        kind: "refused",
        status: 400,
        text: faults.map(({ path, message }) => `revision ${revision}: ${path}: ${message}`).join("\n"),
      });
    if (differences.length === 0)
      return tell(`Nothing to change; the settings are what they were at revision ${revision}.`);
    for (const line of differenceLines(differences)) print(line);
    tell(
      options.dryRun === true
        ? "Nothing was changed; this is what would be."
        : `The settings are those of revision ${revision} again; this is revision ${now}.`,
    );
  });
