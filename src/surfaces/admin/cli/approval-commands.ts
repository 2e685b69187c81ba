/** `sallyport approval …`: acts that wait for a second administrator. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./approval.ts");

export function registerApproval(program: Command): void {
  const approval = program.command("approval").description("acts that wait for a second administrator");
  withConnection(approval.command("list"))
    .description("what waits, and what became of those of the last hours")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport approval list")
    .action(async (options) => (await verbs()).list(options));
  withConnection(approval.command("approve <id>"))
    .description("approve an act of somebody else's, which is carried out at once")
    .addHelpText("after", "\nExample:\n  sallyport approval approve p3Xq0LJm5c1nQ0Yc3rJ8Fw")
    .action(async (id: string, options) => (await verbs()).approve(id, options));
  withConnection(approval.command("decline <id>"))
    .description("decline an act, or take back what you have asked for")
    .option("--reason <text>", "goes into the audit")
    .addHelpText(
      "after",
      '\nExample:\n  sallyport approval decline p3Xq0LJm5c1nQ0Yc3rJ8Fw --reason "not seen"',
    )
    .action(async (id: string, options) => (await verbs()).decline(id, options));
  withConnection(approval.command("ticket <id>"))
    .description("print the ticket of an approved act that you have asked for; once")
    .addHelpText("after", "\nExample:\n  sallyport approval ticket p3Xq0LJm5c1nQ0Yc3rJ8Fw")
    .action(async (id: string, options) => (await verbs()).ticket(id, options));
}
