/**
 * Script entries of the settings and what stands behind them: the built-in mechanisms of the catalogue, the gateway
 * that an entry's properties configure, the source that an administrator is shown. Called by compose, parts and seed.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { catalog } from "../catalog.ts";
import type { BuiltInScript, Mechanism } from "../core/mechanism.ts";
import type { Property, ScriptEntry } from "../core/settings.ts";
import type { EpochMs } from "../core/words.ts";

const builtIns = catalog.scripts;

/** The built-in script of this acr or inum; undefined for one of somebody's own. */
export const builtInOf = (name: string): (typeof builtIns)[number] | undefined =>
  builtIns.find(
    ({ script }) =>
      script.acr === name || script.inum === name || script.alsoKnownAs?.includes(name) === true,
  );

/** The entry of a built-in as it is shipped: disabled, its properties there and empty. */
function shippedEntry(script: BuiltInScript, at: EpochMs): ScriptEntry {
  return {
    inum: script.inum,
    name: script.acr,
    aliases: [],
    description: script.description,
    level: script.level,
    revision: 1,
    enabled: false,
    modified: at,
    configurationProperties: script.properties.map((property) => ({ ...property, value2: "" })),
    moduleProperties: [
      { value1: "usage_type", value2: "interactive", description: "" },
      { value1: "location_type", value2: "db", description: "" },
    ],
  };
}

export const shippedEntries = (at: EpochMs): readonly ScriptEntry[] =>
  builtIns.map(({ script }) => shippedEntry(script, at));

/** Enabled mechanisms; an entry without a built-in behind it offers nothing. */
export const mechanismsOf = (scripts: readonly ScriptEntry[]): readonly Mechanism[] =>
  scripts
    .filter(({ enabled }) => enabled)
    .flatMap((entry) => builtInOf(entry.name)?.script.create(entry) ?? []);

/** The properties that say something, by name. */
export const propertiesOf = (properties: readonly Property[]): Record<string, string> =>
  Object.fromEntries(
    properties.filter(({ value2 }) => value2 !== "").map(({ value1, value2 }) => [value1, value2]),
  );

/** The source text of an entry: its own, or that of the built-in it stands for. */
export function sourceOf(entry: ScriptEntry): string {
  const file = builtInOf(entry.name)?.script.file;
  if (entry.source !== undefined || file === undefined) return entry.source ?? "";
  // The package holds JavaScript and, beside it, the source it was made from.
  return readFileSync(fileURLToPath(file).replace(/\.js$/, ".ts"), "utf8");
}
