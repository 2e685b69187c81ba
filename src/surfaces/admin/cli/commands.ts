/** Every command of an administrator, registered by main. What a command does is loaded when it runs. */
import type { Command } from "commander";
import { registerAcr } from "./acr-commands.ts";
import { registerApproval } from "./approval-commands.ts";
import { registerCli, withTwoDashes } from "./cli-command.ts";
import { registerClient } from "./client-commands.ts";
import { registerCompletion } from "./completion-command.ts";
import { registerConfig } from "./config-commands.ts";
import type { HostActs, Said } from "./host-acts.ts";
import { registerScript } from "./script-commands.ts";
import { registerAudit, registerSessions } from "./session-commands.ts";
import { registerSignIn } from "./sign-in-commands.ts";
import { registerSwitch } from "./sms-commands.ts";
import { registerTrace } from "./trace-commands.ts";
import { registerUser } from "./user-commands.ts";

export { withTwoDashes };

/** `host`: what the commands with `--config` do on this host; `tell`: says how it went. */
export function registerAdmin(
  program: Command,
  host: () => Promise<HostActs>,
  tell: (said: Said) => void,
): void {
  registerCli(program);
  registerSignIn(program);
  registerAcr(program);
  registerScript(program);
  registerUser(program, host, tell);
  registerApproval(program);
  registerClient(program);
  registerConfig(program);
  registerSwitch(program);
  registerSessions(program);
  registerAudit(program, host, tell);
  registerTrace(program);
  registerCompletion(program);
}
