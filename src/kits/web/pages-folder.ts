/**
 * Reads a folder of pages: `templates/*.liquid`, `texts/<locale>.json`, `messages/<locale>.json`, `assets/*`. Called by pages.ts at start and when
 * a site's folder has changed. Only these four flat folders are ever read, by names found in them, never by a name
 * that came from a template or a request.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A stylesheet, script, picture or font. `etag` is quoted, as RFC 9110 §8.8.3 wants it. */
export interface Asset {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** What a folder holds. `strangers` are files that nothing uses; `faults` are files that cannot be used. */
export interface Folder {
  readonly templates: ReadonlyMap<string, string>;
  /** Texts by locale and key: those of the pages, and those of messages to phones. */
  readonly texts: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly strangers: readonly string[];
  readonly faults: readonly string[];
}

const LARGEST = 1_048_576;
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
};
const LOCALE_FILE = /^([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.json$/;
const NAMES = {
  templates: /^([a-z][a-z0-9-]*)\.liquid$/,
  texts: LOCALE_FILE,
  messages: LOCALE_FILE,
  assets: /^[A-Za-z0-9][A-Za-z0-9._-]*\.(css|js|svg|png|ico|woff2)$/,
} as const;
type Part = keyof typeof NAMES;
const PARTS: readonly Part[] = ["templates", "texts", "messages", "assets"];

/** Reads everything in `dir`. A folder that is not there is empty and has a fault. */
export function readFolder(dir: string): Folder {
  const templates = new Map<string, string>();
  const texts = new Map<string, ReadonlyMap<string, string>>();
  const messages = new Map<string, ReadonlyMap<string, string>>();
  const assets = new Map<string, Asset>();
  const strangers: string[] = [];
  const faults: string[] = [];
  if (list(dir) === undefined) faults.push(`${dir} cannot be read; give a folder that is there`);
  for (const name of list(dir) ?? [])
    if (!PARTS.some((part) => part === name) && !/^readme/i.test(name)) strangers.push(name);

  for (const part of PARTS)
    for (const name of list(join(dir, part)) ?? []) {
      const path = `${part}/${name}`;
      const match = NAMES[part].exec(name);
      if (match?.[1] === undefined) {
        strangers.push(path);
        continue;
      }
      const bytes = read(join(dir, path));
      if (typeof bytes === "string") faults.push(`${path}: ${bytes}`);
      else if (part === "templates") templates.set(match[1], bytes.toString("utf8"));
      else if (part === "assets")
        assets.set(name, { bytes, type: TYPES[match[1]] ?? "application/octet-stream", etag: tagOf(bytes) });
      else {
        const parsed = parseTexts(bytes.toString("utf8"));
        if (typeof parsed === "string") faults.push(`${path}: ${parsed}`);
        else (part === "texts" ? texts : messages).set(match[1], parsed);
      }
    }
  return { templates, texts, messages, assets, strangers, faults };
}

/** Changes whenever a file of the folder does; costs a few system calls. */
export function fingerprint(dir: string): string {
  const marks: string[] = [];
  for (const part of PARTS)
    for (const name of list(join(dir, part)) ?? []) {
      const found = statSync(join(dir, part, name), { throwIfNoEntry: false });
      if (found !== undefined) marks.push(`${part}/${name} ${found.mtimeMs} ${found.size} ${found.ino}`);
    }
  return marks.join("\n");
}

// Names with a dot in front belong to editors, file managers and mounted volumes.
function list(dir: string): readonly string[] | undefined {
  try {
    return readdirSync(dir)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch {
    return undefined;
  }
}

function read(path: string): Buffer | string {
  try {
    if (statSync(path).size > LARGEST) return "is larger than 1 MiB; make it smaller";
    return readFileSync(path);
  } catch (problem) {
    return `cannot be read (${(problem as NodeJS.ErrnoException).code ?? "unknown"}); check its rights`;
  }
}

function parseTexts(source: string): ReadonlyMap<string, string> | string {
  try {
    const value: unknown = JSON.parse(source);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return 'is no object of texts; write { "key": "text" }';
    const entries = Object.entries(value);
    const odd = entries.find(([, text]) => typeof text !== "string");
    if (odd !== undefined) return `${odd[0]} is no string; put its text in quotes`;
    return new Map(entries as [string, string][]);
  } catch (problem) {
    return `is no valid JSON (${(problem as Error).message}); mend it there`;
  }
}

const tagOf = (bytes: Buffer): string =>
  `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`;
