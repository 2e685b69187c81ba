/**
 * The pages: the product's own templates, texts and styles, and over them, file by file, those of a site. Called by
 * every surface that shows HTML. It knows nothing about requests, and whatever a site's file does wrong, a person gets
 * the product's own page and the operator a sentence; never an error.
 */
import { Breakage } from "../../core/errors.ts";
import type { Page } from "../../core/pages.ts";
import type { Finding } from "../../core/sms.ts";

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
  render(page: Page, options: { readonly locale?: string | undefined }): Promise<{ readonly html: string }>;
  /** A file of `assets/` by its plain name; undefined when there is none. */
  asset(name: string): Promise<Asset | undefined>;
  /** Path under which `asset(name)` is served, with a mark of its content; empty when there is none. */
  assetPath(name: string): string;
  /** Faults of the site's folder (of the product's own, where there is no other). */
  check(): Promise<readonly Finding[]>;
}

/** How often a site's folder is looked at, milliseconds. */
const LOOK_EVERY = 1000;

interface Site {
  /** Texts and templates for a wanted locale (BCP 47), or for the nearest there is. */
  readonly voice: (wanted: string) => Engine;
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

  const show = (from: Site, page: Page, wanted: string): string =>
    from.voice(wanted).render(page.page, factsFor(page));

  return {
    async render(page, { locale: wanted = locale }) {
      const from = current();
      try {
        return { html: show(from, page, wanted) };
      } catch (problem) {
        if (from === plain) throw new Breakage("page-invalid", `page ${page.page}`, { cause: problem });
        tell(`page ${page.page}: ${reasonOf(problem)}; the product's own page is shown instead`);
        return { html: show(plain, page, wanted) };
      }
    },
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

  const available = new Map<string, string>();
  for (const { texts } of layers) for (const tag of texts.keys()) available.set(tag.toLowerCase(), tag);
  const nearest = (wanted: string): string => {
    const tag = wanted.toLowerCase();
    return available.get(tag) ?? available.get(tag.split("-")[0] ?? "") ?? locale;
  };
  const asset = (name: string): Asset | undefined =>
    layers.find(({ assets }) => assets.has(name))?.assets.get(name);
  const assetPath = (name: string): string => {
    const found = asset(name);
    return found === undefined ? "" : `/assets/${name}?v=${found.etag.slice(1, 9)}`;
  };
  const voices = new Map<string, Engine>();
  const voice: Site["voice"] = (wanted) => {
    const tag = nearest(wanted);
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
  return { voice, asset, assetPath };
}

function reasonOf(problem: unknown): string {
  const cause = problem instanceof Breakage && problem.cause !== undefined ? problem.cause : problem;
  // Liquid quotes the template below its first line.
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]?.slice(0, 300) ?? "";
}
