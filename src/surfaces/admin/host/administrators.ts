/** Commands about administrators: the first one, by the token of the data folder, and the way back for one. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Directory } from "../../../core/directory.ts";
import type { Recovery } from "../../../core/recovery.ts";
import type { FirstActs, FirstAdministrator } from "./first-administrator.ts";
import type { Said } from "./people.ts";

const no = (text: string): Said => ({ ok: false, text });

/**
 * Why this user may not open a way back: whoever can read the master key could do anything here anyway, and nobody else
 * is to. undefined: they own the data folder and what opens the store.
 */
export function ownerFault(data: string, uid: number | undefined): string | undefined {
  for (const path of [data, join(data, "master.key")]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined && path === data)
      return `There is no data folder ${data}; start the server once.`;
    if (found !== undefined && uid !== undefined && found.uid !== uid)
      return `${path} belongs to another user (${found.uid}); run this as that user.`;
  }
  return undefined;
}

/** `sallyport admin recover NAME`: prints a link, once good, for ten minutes. */
export async function recoverAdministrator(
  deps: {
    readonly directory: Directory;
    readonly recovery: Recovery;
    readonly config: { readonly issuer: URL };
    readonly settings: { document(): { readonly enrolment: string } };
  },
  name: string,
): Promise<Said> {
  const user = await deps.directory.find(name);
  if (user === undefined) return no(`There is no user ${name}.`);
  if (user.status !== "active" || !user.roles.includes("admin"))
    return no(`${name} is no active administrator; nothing was opened.`);
  if (deps.directory.write === undefined)
    return no("This directory is read-only; set the password where the people are kept.");
  const { token } = await deps.recovery.open(user);
  const link = `${deps.config.issuer.origin}/admin/recover/${token.reveal()}`;
  const off =
    deps.settings.document().enrolment === "off"
      ? "\nEnrolment is off in the settings, so no new phone can be added; turn it on as well."
      : "";
  return {
    ok: true,
    text: `Hand this link to ${name}; it works once, within 10 minutes, and the other administrators are told: ${link}${off}`,
  };
}

/** What the commands do; compose and main give it, loaded when a command runs. */
export interface AdministratorActs extends FirstActs {
  recover(config: string, name: string): Promise<Said>;
}

export function registerAdministrators(
  program: Command,
  acts: () => Promise<AdministratorActs>,
  tell: (said: Said) => void,
): void {
  const admin = program.command("admin").description("administrators: the first one, and a way back for one");
  admin
    .command("bootstrap")
    .description("create the first administrator; the password comes on standard input")
    .requiredOption("--host <url>", "the server, as its users reach it")
    .requiredOption("--token-file <file>", "bootstrap.token of the server's data folder")
    .requiredOption("--user <name>", "the username")
    .option("--mail <address>")
    .option("--ca <file>", "PEM of an authority to trust besides those of the system")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport admin bootstrap --host https://login.example.org --token-file data/bootstrap.token --user chief < password.txt",
    )
    .action(async (options: FirstAdministrator) => {
      const { bootstrapAdministrator } = await import("./first-administrator.ts");
      tell(await bootstrapAdministrator(options, await acts()));
    });
  admin
    .command("recover <name>")
    .description("print a link by which an administrator sets a new password and adds a new phone")
    .requiredOption("--config <file>", "sallyport.yaml")
    .addHelpText("after", "\nExample:\n  sallyport admin recover chief --config sallyport.yaml")
    .action(async (name: string, { config }: { config: string }) =>
      tell(await (await acts()).recover(config, name)),
    );
}
