/** `sallyport doctor`: what is wrong with this installation and what to do, for people and for programs that watch it. */
import { type Command, InvalidArgumentError } from "commander";
import type { Finding } from "../../../core/finding.ts";
import { printable, printableJson } from "../client/printable.ts";
import { DOCTOR_CHECKS } from "./doctor-checks.ts";

export interface DoctorWish {
  /** A number that gets a real message; as it was typed. */
  readonly to: string | undefined;
  /** How long its delivery is waited for. */
  readonly waitMs: number;
}

export interface Diagnosis {
  /** Undefined where the configuration could not be read. */
  readonly issuer: string | undefined;
  readonly findings: readonly Finding[];
}

export type Diagnose = (config: string, wish: DoctorWish) => Promise<Diagnosis>;

/** As plug-ins of monitoring systems end. */
const EXITS = { ok: 0, skipped: 0, warning: 1, error: 2 } as const;

const ORDER = ["error", "warning", "skipped", "ok"] as const;

/** The worst there is; what could not be looked at is no fault by itself. */
const levelOf = (findings: readonly Finding[]): "ok" | "warning" | "error" =>
  (["error", "warning"] as const).find((level) => findings.some((one) => one.level === level)) ?? "ok";

const NAMES: Readonly<Record<Finding["level"], string>> = {
  error: "ERROR",
  warning: "WARNING",
  skipped: "not tried",
  ok: "ok",
};
const COLUMNS = 80;

/** The findings as lines of at most eighty columns, the worst first. */
function doctorText({ issuer, findings }: Diagnosis): string {
  const of = (level: Finding["level"]) => findings.filter((one) => one.level === level);
  const lines = ORDER.flatMap((level) => of(level).flatMap((one) => shown(one)));
  const count = (level: Finding["level"], what: string) =>
    of(level).length === 0 ? [] : [`${of(level).length} ${what}`];
  const sum = [
    ...count("error", "to mend"),
    ...count("warning", "to look at"),
    ...count("skipped", "not tried"),
    ...count("ok", "in order"),
  ].join(", ");
  return [...(issuer === undefined ? [] : [printable(issuer)]), ...lines, "", `${sum}.`].join("\n");
}

function shown({ level, check = "", message, remedy }: Finding): readonly string[] {
  const head = `${NAMES[level].padEnd(9)}  ${printable(check)}`;
  if (level === "ok") return folded(`${head}: `, printable(message), 11);
  return [
    "",
    head,
    ...folded("  ", printable(message), 2),
    ...(remedy === undefined ? [] : folded("  -> ", printable(remedy), 5)),
  ];
}

/** Broken between words; what is longer than a line by itself stays whole. */
function folded(first: string, text: string, margin: number): readonly string[] {
  const lines = [first.trimEnd()];
  let isFirst = true;
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    const joined = isFirst ? `${first}${word}` : `${last} ${word}`;
    if (joined.length <= COLUMNS || isFirst) lines[lines.length - 1] = joined;
    else lines.push(`${" ".repeat(margin)}${word}`);
    isFirst = false;
  }
  return lines;
}

const EXAMPLES = `
Standard output says what was found; with --json as one object: issuer, level, findings.
Exit codes: 0 in order, 1 something to look at, 2 something to mend (or wrong options).

Examples:
  sallyport doctor --config sallyport.yaml
  sallyport doctor --config sallyport.yaml --to +12025550143
  sallyport doctor --config sallyport.yaml --json`;

const seconds = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("Whole seconds, such as 60.");
  return Number(text);
};

interface DoctorOptions {
  readonly config: string;
  readonly to?: string;
  readonly wait: number;
  readonly ignore?: readonly string[];
  readonly json?: boolean;
}

function checksOf(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !Object.hasOwn(DOCTOR_CHECKS, name));
  // A misspelt name would go on alarming, a name of the next version be ignored unseen.
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `There is no check ${unknown.join(", ")}; docs/reference/doctor.md lists them.`,
    );
  return names;
}

/** `end`: says the result and with which code the program ends. */
export function registerDoctor(
  program: Command,
  diagnose: () => Promise<Diagnose>,
  end: (text: string, exitCode: number) => void,
): void {
  program
    .command("doctor")
    .description(
      "look over the whole installation: what is wrong, and what to do; the server may be up or down",
    )
    .requiredOption("--config <file>", "sallyport.yaml")
    .option(
      "--to <number>",
      "send a real message without a code to this number and wait for what becomes of it",
    )
    .option("--wait <seconds>", "how long to wait for that", seconds, 60)
    .option(
      "--ignore <checks>",
      "leave these out, with commas between them: what you know and accept",
      checksOf,
    )
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { config, to, wait, json, ignore = [] } = options;
      const all = await (await diagnose())(config, { to, waitMs: wait * 1000 });
      const found = { ...all, findings: all.findings.filter(({ check = "" }) => !ignore.includes(check)) };
      const level = levelOf(found.findings);
      const text =
        json === true
          ? printableJson({ issuer: found.issuer ?? null, level, findings: found.findings })
          : doctorText(found);
      end(text, EXITS[level]);
    });
}
