/** `sallyport script …`: the properties of a script, for whoever would not edit its JSON. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./script.ts");

export function registerScript(program: Command): void {
  const script = program.command("script").description("scripts and their properties");
  withConnection(script.command("get <name>"))
    .description("a script's state and properties; a secret only says whether it is set")
    .option("--json", "the whole script as JSON, as put-config-scripts takes it")
    .option("--source", "the script's text alone")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport script get twilio_sms\n  sallyport script get twilio_sms --json\n  sallyport script get twilio_sms --source > twilio-sms.ts",
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
  const files = () => import("./script-files.ts");
  const pushing = () => import("./script-push.ts");
  script
    .command("new <file>")
    .description("write a script to begin with")
    .option("--factor", "with a factor of one's own")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport script new evening.ts\n  sallyport script new --factor badge.ts",
    )
    .action(async (file: string, options) => (await files()).create(file, options));
  script
    .command("check <file>")
    .description("whether the server would take a script; needs no server")
    .option("--watch", "again at each save")
    .addHelpText("after", "\nExample:\n  sallyport script check evening.ts --watch")
    .action(async (file: string, options) => (await files()).check(file, options));
  script
    .command("test <file>")
    .description("try what every script promises; needs no server")
    .option("--watch", "again at each save")
    .addHelpText("after", "\nExample:\n  sallyport script test evening.ts")
    .action(async (file: string, options) => (await files()).test(file, options));
  withConnection(script.command("push <file>"))
    .description("give a script to the server, which takes it as a new revision or says why not")
    .option("--name <acr>", "its acr; without it the file's name")
    .option("--level <number>", "its level")
    .option("--enable", "and let people sign in by it")
    .option("--watch", "again at each save")
    .addHelpText(
      "after",
      `
Examples:
  sallyport script push evening.ts --level 45 --enable
  sallyport script push mine.ts --name twilio_sms`,
    )
    .action(async (file: string, options) => (await pushing()).push(file, options));
  withConnection(script.command("reset <name>"))
    .description("a built-in script as it came")
    .addHelpText("after", "\nExample:\n  sallyport script reset twilio_sms")
    .action(async (name: string, options) => (await pushing()).reset(name, options));
}
