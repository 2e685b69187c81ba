/** What `sallyport config …` asks the server; the server alone judges and compares. */
import { dirname, resolve } from "node:path";
import process from "node:process";
import { readYaml } from "../../../kits/yaml/read.ts";
import { readInput, readSecretFrom, readText } from "../client/input.ts";
import { printableYaml } from "../client/printable-yaml.ts";
import { type Applied, differenceLines } from "../client/settings-differences.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, Failure, misused, need, print, printJson, tell } from "./screen.ts";
import { openVerb, type Verb } from "./verb.ts";

type Settings = Readonly<Record<string, unknown>>;

const HEAD = `# Applying this file is refused when somebody has changed the settings since this revision;
# without the line it is applied to whatever they are then.`;

export const exportSettings = (options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const settings = (await verb.call("get-config-settings")).body as Settings;
    if (options.json === true) return printJson(settings, true);
    print(`# Settings of ${verb.client.host}, without secrets.\n${HEAD}`);
    process.stdout.write(printableYaml(settings));
  });

export const diff = (file: string, options: ConnectionOptions & { exitCode?: boolean }): Promise<void> =>
  act(async () => {
    const settings = await readSettings(file);
    const { differences, faults = [] } = await put(await openVerb(options), settings, { dryRun: "true" });
    if (faults.length > 0) refused(file, faults);
    if (differences.length === 0) return tell(`${file} says what the server has.`);
    show(differences);
    if (options.exitCode === true) process.exitCode = 1;
  });

export const apply = (file: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const { revision: read, ...settings } = await readSettings(file);
    const verb = await openVerb(options);
    // Looked at first: a file that is applied a second time changes nothing, whatever revision it was made from.
    const before = await put(verb, settings, { dryRun: "true" });
    const nothing = before.differences.length === 0 && (before.faults ?? []).length === 0;
    if (nothing) return tell(`Nothing to change; revision ${before.revision} is what ${file} says.`);
    try {
      const ifMatch = read === undefined ? undefined : `"r${String(read)}"`;
      const { differences, revision } = await put(verb, settings, {}, ifMatch);
      show(differences);
      tell(
        `Applied ${file}; this is revision ${revision}. The way back: sallyport config rollback ${revision - 1}.`,
      );
    } catch (problem) {
      if (!(problem instanceof Failure) || problem.trouble.kind !== "lost") throw problem;
      throw new Failure({
        kind: "lost",
        text: `Somebody has changed the settings since revision ${String(read)}: run sallyport config diff ${file}, then export anew, or take the line revision out of ${file}.`,
      });
    }
  });

async function put(
  verb: Verb,
  body: Settings,
  query: Readonly<Record<string, string>>,
  ifMatch?: string,
): Promise<Applied> {
  return (await verb.call("put-config-settings", { body, query, ifMatch })).body as Applied;
}

const show = (differences: Applied["differences"]): void => {
  for (const line of differenceLines(differences)) print(line);
};

/** Ends the command with every fault of the file, a line each. */
export function refused(file: string, faults: NonNullable<Applied["faults"]>): never {
  throw new Failure({
    kind: "refused",
    status: 400,
    text: faults.map(({ path, message }) => `${file}: ${path}: ${message}`).join("\n"),
  });
}

/** The settings of a file, with the secrets it names by place; `-` is standard input. */
export async function readSettings(file: string): Promise<Settings> {
  const text = file === "-" ? need(await readInput("the settings")) : need(readText(file, "the settings"));
  const read = readYaml(text);
  if (read.kind === "faulty") misused(`${file} is neither YAML nor JSON: ${read.fault}.`);
  const settings = read.kind === "read" ? read.value : undefined;
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    misused(`${file} holds no settings; sallyport config export prints some.`);
  return withSecrets(settings as Settings, file === "-" ? process.cwd() : dirname(resolve(file)));
}

type Tree = Record<string, Record<string, unknown>>;

/** Secrets that the file names by place: properties of scripts, and secrets of clients. */
async function withSecrets(settings: Settings, folder: string): Promise<Settings> {
  const copy = structuredClone(settings) as { scripts?: Tree; clients?: Tree };
  for (const [acr, script] of Object.entries(copy.scripts ?? {})) {
    const properties = (script?.properties ?? {}) as Record<string, unknown>;
    for (const [name, value] of Object.entries(properties))
      properties[name] = await found(value, `scripts.${acr}.properties.${name}`, folder);
  }
  for (const [id, client] of Object.entries(copy.clients ?? {}))
    if (client?.client_secret !== undefined)
      client.client_secret = await found(client.client_secret, `clients.${id}.client_secret`, folder);
  return copy as Settings;
}

async function found(value: unknown, path: string, folder: string): Promise<unknown> {
  if (typeof value !== "object" || value === null) return value;
  const { file, env, ...more } = value as { file?: unknown; env?: unknown };
  if (Object.keys(more).length === 0 && typeof file === "string")
    return need(await readSecretFrom(resolve(folder, file), path));
  if (Object.keys(more).length === 0 && typeof env === "string")
    return process.env[env] ?? misused(`${path}: the variable ${env} is not set.`);
  return misused(`${path}: must be a text, null, { file: PATH } or { env: NAME }.`);
}
