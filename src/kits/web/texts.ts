/**
 * Texts of one locale: ICU messages, compiled once each. Called by the template engine; it never escapes (the engine
 * does, for everything) and never throws for a text that a site has broken: the next layer's text is shown instead.
 */
import IntlMessageFormat from "intl-messageformat";

/** Values a text may show. */
export type TextArgs = Readonly<Record<string, string | number | boolean>>;

/** One file of texts; a catalogue looks through several, the site's own first. */
export interface TextLayer {
  readonly locale: string;
  readonly texts: ReadonlyMap<string, string>;
}

export interface Catalogue {
  /** BCP 47 tag of the first layer. */
  readonly locale: string;
  readonly dir: "ltr" | "rtl";
  has(key: string): boolean;
  /** The sentence; the key itself when no layer has a usable text for it. */
  text(key: string, args: TextArgs): string;
}

type Compiled = string | IntlMessageFormat;

const RTL_LANGUAGE = /^(?:ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)(?:-|$)/i;
// Letters that run from right to left, and characters that turn the direction of what follows.
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufeff]/;
const ISOLATES = /[\u2066-\u2069]/g;

/** Makes a catalogue over `layers`; `onProblem` hears of a broken text once. */
export function createCatalogue(
  layers: readonly TextLayer[],
  onProblem: (message: string) => void,
): Catalogue {
  const compiled = new Map<string, readonly Compiled[]>();
  const locale = layers[0]?.locale ?? "en";

  function find(key: string): readonly Compiled[] {
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const found: Compiled[] = [];
    for (const layer of layers) {
      const text = layer.texts.get(key);
      if (text === undefined) continue;
      const one = compileText(text, layer.locale);
      if (one instanceof Error)
        onProblem(`texts/${layer.locale}.json: ${key}: ${one.message}; another text is shown`);
      else found.push(one);
    }
    // Keys that nobody has are not kept: where they come from outside, they could fill the memory.
    if (found.length > 0) compiled.set(key, found);
    return found;
  }

  return {
    locale,
    dir: RTL_LANGUAGE.test(locale) ? "rtl" : "ltr",
    has: (key) => find(key).length > 0,
    text(key, args) {
      for (const one of find(key)) {
        if (typeof one === "string") return one;
        try {
          return String(one.format(isolate(args)));
        } catch (problem) {
          onProblem(`text ${key} (${locale}): ${(problem as Error).message}; another text is shown`);
        }
      }
      return key;
    },
  };
}

/** A text as it is shown: itself when it takes no values, an ICU message otherwise, an Error when it is not valid ICU. */
export function compileText(text: string, locale: string): Compiled | Error {
  if (!/[{}'#]/.test(text)) return text;
  try {
    return new IntlMessageFormat(text, locale, undefined, { ignoreTag: true });
  } catch (problem) {
    return new Error(`no valid ICU message (${(problem as Error).message})`);
  }
}

/** An element of a parsed message, as far as it is looked at here. */
interface Element {
  readonly type: number;
  readonly value?: unknown;
  readonly options?: Readonly<Record<string, { readonly value: readonly Element[] }>>;
}

const partsOf = (text: string): readonly Element[] => {
  const compiled = compileText(text, "en");
  return typeof compiled === "string" || compiled instanceof Error
    ? []
    : (compiled.getAst() as unknown as readonly Element[]);
};
const optionsOf = ({ options = {} }: Element) => Object.values(options).map(({ value }) => value);

/** Names of the values in an ICU message. */
export function argumentsOf(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const walk = (parts: readonly Element[]): void => {
    for (const part of parts) {
      // 1–6 are the elements with a name: argument, number, date, time, select, plural; 0 is literal, 7 is `#`.
      if (part.type >= 1 && part.type <= 6) names.add(String(part.value));
      for (const option of optionsOf(part)) walk(option);
    }
  };
  walk(partsOf(text));
  return names;
}

/** Whether an ICU message shows this value as it was given (not as a number or a date), whichever branch is taken. */
export function alwaysShows(text: string, name: string): boolean {
  const shown = (parts: readonly Element[]): boolean =>
    parts.some((part) => {
      const options = optionsOf(part);
      return (part.type === 1 && part.value === name) || (options.length > 0 && options.every(shown));
    });
  return shown(partsOf(text));
}

function isolate(args: TextArgs): Record<string, string | number | boolean> {
  const safe: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(args))
    safe[name] = typeof value === "string" ? isolated(value) : value;
  return safe;
}

// A name must not be able to rearrange the sentence around it: it stands in an isolate of its own (UAX #9 §6.3), out
// of which nothing in it leads.
function isolated(value: string): string {
  const plain = value.replace(ISOLATES, "");
  return TURNS.test(plain) ? `\u2068${plain}\u2069` : plain;
}
