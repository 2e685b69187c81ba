/** The options of `sallyport cli`, as the original has them; what they do is loaded when the command runs. */
import type { Command } from "commander";
import { withConnection } from "./connection-options.ts";

const each = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

const EXAMPLES = `
Examples:
  sallyport cli --info CustomScripts
  sallyport cli --operation-id get-config-scripts-by-type --url-suffix type:PERSON_AUTHENTICATION
  sallyport cli --operation-id get-config-scripts-by-inum --url-suffix inum:6122281b-b55d-4dd0-8115-b098eeeee2b7
  sallyport cli --operation-id put-config-scripts --data twilio.json
  sallyport cli --operation-id put-acrs --data '{ "defaultAcr": "twilio_sms" }'
  sallyport cli --operation-id get-config-scripts --endpoint-args 'limit:5,fieldValuePair:enabled=true'
  sallyport cli --operation-id patch-config-scripts-by-inum --url-suffix inum:6122281b-b55d-4dd0-8115-b098eeeee2b7 --patch-replace level:50
  sallyport cli --schema-sample CustomScript

Standard output is the server's answer as JSON; every other word goes to standard error.
Exit codes: 0 done, 1 refused by the server, 2 wrong options, 3 not signed in or not allowed,
4 server or network, 5 changed by somebody else meanwhile,
6 waits for a second administrator.`;

export function registerCli(program: Command): void {
  const command = program
    .command("cli")
    .description("any operation of the admin API, with the options of the original's tool")
    .option("--operation-id <id>", "what to do; --info lists the ids of a task")
    .option("--url-suffix <name:value>", "the value in the operation's path")
    .option("--endpoint-args <name:value,…>", "further arguments; a comma in a value is written \\,")
    .option("--data <file>", "what to send: a JSON file, - for standard input, or JSON itself")
    .option("--patch-add <key:value>", "add a field", each)
    .option("--patch-replace <key:value>", "replace a field", each)
    .option("--patch-remove <key>", "remove a field", each)
    .option("--if-match <etag>", "only if the thing still has this ETag")
    .option("--info <task>", "list the operations of a task")
    .option("--schema <name>", "explain a schema")
    .option("--schema-sample <name>", "print a sample of a schema")
    .option("--no-color", "no colours, also on a terminal")
    .option("--op-mode <mode>", "accepted and without effect, as in the original")
    .addHelpText("after", EXAMPLES);
  withConnection(command).action(async (options) => {
    const { act } = await import("./screen.ts");
    const { runCli } = await import("./operation.ts");
    await act(() => runCli(options));
  });
}

/**
 * The original takes its long options with one dash as well (`-no-color`); commander would read them as letters. Only
 * after `sallyport cli`, and only names that it knows.
 */
export function withTwoDashes(program: Command, argv: readonly string[]): readonly string[] {
  if (argv[2] !== "cli") return argv;
  const known = new Set(
    program.commands.find((one) => one.name() === "cli")?.options.map(({ long }) => long),
  );
  return argv.map((word, at) => (at > 2 && known.has(`-${word.split("=")[0]}`) ? `-${word}` : word));
}
