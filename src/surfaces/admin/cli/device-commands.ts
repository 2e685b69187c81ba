/** `sallyport user device …`: devices on which a person is not asked for a code. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const verbs = () => import("./device.ts");

export function registerDevice(user: Command): void {
  const device = user.command("device").description("devices on which a person is not asked for a code");
  withConnection(device.command("list <name>"))
    .description("the devices of a person, the last used in front")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  sallyport user device list ada")
    .action(async (name: string, options) => (await verbs()).list(name, options));
  withConnection(device.command("forget <name> <device>"))
    .description("forget one, by its id, or all: the next sign-in there asks for a code")
    .option("--reason <text>", "goes into the audit")
    .addHelpText("after", '\nExample:\n  sallyport user device forget ada all --reason "laptop stolen"')
    .action(async (name: string, device: string, options) => (await verbs()).forget(name, device, options));
}
