/** Commands that only the owner of the data folder can run; compose gives what they do. */
import type { Command } from "commander";
import type { Said } from "./people.ts";

/** What the commands of this host do; `config` is the path of sallyport.yaml. */
export interface OwnerActs {
  rotate(config: string, purpose: string): Promise<Said>;
  checkPages(folder: string): Promise<Said>;
  checkMessages(folder: string | undefined, all: boolean): Promise<Said>;
}

export function registerOwner(
  program: Command,
  acts: () => Promise<OwnerActs>,
  tell: (said: Said) => void,
): void {
  program
    .command("keys")
    .description("keys of this installation")
    .command("rotate <purpose>")
    .requiredOption("--config <file>", "sallyport.yaml")
    .description(
      "signing-rs256, signing-es256, cookie, code, seal or csrf; the old key stays valid for a while",
    )
    .action(async (purpose: string, { config }: { config: string }) =>
      tell(await (await acts()).rotate(config, purpose)),
    );

  program
    .command("pages")
    .description("templates, texts and styles of your own")
    .command("check <folder>")
    .description("look over a folder of own templates, texts and styles")
    .action(async (folder: string) => tell(await (await acts()).checkPages(folder)));

  program
    .command("messages")
    .description("texts of the messages to phones")
    .command("check [folder]")
    .description("look over a folder of own pages for its messages/, ours without one, and count segments")
    .option("--all", "each text, those that are as we ship them too")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport messages check my-pages\n  sallyport messages check --all",
    )
    .action(async (folder: string | undefined, { all }: { all?: boolean }) =>
      tell(await (await acts()).checkMessages(folder, all === true)),
    );
}
