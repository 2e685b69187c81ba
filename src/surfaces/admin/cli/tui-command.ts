/** `sallyport tui`: the console of an administrator. What draws it is handed in by main, and loaded when it runs. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";
import type { StartConsole } from "./tui.ts";

export function registerTui(program: Command, start: () => Promise<StartConsole>): void {
  withConnection(program.command("tui"))
    .description(
      "the console: people, acrs, clients, sessions, audit, settings and logs of a server, by keyboard",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport tui\n  sallyport tui --host login.example.org\n\nIn it, ? says what every key does. NO_COLOR is respected; $VISUAL or $EDITOR is the editor.",
    )
    .action(async (options) => (await import("./tui.ts")).openConsole(options, start));
}
