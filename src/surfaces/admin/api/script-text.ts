/**
 * The text of a script on its way in: where it comes from, whether it is another one than before, and what came of the
 * look at it. Whatever is not taken leaves the entry as it was. Called by scripts.ts and settings.ts.
 */
import type { Manifest } from "../../../core/script.ts";
import type { Fault, ScriptEntry } from "../../../core/settings.ts";
import type { CustomScript } from "../contract/scripts.ts";

/** What the server knows and does of scripts' texts; given by compose. */
export interface ScriptTexts {
  /** What stands in the entry now, or in the built-in it is of. */
  sourceOf(entry: ScriptEntry): string;
  /** The source of a built-in as it came; undefined where there is none of this name. */
  shippedOf(name: string): string | undefined;
  /** Loads and tries a text; a sentence where it cannot be taken. */
  examine(name: string, text: string, file?: string): Promise<Manifest | string>;
  /** What came of it; undefined: nobody has looked at this text. */
  examined(text: string): Manifest | string | undefined;
  /** A file below the folder of scripts. */
  readFile(path: string): { readonly text: string } | { readonly problem: string };
  errorOf(
    entry: ScriptEntry,
  ): Promise<{ readonly raisedAt: number; readonly stackTrace: string } | undefined>;
}

/** What a text makes of an entry; nothing: a built-in as it came. */
export type Written = Pick<ScriptEntry, "source" | "manifest">;

type Location = { readonly type: "db" | "file"; readonly path: string };

const sameText = (one: string, other: string): boolean =>
  one.replace(/\r\n/g, "\n").trimEnd() === other.replace(/\r\n/g, "\n").trimEnd();

type ModuleProperties = ScriptEntry["moduleProperties"];

const propertyOf = (properties: ModuleProperties, name: string): string | undefined =>
  properties.find(({ value1 }) => value1 === name)?.value2;

/** Where an entry's text is kept, as it is shown. */
export const locationOf = (properties: ModuleProperties): Location => ({
  type: propertyOf(properties, "location_type") === "file" ? "file" : "db",
  path: propertyOf(properties, "location_path") ?? "",
});

/** The module properties with what was sent laid over them; `locationType` and `locationPath` say the same as two of them. */
export function laidModuleProperties(old: ModuleProperties, sent: CustomScript): ModuleProperties {
  const next =
    sent.moduleProperties?.map(({ value1, value2, description }) => ({
      value1,
      value2: value2 ?? "",
      description: description ?? "",
    })) ?? old;
  const before = locationOf(old);
  const type = sent.locationType?.toLowerCase();
  const path = sent.locationPath;
  let laid = next;
  if (type !== undefined && type !== before.type) laid = withValue(laid, "location_type", type);
  if (path != null && path !== before.path) laid = withValue(laid, "location_path", path);
  return laid;
}

const withValue = (properties: ModuleProperties, value1: string, value2: string): ModuleProperties =>
  propertyOf(properties, value1) === undefined
    ? [...properties, { value1, value2, description: "" }]
    : properties.map((one) => (one.value1 === value1 ? { ...one, value2 } : one));

/** Reads and looks at what was sent. `entry`: what it changes; undefined for a new one. undefined: the text stays. */
export async function writtenText(
  texts: ScriptTexts,
  name: string,
  entry: ScriptEntry | undefined,
  sent: CustomScript,
): Promise<Written | readonly Fault[] | undefined> {
  const { type, path } = locationOf(laidModuleProperties(entry?.moduleProperties ?? [], sent));
  const current = entry === undefined ? "" : texts.sourceOf(entry);
  if (type === "db") {
    const text = sent.script ?? undefined;
    if (text === undefined || sameText(text, current))
      // A text from before there were looks is looked at when somebody wants it to run.
      return entry?.source !== undefined && entry.manifest === undefined && sent.enabled === true
        ? lookedAt(texts, name, entry.source)
        : undefined;
    return lookedAt(texts, name, text);
  }
  const read = texts.readFile(path);
  if ("problem" in read) return [{ path: "locationPath", message: read.problem }];
  if (sent.script != null && !sameText(sent.script, current) && !sameText(sent.script, read.text))
    return [
      { path: "script", message: `comes from the file ${path}; change it there, or set location_type to db` },
    ];
  return entry !== undefined && entry.manifest !== undefined && entry.source === read.text
    ? undefined
    : lookedAt(texts, name, read.text, path);
}

async function lookedAt(
  texts: ScriptTexts,
  name: string,
  text: string,
  file?: string,
): Promise<Written | readonly Fault[]> {
  const shipped = texts.shippedOf(name);
  if (shipped !== undefined && (text.trim() === "" || sameText(text, shipped))) return {};
  if (text.trim() === "") return { source: "" };
  const found = await texts.examine(name, text, file);
  return typeof found === "string" ? [{ path: "script", message: found }] : { source: text, manifest: found };
}

/** The same, of a text that has been looked at before; a fault where it has not. */
export function knownText(texts: ScriptTexts, name: string, text: string): Written | string {
  const shipped = texts.shippedOf(name);
  if (shipped !== undefined && (text.trim() === "" || sameText(text, shipped))) return {};
  if (text.trim() === "") return { source: "" };
  const found = texts.examined(text);
  if (found === undefined) return "was not looked at; send it again";
  return typeof found === "string" ? found : { source: text, manifest: found };
}

/** The entry with this text. */
export function withText(
  { source: _text, manifest: _exports, ...entry }: ScriptEntry,
  written: Written,
): ScriptEntry {
  const { source, manifest } = written;
  return {
    ...entry,
    ...(source === undefined ? {} : { source }),
    ...(manifest === undefined ? {} : { manifest }),
  };
}
