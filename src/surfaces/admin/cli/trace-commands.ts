/** `sallyport trace`: what happened in a login. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

export function registerTrace(program: Command): void {
  withConnection(program.command("trace"))
    .description("what happened in a login, from the password to the tokens")
    .argument("[login]", "its id: the reference on the person's page, or in a list of --user")
    .option("--user <name>", "list the latest logins of this person instead")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport trace --user ada\n  sallyport trace P8PfsPco0b3GehpKJ_avDVqfyD0RPb9G8-q_zX1BQ1i",
    )
    .action(async (login: string | undefined, options) => (await import("./trace.ts")).trace(login, options));
}
