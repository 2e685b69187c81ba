/** `sallyport script …`: the properties of a script, for whoever would not edit its JSON. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./script.ts");

export function registerScript(program: Command): void {
  const script = program.command("script").description("scripts and their properties");
  withConnection(script.command("get <name>"))
    .description("a script's state and properties; a secret only says whether it is set")
    .option("--json", "the whole script as JSON, as put-config-scripts takes it")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport script get twilio_sms\n  sallyport script get twilio_sms --json",
    )
    .action(async (name: string, options) => (await verbs()).get(name, options));
  withConnection(script.command("set <name> <property=value...>"))
    .description("change properties; a secret comes from standard input (=-) or a file (=@FILE)")
    .addHelpText(
      "after",
      `
Examples:
  sallyport script set twilio_sms from_number=+12025550100
  sallyport script set twilio_sms twilio_sid=AC… twilio_token=@twilio-token
  pass show twilio | sallyport script set twilio_sms twilio_token=-
  sallyport script set twilio_sms messaging_service_sid=      (takes it away)`,
    )
    .action(async (name: string, assignments: string[], options) =>
      (await verbs()).set(name, assignments, options),
    );
}
