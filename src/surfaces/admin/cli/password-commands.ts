/** `sallyport user password` and `password-ticket`: a new password for somebody, and the way to one. */
import type { Command } from "commander";
import type { HostActs, NewPassword, Said } from "./host-acts.ts";

const verbs = () => import("./password.ts");

/** `onHost` gives a command its `--config FILE`. */
export function registerPassword(
  user: Command,
  onHost: (command: Command) => Command,
  host: () => Promise<HostActs>,
  tell: (said: Said) => void,
): void {
  onHost(user.command("password <name>"))
    .description("set a password that has to be changed at the next sign-in; it comes on standard input")
    .option("--temporary", "make one, print it once; it is good for 72 hours")
    .option("--must-change", "leave the password as it is, and have it changed at the next sign-in")
    .option("--final", "the password need not be changed")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText(
      "after",
      '\nExamples:\n  sallyport user password ada --temporary --reason "new colleague"\n  sallyport user password ada --must-change --reason "was written on a note"\n  sallyport user password ada --config sallyport.yaml --reason "server is down" < password.txt',
    )
    .action(async (name: string, options) => {
      if (options.config === undefined) return (await verbs()).set(name, options);
      const { temporary, mustChange, final, config, reason } = options;
      if ([temporary, mustChange, final].filter(Boolean).length > 1)
        return tell({ ok: false, text: "Say one of --temporary, --must-change and --final." });
      tell(
        await (await host()).setPassword(config, name, await wantedOf(temporary, mustChange, final), reason),
      );
    });
  onHost(user.command("password-ticket <name>"))
    .description("a ticket with which a person, and the second factor they have, set a new password, once")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user password-ticket ada --reason "seen in person"')
    .action(async (name: string, options) => {
      if (options.config === undefined) return (await verbs()).ticket(name, options);
      tell(await (await host()).passwordTicket(options.config, name, options.reason));
    });
}

async function wantedOf(temporary: boolean, mustChange: boolean, final: boolean): Promise<NewPassword> {
  if (temporary) return { how: "temporary" };
  if (mustChange) return { how: "must-change" };
  const password = await (await import("../client/input.ts")).inputLine();
  return { how: final ? "final" : "typed", password };
}
