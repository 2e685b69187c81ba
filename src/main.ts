/**
 * The program: reads the command line, starts, stops, and says in one sentence what went wrong. It builds nothing
 * itself; compose does, and each command loads only what it needs.
 */
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { Running } from "./compose/compose.ts";
import { whenLauncherEnds } from "./compose/launcher.ts";
import { Breakage } from "./core/errors.ts";
import { ownerAdvice } from "./core/folder-owner.ts";
import { registerAdmin, withTwoDashes } from "./surfaces/admin/cli/commands.ts";
import { registerTui } from "./surfaces/admin/cli/tui-command.ts";
import { sayUnknownFirst } from "./surfaces/admin/cli/unknown-option.ts";
import { registerAdministrators } from "./surfaces/admin/host/administrators.ts";
import { registerBulk } from "./surfaces/admin/host/bulk-commands.ts";
import { registerOwner } from "./surfaces/admin/host/commands.ts";
import { registerDoctor } from "./surfaces/admin/host/doctor.ts";
import type { Said } from "./surfaces/admin/host/people.ts";
import { registerSms } from "./surfaces/admin/host/sms.ts";
import { registerStore } from "./surfaces/admin/host/store-commands.ts";

// From the second start on nothing is compiled anew, which is a third of a start. Beside the program, where whoever can
// write can change the program itself; where that folder cannot be written there is none, and nothing else changes.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url)));

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);
/** The command line itself was wrong. */
const WRONG_USE = 2;

async function run(): Promise<void> {
  const program = new Command("sallyport")
    .description("An OpenID Connect server for two-step sign-in.")
    .version(version());
  program.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(text) });

  program
    .command("demo")
    .description("start a whole installation on loopback, with a phone simulator and people to sign in as")
    .action(async () => {
      const { startDemo } = await import("./compose/demo.ts");
      const lines: string[] = [];
      const running = await startDemo(process.env, (text) => lines.push(text), complain);
      // Before it says so: whoever waits for the lines may tell it to stop at once.
      stopOnSignal(running);
      for (const line of lines) say(line);
    });

  program
    .command("serve")
    .description("start the server")
    .requiredOption("--config <file>", "sallyport.yaml")
    .action(async ({ config }: { config: string }) => {
      const [{ readConfig }, { faultsOf }, { compose }, { alone }] = await Promise.all([
        import("./config.ts"),
        import("./compose/check.ts"),
        import("./compose/compose.ts"),
        import("./compose/one-server.ts"),
      ]);
      const boot = readConfig(config, process.env, faultsOf);
      for (const warning of boot.warnings) complain(warning);
      const running = await alone(boot, () => compose(boot, { complain }));
      // Before it says so: whoever waits for the line may tell it to stop at once.
      stopOnSignal(running);
      say(`Sallyport answers as ${running.issuer}`);
      if (running.bootstrap !== undefined) say(running.bootstrap);
    });

  const host = async () => (await import("./compose/host.ts")).hostActs;
  registerAdmin(program, host, tell);
  registerTui(program, async () => (await import("./surfaces/admin/tui/start.ts")).startConsole);
  registerOwner(program, host, tell);
  registerAdministrators(
    program,
    async () => {
      const [{ recover }, { inputLine }, { trustAlso }] = await Promise.all([
        import("./compose/recover.ts"),
        import("./surfaces/admin/client/input.ts"),
        import("./surfaces/admin/client/host.ts"),
      ]);
      return { recover, standardInput: inputLine, trust: (ca) => trustAlso(ca, complain) };
    },
    tell,
  );

  registerDoctor(
    program,
    async () => (await import("./compose/doctor/doctor.ts")).diagnose,
    (text, exitCode) => {
      say(text);
      process.exitCode = exitCode;
    },
  );
  registerBulk(program, async () => (await import("./compose/bulk-host.ts")).bulkActs(process.stderr), tell);
  registerSms(program, async () => (await import("./compose/sms-host.ts")).smsActs, tell);
  registerStore(program, async () => (await import("./compose/store-acts.ts")).storeActs, tell);

  sayUnknownFirst(program, process.argv);
  await program.parseAsync([...withTwoDashes(program, process.argv)]);
}

function tell(said: Said): void {
  if (said.ok) {
    say(said.text);
    return;
  }
  complain(said.text);
  process.exitCode = 1;
}

function stopOnSignal(running: Running): void {
  // Without a listener the signal would end the process.
  process.on("SIGHUP", () => void running.reload());
  let stopping = false;
  const stop = (): void => {
    stopping = true;
    void running.close().finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal means it.
      if (stopping) process.exit(1);
      stop();
    });
  }
  whenLauncherEnds(() => {
    if (!stopping) stop();
  });
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
    .version;

run().catch((problem: unknown) => {
  const { code = "", exitCode = 1 } = problem as { code?: string; exitCode?: number };
  if (code.startsWith("commander.")) {
    process.exitCode = exitCode === 0 ? 0 : WRONG_USE;
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
  if (path !== undefined && (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR"))
    return `${path} is ${code === "EISDIR" ? "a folder" : "not there"} (${code}); give the path of a file that is.`;
  if (code === "EACCES" || code === "EROFS" || code === "EPERM")
    return `${path ?? "A file"} cannot be used (${code}): ${(path && ownerAdvice(path)) ?? "give this user the right to, or name another folder (data: in sallyport.yaml; SALLYPORT_DATA for the demo)"}.`;
  return problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
}
