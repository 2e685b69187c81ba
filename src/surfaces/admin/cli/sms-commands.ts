/** `sallyport sms stop` and `go`: the emergency switch for every text, asked of the server; host/sms.ts adds the rest. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./sms.ts");

export function registerSwitch(program: Command): void {
  const sms = program.command("sms").description("texts: stop them all, what they cost, who may have them");
  withConnection(sms.command("stop"))
    .description("stop every text and call of every node; everything else in the settings stays as it is")
    .addHelpText("after", "\nExample:\n  sallyport sms stop")
    .action(async (options) => (await verbs()).turn(true, options));
  withConnection(sms.command("go"))
    .description("let texts go out again, with the limits there were")
    .addHelpText("after", "\nExample:\n  sallyport sms go")
    .action(async (options) => (await verbs()).turn(false, options));
}
