/** `sallyport sms …` on the host: what was spent, what the guard would have done, which numbers are not real. */
import type { Command } from "commander";
import type { Said } from "./people.ts";

export interface SmsActs {
  spend(config: string, from: string | undefined, to: string | undefined): Promise<Said>;
  replay(config: string, since: string, file: string): Promise<Said>;
  testNumbers(config: string): Promise<Said>;
}

export function registerSms(
  program: Command,
  acts: () => Promise<SmsActs>,
  tell: (said: Said) => void,
): void {
  const sms =
    program.commands.find((one) => one.name() === "sms") ??
    program.command("sms").description("texts: what they cost, and who may have them");
  const withConfig = (command: Command) => command.requiredOption("--config <file>", "sallyport.yaml");

  withConfig(sms.command("spend"))
    .description("what texts and calls have cost, by day, country and client")
    .option("--from <day>", "first day, such as 2027-01-31; the first of this month if not given")
    .option("--to <day>", "last day; today if not given")
    .addHelpText("after", "\nExample:\n  sallyport sms spend --from 2027-01-01 --config sallyport.yaml")
    .action(async ({ config, from, to }: { config: string; from?: string; to?: string }) =>
      tell(await (await acts()).spend(config, from, to)),
    );
  withConfig(sms.command("replay"))
    .description("what the pumping guard would have blocked with other settings")
    .requiredOption("--since <time>", "how far back, such as 7d or 12h")
    .requiredOption("--with <file>", "settings in YAML, with the part pumping")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport sms replay --since 14d --with settings.yaml --config sallyport.yaml",
    )
    .action(async (options: { config: string; since: string; with: string }) =>
      tell(await (await acts()).replay(options.config, options.since, options.with)),
    );
  withConfig(sms.command("test-numbers"))
    .description("numbers with a fixed code, whose they are and how long they count")
    .addHelpText("after", "\nExample:\n  sallyport sms test-numbers --config sallyport.yaml")
    .action(async ({ config }: { config: string }) => tell(await (await acts()).testNumbers(config)));
}
