/**
 * surfaces/admin/cli: `sallyport cli` with the options of the original, and short verbs beside it. Registered by main;
 * everything it does it asks of the admin API through client. Results go to standard output, every other word to
 * standard error, and nothing that a terminal would act on goes to either. It holds no secret and opens no store.
 */
import process from "node:process";
import { printable, printableJson } from "../client/printable.ts";
import type { Outcome, Trouble } from "../client/trouble.ts";

/** How a command ends; docs/reference/cli.md lists them. */
const EXIT = { done: 0, refused: 1, usage: 2, signedOut: 3, unreachable: 4, lost: 5, waits: 6 } as const;

const EXITS: Readonly<Record<Trouble["kind"], number>> = {
  refused: EXIT.refused,
  usage: EXIT.usage,
  "signed-out": EXIT.signedOut,
  unreachable: EXIT.unreachable,
  lost: EXIT.lost,
  waits: EXIT.waits,
};

/** Ends a command with a sentence and an exit code; caught by `act` alone. */
export class Failure extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super(trouble.text);
    this.name = "Failure";
    this.trouble = trouble;
  }
}

/** The value, or the end of the command. */
export function need<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "done") return outcome.value;
  throw new Failure(outcome);
}

/** Ends the command: what was typed cannot be done, and what to type instead. */
export function misused(text: string): never {
  throw new Failure({ kind: "usage", text });
}

/** Runs what a command does, and turns its failure into a sentence and an exit code. */
export async function act(run: () => Promise<void>): Promise<void> {
  // Whoever reads only the first lines of it (`| head`) has seen enough.
  process.stdout.on("error", (problem: NodeJS.ErrnoException) => {
    if (problem.code !== "EPIPE") throw problem;
    process.exit(EXIT.done);
  });
  try {
    await run();
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    tell(problem.trouble.text);
    process.exitCode = EXITS[problem.trouble.kind];
  }
}

/** A message to the person, a line each; parts of it may come from the server. */
export function tell(text: string): void {
  process.stderr.write(`${text.split("\n").map(printable).join("\n")}\n`);
}

/** A result as text, a line each. */
export function print(text: string): void {
  process.stdout.write(`${text.split("\n").map(printable).join("\n")}\n`);
}

/** A text as it is, for a file; where a terminal is behind it, a line each. */
export function printText(text: string): void {
  if (process.stdout.isTTY === true) print(text.trimEnd());
  else process.stdout.write(text);
}

/** A result as JSON, coloured for eyes only. */
export function printJson(value: unknown, wantsColour: boolean): void {
  const text = printableJson(value);
  const coloured =
    wantsColour &&
    process.stdout.isTTY === true &&
    (process.env.NO_COLOR ?? "") === "" &&
    process.env.TERM !== "dumb";
  process.stdout.write(`${coloured ? inColour(text) : text}\n`);
}

const paint = (colour: number, text: string): string => `\u001b[38;5;${colour}m${text}\u001b[0m`;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

const inColour = (json: string): string =>
  json.replace(
    TOKEN,
    (all, text: string | undefined, colon: string | undefined, word: string | undefined) => {
      if (text !== undefined) return colon === undefined ? paint(10, text) : `${paint(39, text)}${colon}`;
      return paint(word === undefined ? 214 : 207, all);
    },
  );

/** Rows under headings, as wide as they have to be. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  for (const row of all)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
}
