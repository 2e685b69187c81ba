/** `sallyport user factor …`: everything a person signs in with beside the password. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./factor.ts");

export function registerFactor(user: Command): void {
  const factor = user.command("factor").description("phones, apps, passkeys and recovery codes of a person");
  withConnection(factor.command("list <name>"))
    .description("what a person signs in with beside the password")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport user factor list ada")
    .action(async (name: string, options) => (await verbs()).list(name, options));
  withConnection(factor.command("remove <name> <factor>"))
    .description(
      "remove one, by its id, or by its kind where there is one of it; every session of the person ends",
    )
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user factor remove ada passkey --reason "laptop stolen"')
    .action(async (name: string, which: string, options) => (await verbs()).remove(name, which, options));
}
