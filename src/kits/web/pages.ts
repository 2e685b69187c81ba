/**
 * The pages: the product's own templates, texts and styles, and over them, file by file, those of a site. Called by
 * every surface that shows HTML. It knows nothing about requests, and whatever a site's file does wrong, a person gets
 * the product's own page and the operator a sentence; never an error.
 */
import { Breakage } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";
import type { Page } from "../../core/pages.ts";
import { chooseLocale } from "./locale.ts";
import { checkFolder } from "./pages-check.ts";
import { createEngine, type Engine } from "./pages-engine.ts";
import { factsFor } from "./pages-facts.ts";
import { type Asset, type Folder, fingerprint, readFolder } from "./pages-folder.ts";
import { createCatalogue, type TextLayer } from "./texts.ts";

export interface PagesOptions {
  /** Folder of the product's own pages. */
  readonly defaultDir: string;
  /** Folder of a site's own files; read again, without a restart, when they change. */
  readonly overlayDir?: string | undefined;
  readonly brand: string;
  /** Locale for people whose own has no texts. */
  readonly locale: string;
  /** Hears, once for each cause, of a site's file that cannot be used. */
  readonly onProblem?: ((message: string) => void) | undefined;
  /** Milliseconds; moved by tests. */
  readonly now?: (() => number) | undefined;
}

export interface Pages {
  /** `locale`: the languages that are wanted (BCP 47), the one that is liked best in front. */
  render(
    page: Page,
    options: { readonly locale?: string | readonly string[] | undefined },
  ): Promise<{ readonly html: string }>;
  /** The language that a page would be shown in. */
  localeFor(wanted: readonly string[]): string;
  /** Languages that there are texts in. */
  locales(): readonly string[];
  /** Texts of messages by locale and purpose, a site's own in front; the same object until a file changes. */
  messages(): MessageFiles;
  /** A file of `assets/` by its plain name; undefined when there is none. */
  asset(name: string): Promise<Asset | undefined>;
  /** Path under which `asset(name)` is served, with a mark of its content; empty when there is none. */
  assetPath(name: string): string;
  /** Faults of the site's folder (of the product's own, where there is no other). */
  check(): Promise<readonly Finding[]>;
}

/** What folders say of messages; the last is the product's own. */
export type MessageFiles = readonly Folder["messages"][];

/** How often a site's folder is looked at, milliseconds. */
const LOOK_EVERY = 1000;

interface Site {
  /** Texts and templates in one of `locales`. */
  readonly voice: (locale: string) => Engine;
  readonly locales: readonly string[];
  readonly messages: MessageFiles;
  readonly asset: (name: string) => Asset | undefined;
  readonly assetPath: (name: string) => string;
}

/** Reads the pages; throws Breakage `page-invalid` when the product's own folder is damaged. */
export function createPages(options: PagesOptions): Pages {
  const { defaultDir, overlayDir, locale, now = Date.now } = options;
  const told = new Set<string>();
  const tell = (message: string): void => {
    // A fault that names what a request held could otherwise grow without an end.
    if (told.has(message) || told.size > 200) return;
    told.add(message);
    options.onProblem?.(`pages: ${message}`);
  };
  const base = readFolder(defaultDir);
  const [fault] = base.faults;
  if (fault !== undefined) throw new Breakage("page-invalid", `the pages are damaged: ${fault}`);
  const plain = createSite([base], locale, tell);
  let site = plain;
  let seen: string | undefined;
  let lookAt = Number.NEGATIVE_INFINITY;

  function current(): Site {
    if (overlayDir === undefined || now() < lookAt) return site;
    lookAt = now() + LOOK_EVERY;
    try {
      const mark = fingerprint(overlayDir);
      if (mark === seen) return site;
      seen = mark;
      told.clear();
      const own = readFolder(overlayDir);
      for (const one of own.faults) tell(one);
      site = createSite([own, base], locale, tell);
    } catch (problem) {
      tell(`the folder cannot be read: ${reasonOf(problem)}; the last good pages are shown`);
    }
    return site;
  }

  const localeIn = (from: Site, wanted: readonly string[]): string => {
    const [first] = wanted;
    // A login's own language is one of them, by its very name.
    return first !== undefined && from.locales.includes(first)
      ? first
      : (chooseLocale(wanted, from.locales) ?? locale);
  };
  const show = (from: Site, page: Page, wanted: readonly string[]): string =>
    from.voice(localeIn(from, wanted)).render(page.page, factsFor(page));

  return {
    async render(page, options) {
      const from = current();
      const wanted = [options.locale ?? []].flat();
      try {
        return { html: show(from, page, wanted) };
      } catch (problem) {
        if (from === plain) throw new Breakage("page-invalid", `page ${page.page}`, { cause: problem });
        tell(`page ${page.page}: ${reasonOf(problem)}; the product's own page is shown instead`);
        return { html: show(plain, page, wanted) };
      }
    },
    localeFor: (wanted) => localeIn(current(), wanted),
    locales: () => current().locales,
    messages: () => current().messages,
    asset: async (name) => current().asset(name),
    assetPath: (name) => current().assetPath(name),
    check: async () => checkFolder(overlayDir ?? defaultDir, base, locale),
  };
}

/** Layers: a site's folder first, the product's last. */
function createSite(layers: readonly Folder[], locale: string, tell: (message: string) => void): Site {
  const templates = new Map<string, string>();
  for (const layer of [...layers].reverse())
    for (const [name, source] of layer.templates) templates.set(name, source);

  const locales = [...new Set(layers.flatMap(({ texts }) => [...texts.keys()]))].sort();
  const asset = (name: string): Asset | undefined =>
    layers.find(({ assets }) => assets.has(name))?.assets.get(name);
  const assetPath = (name: string): string => {
    const found = asset(name);
    return found === undefined ? "" : `/assets/${name}?v=${found.etag.slice(1, 9)}`;
  };
  const voices = new Map<string, Engine>();
  const voice: Site["voice"] = (tag) => {
    const known = voices.get(tag);
    if (known !== undefined) return known;
    const stack: TextLayer[] = [];
    for (const one of new Set([tag, locale]))
      for (const { texts } of layers) {
        const own = texts.get(one);
        if (own !== undefined) stack.push({ locale: one, texts: own });
      }
    const timed = layers.length > 1;
    const made = createEngine({ templates, catalogue: createCatalogue(stack, tell), assetPath, timed });
    voices.set(tag, made);
    return made;
  };
  return { voice, locales, messages: layers.map(({ messages }) => messages), asset, assetPath };
}

function reasonOf(problem: unknown): string {
  const cause = problem instanceof Breakage && problem.cause !== undefined ? problem.cause : problem;
  // Liquid quotes the template below its first line.
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]?.slice(0, 300) ?? "";
}
