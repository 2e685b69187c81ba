/** `sallyport user password` and `password-ticket`: a new password for somebody, and the way to one. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./password.ts");

export function registerPassword(user: Command): void {
  withConnection(user.command("password <name>"))
    .description("set a password that has to be changed at the next sign-in; it comes on standard input")
    .option("--temporary", "make one, print it once; it is good for 72 hours")
    .option("--must-change", "leave the password as it is, and have it changed at the next sign-in")
    .option("--final", "the password need not be changed")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText(
      "after",
      '\nExamples:\n  sallyport user password ada --temporary --reason "new colleague"\n  sallyport user password ada --must-change --reason "was written on a note"',
    )
    .action(async (name: string, options) => (await verbs()).set(name, options));
  withConnection(user.command("password-ticket <name>"))
    .description("a ticket with which a person, and the second factor they have, set a new password, once")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user password-ticket ada --reason "seen in person"')
    .action(async (name: string, options) => (await verbs()).ticket(name, options));
}
