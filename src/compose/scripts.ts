/**
 * Script entries of the settings and what stands behind them: the built-in mechanisms of the catalogue, the gateway
 * that an entry's properties configure, the source that an administrator is shown. Called by compose, parts and seed.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { catalog } from "../catalog.ts";
import type { BuiltInScript } from "../core/mechanism.ts";
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

/** The properties that say something, by name. */
export const propertiesOf = (properties: readonly Property[]): Record<string, string> =>
  Object.fromEntries(
    properties.filter(({ value2 }) => value2 !== "").map(({ value1, value2 }) => [value1, value2]),
  );

/** The source of a built-in as it came, in the words of whoever would change it. */
export function shippedSource({ file }: Pick<BuiltInScript, "file">): string {
  // The package holds JavaScript and, beside it, the source it was made from.
  const text = readFileSync(fileURLToPath(file), "utf8");
  // At home the file has a neighbour; everywhere else that has a name (public/mechanism.ts).
  return text.replaceAll('"../../core/mechanism.ts"', '"sallyport/mechanism"');
}

/** The source text of an entry: its own, or that of the built-in it stands for. */
export function sourceOf(entry: ScriptEntry): string {
  const builtIn = builtInOf(entry.name);
  return entry.source ?? (builtIn === undefined ? "" : shippedSource(builtIn.script));
}

/** Where an entry's text is kept: in the settings, or in a file below `custom/`. */
export const fileOf = ({ moduleProperties }: Pick<ScriptEntry, "moduleProperties">): string | undefined => {
  const property = (name: string) => moduleProperties.find(({ value1 }) => value1 === name)?.value2;
  return property("location_type") === "file" ? property("location_path") : undefined;
};
