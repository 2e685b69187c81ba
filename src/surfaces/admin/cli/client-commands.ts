/** `sallyport client …`: applications and machines that may use this server. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./client.ts");
const each = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export function registerClient(program: Command): void {
  const client = program.command("client").description("applications and machines");
  withConnection(client.command("list"))
    .description("every client")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport client list")
    .action(async (options) => (await verbs()).list(options));
  withConnection(client.command("show <id>"))
    .description("a client, as JSON; its secret is never shown")
    .addHelpText("after", "\nExample:\n  sallyport client show shop")
    .action(async (id: string, options) => (await verbs()).show(id, options));
  withConnection(client.command("add <id>"))
    .description("add an application, or with --machine a program that has no people")
    .option("--name <text>", "what people see on the consent page")
    .option("--redirect-uri <uri>", "where people come back to; may be given several times", each)
    .option("--post-logout-redirect-uri <uri>", "where they come back to after signing out", each)
    .option("--secret-file <file>", "the client's secret; a file that is not there yet is made, mode 600")
    .option("--public", "it has no secret: an application in a browser or on a phone")
    .option("--machine", "it signs in as itself (client_credentials)")
    .option("--scope <scope>", "what it may ask for; may be given several times", each)
    .option("--acr <acr>", "how people sign in to it when it does not say; may be given several times", each)
    .option("--trusted", "no consent page")
    .addHelpText(
      "after",
      `
Examples:
  sallyport client add shop --redirect-uri https://shop.example.org/callback --secret-file shop-secret
  sallyport client add spa --public --redirect-uri https://app.example.org/callback --acr twilio_sms
  sallyport client add reports --machine --secret-file reports-secret --scope https://jans.io/oauth/config/user.readonly`,
    )
    .action(async (id: string, options) => (await verbs()).add(id, options));
  withConnection(client.command("remove <id>"))
    .description("remove a client; its tokens end")
    .addHelpText("after", "\nExample:\n  sallyport client remove shop")
    .action(async (id: string, options) => (await verbs()).remove(id, options));
}
