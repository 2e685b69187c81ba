/** Commands about administrators: the first one, by the token of the data folder, and the way back for one. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Directory } from "../../../core/directory.ts";
import type { Recovery } from "../../../core/recovery.ts";
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

/** Where a token may be sent to: TLS, or this machine. */
function addressOf(host: string): URL | undefined {
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `https://${host}`);
  const local = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  return url !== null && (url.protocol === "https:" || local) ? url : undefined;
}

export interface FirstAdministrator {
  readonly host: string;
  readonly tokenFile: string;
  readonly user: string;
  readonly mail?: string | undefined;
}

/** `sallyport admin bootstrap`: creates the first administrator over the API; the password comes on standard input. */
async function bootstrapAdministrator(
  { host, tokenFile, user, mail }: FirstAdministrator,
  password: string,
): Promise<Said> {
  const url = addressOf(host);
  if (url === undefined) return no(`${host} must be an https address; a token is sent to nothing else.`);
  if (password === "")
    return no("No password came on standard input; pipe it in: sallyport admin bootstrap … < password.txt");
  const token = readFileSync(tokenFile, "utf8").trim();
  const answer = await fetch(new URL("/jans-config-api/api/v1/bootstrap", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      token,
      userId: user,
      userPassword: password,
      ...(mail === undefined ? {} : { mail }),
    }),
    redirect: "error",
  }).catch((problem: unknown) => (problem instanceof Error ? problem : new Error("unknown")));
  if (answer instanceof Error) {
    const { cause } = answer;
    return no(`${url.origin} cannot be reached: ${cause instanceof Error ? cause.message : answer.message}`);
  }
  const json = (await answer.json().catch(() => ({}))) as {
    message?: string;
    description?: string;
    acrs?: readonly string[];
  };
  if (answer.status !== 201)
    return no(
      [json.message ?? `The server answered ${answer.status}`, json.description].filter(Boolean).join(": "),
    );
  const next =
    json.acrs?.length === 0
      ? "Enable an acr with a second factor next; within the hour, this token may do that."
      : "Sign in with a second factor next, which this first sign-in sets up.";
  return { ok: true, text: `${user} is an administrator. ${next}` };
}

/** What the commands do; compose and main give it, loaded when a command runs. */
export interface AdministratorActs {
  recover(config: string, name: string): Promise<Said>;
  standardInput(): Promise<string>;
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
    .addHelpText(
      "after",
      "\nExample:\n  sallyport admin bootstrap --host https://login.example.org --token-file data/bootstrap.token --user chief < password.txt",
    )
    .action(async (options: FirstAdministrator) =>
      tell(await bootstrapAdministrator(options, await (await acts()).standardInput())),
    );
  admin
    .command("recover <name>")
    .description("print a link by which an administrator sets a new password and adds a new phone")
    .requiredOption("--config <file>", "sallyport.yaml")
    .addHelpText("after", "\nExample:\n  sallyport admin recover chief --config sallyport.yaml")
    .action(async (name: string, { config }: { config: string }) =>
      tell(await (await acts()).recover(config, name)),
    );
}
