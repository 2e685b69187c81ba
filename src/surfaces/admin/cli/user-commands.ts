/**
 * `sallyport user …`. With `--config FILE` a command acts on this host, in the store itself, for whoever owns its data
 * folder; without it the server is asked, and what the administrator may do there counts.
 */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";
import { registerDevice } from "./device-commands.ts";
import { registerFactor } from "./factor-commands.ts";
import type { HostActs, Said } from "./host-acts.ts";
import { registerPassword } from "./password-commands.ts";
import { registerPhone } from "./phone-commands.ts";

const verbs = () => import("./user.ts");

export function registerUser(
  program: Command,
  host: () => Promise<HostActs>,
  tell: (said: Said) => void,
): void {
  const user = program.command("user").description("people");
  const onHost = (command: Command) =>
    withConnection(command.option("--config <file>", "sallyport.yaml: act on this host, without a server"));

  withConnection(user.command("list"))
    .description("people, or those whose username, name or mail holds a word")
    .argument("[word]")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  sallyport user list\n  sallyport user list ada --json")
    .action(async (word: string | undefined, options) => (await verbs()).list(word, options));

  withConnection(user.command("show <name>"))
    .description("a person: names, status, roles and phones")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport user show ada")
    .action(async (name: string, options) => (await verbs()).show(name, options));

  onHost(user.command("add <name>"))
    .description("add a person; the password comes on standard input")
    .option("--given-name <text>")
    .option("--family-name <text>")
    .option("--email <address>")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport user add ada --email ada@example.org < password.txt\n  sallyport user add ada --config sallyport.yaml < password.txt",
    )
    .action(async (name: string, options) => {
      if (options.config === undefined) return (await verbs()).add(name, options);
      const claims: Record<string, string> = {};
      if (options.givenName !== undefined) claims.given_name = options.givenName;
      if (options.familyName !== undefined) claims.family_name = options.familyName;
      if (options.email !== undefined) claims.email = options.email;
      const password = await (await import("../client/input.ts")).inputLine();
      tell(await (await host()).addUser(options.config, name, password, claims));
    });

  for (const [verb, what, act] of [
    ["enrolment", "let a person bind a first phone, or one after it was removed", "openEnrolment"],
    ["reset-phone", "remove a person's phones and wrong codes, and let a new phone be bound", "resetPhone"],
  ] as const) {
    const command = onHost(user.command(`${verb} <name>`));
    if (verb === "enrolment")
      command.option("--factor <kind>", "totp, passkey or recovery-code, for whoever has no factor left");
    command
      .description(`${what}, within 24 hours`)
      .option("--window", "at the next sign-in, whoever knows the password")
      .option("--ticket", "for whoever holds the ticket that is printed")
      .requiredOption("--reason <text>", "goes into the audit")
      .addHelpText(
        "after",
        `\nExample:\n  sallyport user ${verb} ada --ticket --reason "lost phone, seen in person"`,
      )
      .action(async (name: string, options) => {
        if ((options.window === true) === (options.ticket === true))
          return tell({ ok: false, text: "Say either --window or --ticket." });
        if (options.factor !== undefined && options.config !== undefined)
          return tell({
            ok: false,
            text: "--factor asks a server; on this host ways open for phones alone.",
          });
        const by = options.ticket === true ? "ticket" : "window";
        if (options.config === undefined) return (await verbs())[act](name, by, options);
        tell(await (await host())[act](options.config, name, by, options.reason));
      });
  }

  for (const [verb, status] of [
    ["disable", "disabled"],
    ["enable", "active"],
  ] as const) {
    onHost(user.command(`${verb} <name>`))
      .description(`${verb} a person`)
      .addHelpText("after", `\nExample:\n  sallyport user ${verb} ada`)
      .action(async (name: string, options) => {
        if (options.config === undefined) return (await verbs()).setStatus(name, status, options);
        tell(await (await host()).setStatus(options.config, name, status));
      });
  }

  withConnection(user.command("remove <name>"))
    .description("remove a person for good, with phones, sessions and tokens")
    .requiredOption("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user remove ada --reason "has left"')
    .action(async (name: string, options) => (await verbs()).remove(name, options));

  onHost(user.command("erase <name>"))
    .description("erase a person: everything kept about them, and of the audit what names them")
    .option("--id", "<name> is the id of somebody who was removed before")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport user erase ada\n  sallyport user erase --id 0ce30920-a7d4-4c20-9f42-b54fed6fa423",
    )
    .action(async (name: string, options) => {
      if (options.config === undefined) return (await verbs()).erase(name, options);
      tell(await (await host()).eraseUser(options.config, name, options.id === true));
    });

  withConnection(user.command("roles <name>"))
    .description("show what an administrator is, or make them that: admin, helpdesk, auditor")
    .argument("[role...]")
    .option("--none", "take all roles away")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport user roles grace\n  sallyport user roles grace helpdesk auditor\n  sallyport user roles grace --none",
    )
    .action(async (name: string, roles: string[], options) => (await verbs()).roles(name, roles, options));

  registerPassword(user, onHost, host, tell);
  registerPhone(user);
  registerFactor(user);
  registerDevice(user);
}
