/** `sallyport user phone …`: phones that codes go to. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./phone.ts");

export function registerPhone(user: Command): void {
  const phone = user.command("phone").description("phones that codes go to");
  withConnection(phone.command("list <name>"))
    .description("the phones of a person, masked")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport user phone list ada")
    .action(async (name: string, options) => (await verbs()).list(name, options));
  withConnection(phone.command("add <name> <number>"))
    .description("add a phone that you have verified yourself")
    .requiredOption("--verified", "you answer for whose phone it is")
    .requiredOption("--reason <text>", "how you know; goes into the audit")
    .option("--country <code>", "ISO 3166-1, where the number is written without +")
    .addHelpText(
      "after",
      '\nExample:\n  sallyport user phone add ada +447400123456 --verified --reason "seen in person, badge 4711"',
    )
    .action(async (name: string, number: string, options) => (await verbs()).add(name, number, options));
  withConnection(phone.command("remove <name>"))
    .description("remove a phone; every session of the person ends")
    .argument("[phone]", "its id or last digits, where there are several")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user phone remove ada --reason "stolen"')
    .action(async (name: string, which: string | undefined, options) =>
      (await verbs()).remove(name, which, options),
    );
}
