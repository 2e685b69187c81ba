/** `sallyport backup`, `restore` and `migrate`, for whoever owns the store; compose gives what they do. */
import type { Command } from "commander";
import type { Said } from "./people.ts";

/** `config` is the path of sallyport.yaml. */
export interface StoreActs {
  makeBackup(config: string, file: string): Promise<Said>;
  restoreBackup(config: string, file: string, asItIs: boolean): Promise<Said>;
  migrateStore(config: string, look: boolean): Promise<Said>;
}

type Options = { readonly config: string; readonly asItIs?: boolean; readonly check?: boolean };

export function registerStore(
  program: Command,
  acts: () => Promise<StoreActs>,
  tell: (said: Said) => void,
): void {
  program
    .command("backup <file>")
    .description("everything in the store, in one file, while servers run; the master key is not in it")
    .requiredOption("--config <file>", "sallyport.yaml")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport backup /backups/sallyport-$(date +%F).db --config sallyport.yaml",
    )
    .action(async (file: string, { config }: Options) => tell(await (await acts()).makeBackup(config, file)));

  program
    .command("restore <file>")
    .description("make a backup the store of an installation that has none; nothing is overwritten")
    .requiredOption("--config <file>", "sallyport.yaml")
    .option("--as-it-is", "keep sessions and tokens: for a move, where nothing has happened since the backup")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport restore /backups/sallyport-2026-11-26.db --config sallyport.yaml",
    )
    .action(async (file: string, { config, asItIs }: Options) =>
      tell(await (await acts()).restoreBackup(config, file, asItIs === true)),
    );

  program
    .command("migrate")
    .description("bring the database to the schema of this version, as the next start would")
    .requiredOption("--config <file>", "sallyport.yaml")
    .option("--check", "only say which steps are missing; ends with 1 when some are")
    .addHelpText("after", "\nExample:\n  sallyport migrate --check --config sallyport.yaml")
    .action(async ({ config, check }: Options) =>
      tell(await (await acts()).migrateStore(config, check === true)),
    );
}
