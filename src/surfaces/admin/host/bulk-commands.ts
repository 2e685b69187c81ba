/** `sallyport users …` and `sallyport clients …`: many at once, from files and into them, on this host. */
import { type Command, Option } from "commander";
import type { ExportOptions } from "./export-people.ts";
import type { ClientImportOptions } from "./import-clients.ts";
import type { ImportOptions } from "./import-people.ts";
import type { Said } from "./people.ts";

/** Given by compose; `config` is the path of sallyport.yaml. */
export interface BulkActs {
  importPeople(config: string, options: ImportOptions): Promise<Said>;
  exportPeople(config: string, options: ExportOptions): Promise<Said>;
  importClients(config: string, options: ClientImportOptions): Promise<Said>;
}

type Given<Options> = Omit<Options, "file"> & { readonly config: string };

export function registerBulk(
  program: Command,
  acts: () => Promise<BulkActs>,
  tell: (said: Said) => void,
): void {
  const users = program.command("users").description("people by the thousand: from a file, into a file");
  const onHost = (command: Command) => command.requiredOption("--config <file>", "sallyport.yaml");

  onHost(users.command("import <file>"))
    .description("take people in from LDIF (Gluu, Janssen), Keycloak, Auth0, JSON Lines or CSV")
    .addOption(
      new Option("--format <format>", "what the file is; seen by its beginning if not given").choices([
        "ldif",
        "keycloak",
        "auth0",
        "jsonl",
        "csv",
      ]),
    )
    .addOption(
      new Option("--phones <rule>", "whose phones are bound: verified there, all (trust), or nobody's (none)")
        .choices(["verified", "trust", "none"])
        .default("verified"),
    )
    .option("--country <code>", "of numbers in national form, such as GB")
    .option(
      "--update",
      "change those who are there already: names and claims, never phone, password or rights",
    )
    .option("--dry-run", "name every problem with its line and write nothing")
    .addHelpText(
      "after",
      "\nExamples:\n  sallyport users import people.ldif --dry-run --config sallyport.yaml\n  sallyport users import people.ldif --country DE --config sallyport.yaml",
    )
    .action(async (file: string, { config, ...options }: Given<ImportOptions>) => {
      if (options.country !== undefined && !/^[A-Z]{2}$/.test(options.country))
        return tell({ ok: false, text: "--country takes two capital letters (ISO 3166-1), such as GB." });
      tell(await (await acts()).importPeople(config, { file, ...options }));
    });

  onHost(users.command("export <file>"))
    .description("write people as JSON Lines into a new file for this user's eyes alone")
    .option("--with-hashes", "password hashes as well: whoever has the file can guess at them")
    .option("--with-phones", "full numbers of bound phones as well")
    .addHelpText("after", "\nExample:\n  sallyport users export people.jsonl --config sallyport.yaml")
    .action(async (file: string, { config, ...options }: Given<ExportOptions>) =>
      tell(await (await acts()).exportPeople(config, { file, ...options })),
    );

  onHost(program.command("clients").description("clients of another server").command("import <file>"))
    .description("take clients of Gluu or Janssen over, from LDIF or JSON, as one revision of the settings")
    .option("--secrets <file>", "where new secrets go, for clients whose old one cannot be read")
    .option("--salt <file>", "the salt file of Gluu or Janssen (/etc/gluu/conf/salt), to read old secrets")
    .option("--dry-run", "name every fault and write nothing")
    .addHelpText(
      "after",
      "\nExample:\n  sallyport clients import clients.ldif --secrets new-secrets.json --config sallyport.yaml",
    )
    .action(async (file: string, { config, ...options }: Given<ClientImportOptions>) =>
      tell(await (await acts()).importClients(config, { file, ...options })),
    );
}
