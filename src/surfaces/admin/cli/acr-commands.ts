/** `sallyport acr …`: which ways of signing in there are, and which a request gets that asks for none. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./acr.ts");

export function registerAcr(program: Command): void {
  const acr = program
    .command("acr")
    .description("ways of signing in: list, enable, disable, choose the default");
  withConnection(acr.command("list"))
    .description("every acr with its level, whether it is enabled, and the default")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport acr list")
    .action(async (options) => (await verbs()).list(options));
  withConnection(acr.command("enable <acr>"))
    .description("enable an acr; its script's properties have to be right")
    .addHelpText("after", "\nExample:\n  sallyport acr enable twilio_sms")
    .action(async (name: string, options) => (await verbs()).enable(name, options));
  withConnection(acr.command("disable <acr>"))
    .description("disable an acr")
    .option("--default <acr>", "the new default, where the default is disabled")
    .addHelpText("after", "\nExample:\n  sallyport acr disable simple_password_auth --default twilio_sms")
    .action(async (name: string, options) => (await verbs()).disable(name, options));
  withConnection(acr.command("default <acr>"))
    .description("choose the acr for requests that ask for none")
    .addHelpText("after", "\nExample:\n  sallyport acr default twilio_sms")
    .action(async (name: string, options) => (await verbs()).setDefault(name, options));
}
