/**
 * The template engine: Liquid over templates that are all in memory, so that no tag can reach a file. Tags and filters
 * are the few listed here; every output is escaped; objects show their own plain values and nothing else (S22).
 */
import { Liquid, type Template } from "liquidjs";
import { Breakage } from "../../core/errors.ts";
import { createSkeletons, escapeHtml } from "./pages-skeletons.ts";
import type { Catalogue, TextArgs } from "./texts.ts";

export interface EngineOptions {
  readonly templates: ReadonlyMap<string, string>;
  readonly catalogue: Catalogue;
  /** URL of an asset; empty when there is none of that name. */
  readonly assetPath: (name: string) => string;
  /** Whether a template of a site is among them: then a page may take only so long. */
  readonly timed?: boolean | undefined;
}

export interface Engine {
  /** HTML of the template called `page`. Throws when it does not parse, or shows what is not there. */
  render(page: string, facts: Readonly<Record<string, unknown>>): string;
}

const TAGS = new Set(
  "assign block break capture case comment continue for if include layout raw render unless #".split(" "),
);
const FILTERS = new Set(
  "append at_least at_most capitalize compact concat default divided_by downcase escape first join last minus modulo plus prepend remove replace reverse round size slice split strip times truncate upcase".split(
    " ",
  ),
);
/** Bytes and characters that a page may cost; a default page stays far below. */
const LIMITS = { memoryLimit: 4_000_000, parseLimit: 1_000_000 };
/** Milliseconds by the clock for a site's page. Our own have none: on a busy machine they would end as faults. */
const RENDER_LIMIT = 1000;

/** Makes a bare Liquid with our tags, filters and limits; used by the engine and by the lint. */
export function createLiquid({ templates, catalogue, assetPath, timed = false }: EngineOptions): Liquid {
  const liquid = new Liquid({
    templates: Object.assign(Object.create(null), Object.fromEntries(templates)),
    outputEscape: "escape",
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: false,
    relativeReference: false,
    cache: true,
    ...LIMITS,
    ...(timed ? { renderLimit: RENDER_LIMIT } : {}),
  });
  for (const name of Object.keys(liquid.tags)) if (!TAGS.has(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) if (!FILTERS.has(name)) delete liquid.filters[name];

  liquid.registerFilter("t", (key: unknown, ...args: unknown[]) => catalogue.text(String(key), argsOf(args)));
  liquid.registerFilter("has_text", (key: unknown) => catalogue.has(String(key)));
  liquid.registerFilter("asset", (name: unknown) => assetPath(String(name)));
  liquid.registerFilter("clock", (time: unknown) => {
    const text = String(time);
    // A claim's time is in seconds since 1970 (RFC 7519 §2), and may be of another day.
    const seconds = /^\d{9,11}$/.test(text);
    const at = new Date(seconds ? Number(text) * 1000 : text);
    if (Number.isNaN(at.getTime())) return text;
    return seconds
      ? at.toLocaleString(catalogue.locale, { dateStyle: "medium", timeStyle: "medium" })
      : at.toLocaleTimeString(catalogue.locale, { timeStyle: "medium" });
  });
  return liquid;
}

/** Makes the engine. Templates are parsed when they are first shown. */
export function createEngine(options: EngineOptions): Engine {
  const { locale, dir } = options.catalogue;
  const baked = new Map([...options.templates].map(([name, source]) => [name, bake(source, options)]));
  const skeletons = createSkeletons(baked);
  const liquid = createLiquid({ ...options, templates: skeletons?.templates ?? baked });
  const parsed = new Map<string, Template[] | { readonly broken: unknown }>();

  function templateOf(page: string): Template[] {
    let found = parsed.get(page);
    if (found === undefined) {
      try {
        found = liquid.parseFileSync(page);
      } catch (broken) {
        found = { broken };
      }
      parsed.set(page, found);
    }
    if (Array.isArray(found)) return found;
    throw new Breakage("page-invalid", `template ${page} does not parse`, { cause: found.broken });
  }

  return {
    render(page, facts) {
      const make = () =>
        String(liquid.renderSync(templateOf(page), facts, { globals: { locale, dir, page } }));
      return skeletons === undefined ? make() : skeletons.fill(page, facts, make);
    },
  };
}

// Texts without values and paths of assets never change while an engine lives: written into the template once, they
// cost nothing when a page is shown (they are half of its outputs).
function bake(source: string, { catalogue, assetPath }: EngineOptions): string {
  return source
    .replace(/\{\{ "([\w.-]+)" \| t \}\}/g, (_all, key: string) => literal(catalogue.text(key, {})))
    .replace(/\{\{ "([\w.-]+)" \| asset \}\}/g, (_all, name: string) => literal(assetPath(name)));
}

// A brace in a text must not become a tag.
const literal = (text: string): string =>
  escapeHtml(text).replace(/[{}]/g, (one) => `&#${one.charCodeAt(0)};`);

// Named values arrive as [name, value]; one value without a name is a table of them.
function argsOf(given: readonly unknown[]): TextArgs {
  const args: Record<string, string | number | boolean> = {};
  const put = (name: string, value: unknown) => {
    args[name] = typeof value === "number" || typeof value === "boolean" ? value : String(value);
  };
  for (const one of given) {
    if (Array.isArray(one)) put(String(one[0]), one[1]);
    else if (typeof one === "object" && one !== null)
      for (const [name, value] of Object.entries(one)) put(name, value);
  }
  return args;
}
