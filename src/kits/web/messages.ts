/**
 * Texts of messages to phones: which one a purpose, a language and a relying party get. The relying party's own text is
 * in front, then the site's in the settings, then its folder's file, then the product's; each language to its end
 * before the one it falls back to. Called by delivery through a port of core; it sends nothing and composes nothing.
 */
import type { MessageText, MessageTexts, MessageValues, OwnTexts } from "../../core/message-texts.ts";
import { fallbacksOf } from "./locale.ts";
import { faultsOfTexts } from "./messages-check.ts";
import type { MessageFiles } from "./pages.ts";
import { type Catalogue, createCatalogue, type TextLayer } from "./texts.ts";

export interface MessageSources {
  /** Of folders, the product's own last; another object when they have changed. */
  readonly files: () => MessageFiles;
  /** Of the settings; another object when they have changed. */
  readonly settings: () => {
    readonly texts: OwnTexts;
    readonly clients: readonly { readonly client_id: string; readonly texts?: OwnTexts | undefined }[];
  };
  /** The language in which there is every text. */
  readonly locale: string;
  readonly onProblem: (message: string) => void;
}

/** Catalogues kept: one for each relying party and language in use. */
const MOST = 500;

/** Chooses the texts of messages. A text of a file that cannot be used is told of once and passed over. */
export function createMessageTexts(sources: MessageSources): MessageTexts {
  const catalogues = new Map<string, { catalogue: Catalogue; texts: Map<string, MessageText> }>();
  let files: MessageFiles = [];
  let usable: MessageFiles = [];
  let settings: ReturnType<MessageSources["settings"]> | undefined;

  function refresh(): ReturnType<MessageSources["settings"]> {
    const now = { files: sources.files(), settings: sources.settings() };
    if (now.files !== files) {
      files = now.files;
      // The product's own are looked at by the tests.
      usable = files.map((file, index) => (index === files.length - 1 ? file : usableOf(file)));
      catalogues.clear();
    }
    if (now.settings !== settings || catalogues.size >= MOST) catalogues.clear();
    settings = now.settings;
    return settings;
  }

  const usableOf = (file: MessageFiles[number]): MessageFiles[number] =>
    new Map(
      [...file].map(([locale, texts]) => {
        const faults = faultsOfTexts(texts, locale);
        for (const { purpose, fault } of faults)
          sources.onProblem(`messages/${locale}.json: ${purpose} ${fault}; another text is sent`);
        const bad = new Set(faults.map(({ purpose }) => purpose));
        return [locale, new Map([...texts].filter(([purpose]) => !bad.has(purpose)))];
      }),
    );

  // Told of at the start, not with the first message.
  refresh();
  return (purpose, locale, client) => {
    const { texts, clients } = refresh();
    const key = JSON.stringify([locale, client]);
    let catalogue = catalogues.get(key);
    if (catalogue === undefined) {
      const own = clients.find(({ client_id }) => client_id === client)?.texts;
      const layers = [...new Set([...fallbacksOf(locale), sources.locale])].flatMap((tag): TextLayer[] => [
        layerOf(own, tag),
        layerOf(texts, tag),
        ...usable.map((file) => ({ locale: tag, texts: inLocale(file, tag) ?? new Map<string, string>() })),
      ]);
      catalogue = { catalogue: createCatalogue(layers, sources.onProblem), texts: new Map() };
      catalogues.set(key, catalogue);
    }
    const { catalogue: chosen, texts: made } = catalogue;
    // The same text is the same function: what was found out of it can be kept by it.
    const text = made.get(purpose) ?? ((values: MessageValues) => chosen.text(purpose, values));
    made.set(purpose, text);
    return text;
  };
}

/** Tags are the same in capitals and without (RFC 5646 §2.1.1). */
const inLocale = <T>(all: Iterable<readonly [string, T]>, locale: string): T | undefined =>
  [...all].find(([tag]) => tag.toLowerCase() === locale.toLowerCase())?.[1];

const layerOf = (own: OwnTexts | undefined, locale: string): TextLayer => ({
  locale,
  texts: new Map(
    Object.entries(own ?? {}).flatMap(([purpose, texts]) => {
      const text = inLocale(Object.entries(texts), locale);
      return text === undefined ? [] : [[purpose, text]];
    }),
  ),
});
