/** The command tree of the whole program, without anything behind it: what can be typed, and with which options. */
import { Command } from "commander";
import { registerAdmin } from "../../src/surfaces/admin/cli/commands.ts";
import { registerTui } from "../../src/surfaces/admin/cli/tui-command.ts";
import { registerAdministrators } from "../../src/surfaces/admin/host/administrators.ts";
import { registerBulk } from "../../src/surfaces/admin/host/bulk-commands.ts";
import { registerOwner } from "../../src/surfaces/admin/host/commands.ts";
import { registerDoctor } from "../../src/surfaces/admin/host/doctor.ts";
import { registerSms } from "../../src/surfaces/admin/host/sms.ts";
import { registerStore } from "../../src/surfaces/admin/host/store-commands.ts";

/** Every command that main registers, in its order; `serve` and `demo` are main's own. */
export function wholeProgram(): Command {
  const made = new Command("sallyport").configureHelp({ helpWidth: 100 });
  const nobody = () => Promise.reject(new Error("not asked"));
  registerAdmin(made, nobody, () => {});
  registerTui(made, nobody);
  registerOwner(made, nobody, () => {});
  registerAdministrators(made, nobody, () => {});
  registerDoctor(made, nobody, () => {});
  registerBulk(made, nobody, () => {});
  registerSms(made, nobody, () => {});
  registerStore(made, nobody, () => {});
  return made;
}
