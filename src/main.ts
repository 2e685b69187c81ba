/**
 * The program: reads the command line, starts, stops, and says in one sentence what went wrong. It builds nothing
 * itself; compose does.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { Command } from "commander";
import { faultsOf } from "./compose/check.ts";
import { compose, type Running } from "./compose/compose.ts";
import { startDemo } from "./compose/demo.ts";
import { openParts } from "./compose/parts.ts";
import { readConfig } from "./config.ts";
import { Breakage } from "./core/errors.ts";
import { registerAdministrators } from "./surfaces/admin/host/administrators.ts";
import { verifyAudit } from "./surfaces/admin/host/audit.ts";
import { checkOverlay } from "./surfaces/admin/host/overlay.ts";
import { addUser, openEnrolment, resetPhone, type Said, setStatus } from "./surfaces/admin/host/people.ts";
import { registerSms } from "./surfaces/admin/host/sms.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

async function run(): Promise<void> {
  const program = new Command("sallyport")
    .description("An OpenID Connect server for two-step sign-in.")
    .version(version());
  program.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(text) });

  program
    .command("demo")
    .description("start a whole installation on loopback, with a phone simulator and people to sign in as")
    .action(async () => stopOnSignal(await startDemo(process.env, say, complain)));

  program
    .command("serve")
    .description("start the server")
    .requiredOption("--config <file>", "sallyport.yaml")
    .action(async ({ config }: { config: string }) => {
      const boot = readConfig(config, process.env, faultsOf);
      for (const warning of boot.warnings) complain(warning);
      const running = await compose(boot, { complain });
      say(`Sallyport answers as ${running.issuer}`);
      if (running.bootstrap !== undefined) say(running.bootstrap);
      stopOnSignal(running);
    });

  const user = program.command("user").description("people in the embedded directory");
  const withConfig = (command: Command) => command.requiredOption("--config <file>", "sallyport.yaml");

  withConfig(user.command("add <name>"))
    .description("add a person; the password comes on standard input")
    .option("--given-name <text>")
    .option("--family-name <text>")
    .option("--email <address>")
    .action(async (name: string, options: Record<string, string>) => {
      const claims: Record<string, string> = {};
      if (options.givenName !== undefined) claims.given_name = options.givenName;
      if (options.familyName !== undefined) claims.family_name = options.familyName;
      if (options.email !== undefined) claims.email = options.email;
      const password = await standardInput();
      await withParts(String(options.config), (parts) => addUser(parts, name, password, claims));
    });

  for (const [verb, what, act] of [
    ["enrolment", "let a person bind a first phone, or one after it was removed", openEnrolment],
    ["reset-phone", "remove a person's phones and wrong codes, and let a new phone be bound", resetPhone],
  ] as const) {
    withConfig(user.command(`${verb} <name>`))
      .description(`${what}, within 24 hours`)
      .option("--window", "at the next sign-in, whoever knows the password")
      .option("--ticket", "for whoever holds the ticket that is printed")
      .requiredOption("--reason <text>", "goes into the audit")
      .action(
        async (
          name: string,
          options: { config: string; window?: boolean; ticket?: boolean; reason: string },
        ) => {
          if ((options.window === true) === (options.ticket === true))
            throw new Breakage("configuration-invalid", "Say either --window or --ticket.");
          const by = options.ticket === true ? "ticket" : "window";
          await withParts(options.config, (parts) => act(parts, name, by, options.reason));
        },
      );
  }

  for (const [verb, status] of [
    ["disable", "disabled"],
    ["enable", "active"],
  ] as const) {
    withConfig(user.command(`${verb} <name>`))
      .description(`${verb} a person`)
      .action(async (name: string, { config }: { config: string }) =>
        withParts(config, (parts) => setStatus(parts, name, status)),
      );
  }

  withConfig(program.command("keys").description("keys of this installation").command("rotate <purpose>"))
    .description(
      "signing-rs256, signing-es256, cookie, code, seal or csrf; the old key stays valid for a while",
    )
    .action(async (purpose: string, { config }: { config: string }) =>
      withParts(config, async (parts) => parts.rotate(purpose)),
    );

  withConfig(program.command("audit").description("what has happened here").command("verify"))
    .description("look whether every event of the audit is there as it was written")
    .option("--from <seal>", "begin after this seal, as an earlier run named it")
    .action(async ({ config, from }: { config: string; from?: string }) =>
      withParts(config, async ({ auditSeals }) => verifyAudit(auditSeals, from)),
    );

  registerAdministrators(
    program,
    async () => ({ recover: (await import("./compose/recover.ts")).recover, standardInput }),
    tell,
  );

  program
    .command("pages")
    .description("templates, texts and styles of your own")
    .command("check <folder>")
    .description("look over a folder of own templates, texts and styles")
    .action(async (folder: string) => tell(await checkOverlay(folder)));

  registerSms(program, async () => (await import("./compose/sms-host.ts")).smsActs, tell);

  await program.parseAsync(process.argv);
}

async function withParts(
  config: string,
  act: (parts: Awaited<ReturnType<typeof openParts>>) => Promise<Said>,
): Promise<void> {
  const parts = await openParts(readConfig(config, process.env));
  try {
    tell(await act(parts));
  } finally {
    await parts.close();
  }
}

function tell(said: Said): void {
  if (said.ok) {
    say(said.text);
    return;
  }
  complain(said.text);
  process.exitCode = 1;
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) return "";
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

function stopOnSignal(running: Running): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal means it.
      if (stopping) process.exit(1);
      stopping = true;
      void running.close().finally(() => process.exit(0));
    });
  }
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
    .version;

run().catch((problem: unknown) => {
  if ((problem as { code?: string }).code?.startsWith("commander.") === true) {
    process.exitCode = (problem as { exitCode?: number }).exitCode ?? 1;
    return;
  }
  complain(sentence(problem));
  process.exit(1);
});

/** One sentence for what a person can mend; the stack for what only we can. */
function sentence(problem: unknown): string {
  if (problem instanceof Breakage) return problem.message;
  const { code, port, path } = problem as { code?: string; port?: number; path?: string };
  if (code === "EADDRINUSE")
    return `Port ${port} is in use; stop the program that listens there, or choose another port (PORT=8081 npm start, or listen in sallyport.yaml).`;
  if (code === "EACCES" && port !== undefined)
    return `Port ${port} may not be opened by this user; choose a port above 1023 or put a proxy in front.`;
  if (code === "EACCES" || code === "EROFS" || code === "EPERM")
    return `${path ?? "A file"} cannot be written (${code}); give this user the right to, or set SALLYPORT_DATA to another folder.`;
  return problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
}
