/** What `sallyport script new|check|test` do with a file, without a server. */
import { existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { faultText, type Manifest } from "../../../core/script.ts";
import { type Check, scriptChecks } from "../../../core/script-checks.ts";
import { tryMechanism } from "../../../core/scripted.ts";
import { examine } from "../../../kits/script/runner.ts";
import { isFile } from "../client/input.ts";
import { act, Failure, misused, print, tell } from "./screen.ts";

const MECHANISM = `import { type MechanismScript, nextInOrder } from "sallyport/mechanism";

/** Which factors this acr is made of. */
const requires = ["password", "sms"];

export const mechanism: MechanismScript = {
  requires,
  // What comes next; leave it out, and the factors come in their order.
  next: (facts) => nextInOrder(requires, facts),
};
`;

const FACTOR = `import type { FactorScript, MechanismScript } from "sallyport/mechanism";

/** A word that everybody in the house knows: the property \`word\` of the script's entry. */
export const factor: FactorScript = {
  kind: "house-word",
  // What goes into amr: kba (something known), pin or otp.
  method: "kba",
  held: (_person, ports) => ports.property("word") !== undefined,
  challenge: {
    view: (login) => ({
      heading: \`Hello \${login.username}\`,
      text: "It hangs in the entrance hall.",
      label: "The word of the house",
    }),
    authenticate(_login, form, ports) {
      const word = ports.property("word");
      return word !== undefined && form.answer === word
        ? { kind: "proved" }
        : { kind: "retry", problem: "This is not the word." };
    },
  },
};

/** Which factors the acr is made of, in their order. */
export const mechanism: MechanismScript = { requires: ["password", "house-word"] };
`;

/** Writes a file to begin with; never over another one. */
export const create = (file: string, { factor = false }: { readonly factor?: boolean }): Promise<void> =>
  act(async () => {
    if (!/\.[cm]?ts$/.test(file)) misused(`${file}: a script is a TypeScript file; let its name end in .ts.`);
    if (existsSync(file)) misused(`${file} is there already; choose another name.`);
    writeFileSync(file, factor ? FACTOR : MECHANISM, { flag: "wx" });
    print(`${file} is written. Next: sallyport script check ${file}`);
  });

/** The text of a script's file, or the end of the command. */
export function textOf(file: string): string {
  if (!isFile(file)) misused(`${file} is no file.`);
  return readFileSync(file, "utf8");
}

type Tried =
  | { readonly kind: "taken"; readonly manifest: Manifest; readonly checks: readonly Done[] }
  | { readonly kind: "faulty"; readonly text: string };
type Done = { readonly name: string; readonly problem: string | undefined };

/** Loads the file in a process of its own; with `all`, every promise of a script is tried. */
async function tried(file: string, all: boolean): Promise<Tried> {
  const checks: Done[] = [];
  const source = { name: basename(file), text: textOf(file), folder: dirname(resolve(file)) };
  const result = await examine(source, async ({ manifest, call }) => {
    if (all) for (const check of scriptChecks({ manifest, call })) checks.push(await outcomeOf(check));
    else if (manifest.mechanism?.decides === true)
      return tryMechanism(manifest.mechanism.requires, (facts) =>
        call({ act: "next", facts }, async () => null),
      );
    return undefined;
  });
  return result.kind === "taken"
    ? { ...result, checks }
    : { kind: "faulty", text: `${file}: ${faultText(result.fault)}` };
}

const outcomeOf = ({ name, run }: Check): Promise<Done> =>
  run().then(
    (problem) => ({ name, problem }),
    (problem: Error & { fault?: Parameters<typeof faultText>[0] }) => ({
      name,
      problem: problem.fault === undefined ? problem.message : faultText(problem.fault),
    }),
  );

/** What a module is, in one line. */
export function inWords({ mechanism, factor }: Manifest): string {
  const parts = [
    ...(mechanism === undefined
      ? []
      : [
          `a mechanism that requires ${mechanism.requires.join(", ")}${mechanism.decides ? ", in its own order" : ""}`,
        ]),
    ...(factor === undefined ? [] : [`the factor ${factor.kind}, which proves ${factor.method}`]),
  ];
  return parts.join("; ");
}

const bad = (text: string): never => {
  throw new Failure({ kind: "refused", status: 0, text });
};

/** Whether the server would take the file. */
export const check = (file: string, { watch: again = false }: Watching): Promise<void> =>
  whenever(file, again, async () => {
    const result = await tried(file, false);
    if (result.kind === "faulty") return bad(result.text);
    print(`${file}: ${inWords(result.manifest)}.`);
  });

/** Whether it keeps what every script promises. */
export const test = (file: string, { watch: again = false }: Watching): Promise<void> =>
  whenever(file, again, async () => {
    const result = await tried(file, true);
    if (result.kind === "faulty") return bad(result.text);
    for (const { name, problem } of result.checks)
      print(problem === undefined ? `ok   ${name}` : `FAIL ${name}: ${problem}`);
    const failed = result.checks.filter(({ problem }) => problem !== undefined).length;
    if (failed > 0) return bad(`${file}: ${failed} of ${result.checks.length} promises are broken.`);
    print(`${file}: all ${result.checks.length} promises hold.`);
  });

export interface Watching {
  readonly watch?: boolean;
}

/** How long an editor may take to write a file anew. */
const SETTLE = 100;

/** Does it once, or with `again` at each save from then on, faults or not. */
export async function whenever(file: string, again: boolean, run: () => Promise<void>): Promise<void> {
  if (!again) return act(run);
  // Before the first time: whoever saves while that goes on, or as soon as it is told, is not missed.
  let last = isFile(file) ? textOf(file) : undefined;
  // The folder, for many editors put a new file in the old one's place.
  const changes = watch(dirname(resolve(file)));
  const turn = async (): Promise<void> => {
    await pause(SETTLE);
    if (!isFile(file)) return;
    const text = textOf(file);
    if (text === last) return;
    last = text;
    await act(run);
  };
  let line = act(run);
  changes.on("change", () => {
    line = line.then(turn);
  });
  await line;
  tell(`Waiting for ${file} to change; Ctrl-C ends it.`);
  await new Promise<void>((resolve) => changes.on("close", resolve));
}
