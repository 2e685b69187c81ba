/** `sallyport session …` and `sallyport audit`: who is signed in, and what was done. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";
import type { HostActs, Said } from "./host-acts.ts";

const verbs = () => import("./session.ts");

export function registerSessions(program: Command): void {
  const session = program.command("session").description("who is signed in, and where");
  withConnection(session.command("list"))
    .description("sessions, or those of one person")
    .option("--user <name>", "of this person")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  sallyport session list\n  sallyport session list --user ada")
    .action(async (options) => (await verbs()).list(options));
  withConnection(session.command("end"))
    .description("end a session, or all of a person")
    .argument("[id]", "as session list shows it")
    .option("--user <name>", "all of this person's")
    .option("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport session end --user ada --reason "laptop stolen"')
    .action(async (id: string | undefined, options) => (await verbs()).end(id, options));
}

export function registerAudit(
  program: Command,
  host: () => Promise<HostActs>,
  tell: (said: Said) => void,
): void {
  const audit = program.command("audit");
  audit
    .command("verify")
    .description("on this host: look whether every event of the audit is there as it was written")
    .requiredOption("--config <file>", "sallyport.yaml")
    .option("--from <seal>", "begin after this seal, as an earlier run named it")
    .action(async ({ config, from }: { config: string; from?: string }) =>
      tell(await (await host()).verifyAudit(config, from)),
    );
  // What stands behind `verify` is for verify: both know a --from.
  withConnection(audit.enablePositionalOptions())
    .description("what was done, newest first")
    .option("--limit <n>", "entries at most", "50")
    .option("--kind <kind,…>", "of these kinds, such as user-added")
    .option("--user <name>", "about this person")
    .option("--login <id>", "in this login")
    .option("--by <who>", "done by: an administrator's username, client …, host")
    .option("--client <id>", "at this client")
    .option("--from <time>", "not before, such as 2027-01-31T00:00:00Z")
    .option("--to <time>", "before")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport audit --user ada\n  sallyport audit --kind settings-changed --from 2027-01-31T00:00:00Z --json",
    )
    .action(async (options) => (await import("./audit.ts")).showAudit(options));
}
