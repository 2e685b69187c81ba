/** `sallyport config …`: the settings as one file, to be kept under version control and applied again. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./config.ts");
const past = () => import("./config-history.ts");
const explains = () => import("./config-explain.ts");

const SECRETS = `
A secret is null in an exported file and stays as it is when the file is applied. To set one, write a text, or where it
is found: { file: PATH } (beside the file) or { env: NAME }.`;

const PARTS = `
A part that the file names (brand, sending, helpDesk, ...) becomes all of that part: what it leaves out of it goes back to
what is shipped. Parts that it does not name stay. config diff says beforehand what would differ.`;

export function registerConfig(program: Command): void {
  const config = program.command("config").description("the settings as one file");
  withConnection(config.command("export"))
    .description("print the settings as YAML, without secrets")
    .option("--json", "as JSON")
    .addHelpText("after", `\nExample:\n  sallyport config export > settings.yaml\n${SECRETS}`)
    .action(async (options) => (await verbs()).exportSettings(options));
  withConnection(config.command("diff"))
    .description("what applying a file would change, and why it would be refused; or what a revision changed")
    .argument("[file]", "a file, or - for standard input")
    .option("--revision <n>", "instead of a file: what this revision changed")
    .option("--from <n>", "compare the revision with this one, not with the one before it")
    .option("--exit-code", "end with 1 when something differs")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport config diff settings.yaml\n  sallyport config diff --revision 12\n  sallyport config diff --revision 12 --from 7",
    )
    .action(async (file: string | undefined, options) =>
      file === undefined || options.revision !== undefined || options.from !== undefined
        ? (await past()).diffRevision(file, options)
        : (await verbs()).diff(file, options),
    );
  withConnection(config.command("apply <file>"))
    .description("make the settings what a file says, whole or not at all; a second time it changes nothing")
    .addHelpText("after", `\nExample:\n  sallyport config apply settings.yaml\n${PARTS}\n${SECRETS}`)
    .action(async (file: string, options) => (await verbs()).apply(file, options));
  withConnection(config.command("history"))
    .description("who has changed the settings, when and what, newest first")
    .option("--limit <n>", "revisions at most", "50")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport config history --limit 10")
    .action(async (options) => (await past()).history(options));
  withConnection(config.command("rollback <revision>"))
    .description("make the settings what they were at a revision, secrets included; this is a new revision")
    .option("--dry-run", "say what would change and why it would be refused, and change nothing")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport config rollback 11 --dry-run\n  sallyport config rollback 11",
    )
    .action(async (revision: string, options) => (await past()).rollback(revision, options));
  withConnection(config.command("explain"))
    .description("what would be asked of a sign-in now, and why; changes nothing and sends nothing")
    .requiredOption("--client <id>", "the application")
    .option("--user <name>", "who signs in")
    .option("--acr <values>", "acr_values of the request")
    .option("--ip <address>", "where from; without it no limit of an address is looked at")
    .option("--known-browser", "in a browser in which this person has signed in before")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport config explain --user ada --client intranet --ip 203.0.113.7",
    )
    .action(async (options) => (await explains()).explain(options));
  withConnection(config.command("dry-run <file>"))
    .description("what a file would have done to the last day's sign-ins: asked otherwise, or refused")
    .option("--hours <hours>", "how far back, at most 168", "24")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport config dry-run new-settings.yaml")
    .action(async (file: string, options) => (await explains()).dryRun(file, options));
}
