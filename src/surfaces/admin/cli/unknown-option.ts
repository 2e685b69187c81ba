/** An option that there is not is said before one that is missing: whoever writes `--confg` has given --config. */
import type { Command, Option } from "commander";

/** Each ends the command with commander's own sentence. They are not among its types, so nothing hangs on them. */
interface Sayer {
  missingMandatoryOptionValue?(option: Option): void;
  unknownOption?(flag: string): void;
}

/** For every command of the program: looks for an unknown option where a mandatory one is missing. */
export function sayUnknownFirst(program: Command, argv: readonly string[]): void {
  const isKnown = (command: Command, name: string): boolean =>
    command.options.some(({ long }) => long === name) ||
    name === "--help" ||
    (command.parent !== null && isKnown(command.parent, name));
  for (const command of program.commands) {
    sayUnknownFirst(command, argv);
    const sayer = command as unknown as Sayer;
    const missing = sayer.missingMandatoryOptionValue?.bind(command);
    if (missing === undefined) continue;
    sayer.missingMandatoryOptionValue = (option) => {
      const end = argv.indexOf("--");
      const words = argv.slice(2, end < 0 ? undefined : end);
      const flags = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split("=")[0] ?? word);
      const unknown = flags.find((name) => !isKnown(command, name));
      if (unknown !== undefined) sayer.unknownOption?.(unknown);
      missing(option);
    };
  }
}
