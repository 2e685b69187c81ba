/** `sallyport login` and `logout`: a person's own sign-in, confirmed in a browser. */
import type { Command } from "commander";

const verbs = () => import("./sign-in.ts");

export function registerSignIn(program: Command): void {
  program
    .command("login")
    .description("sign in with a browser, as an administrator; the tokens are kept in a file of mode 600")
    .requiredOption("--host <host>", "the server; https unless it is on this machine")
    .option("--ca <file>", "PEM of an authority to trust besides those of the system")
    .addHelpText("after", "\nExample:\n  sallyport login --host login.example.org")
    .action(async (options) => (await verbs()).login(options));
  program
    .command("logout")
    .description("end the sign-in of this machine, here and at the server")
    .option("--host <host>", "the server; without it the one signed in at last")
    .option("--ca <file>", "PEM of an authority to trust besides those of the system")
    .addHelpText("after", "\nExample:\n  sallyport logout")
    .action(async (options) => (await verbs()).logout(options));
}
