/**
 * Two people at the same step see the same page but for the form's `csrf` and `action`, the phone `number` that they
 * typed, the `challenge` of a passkey, and the moment `stateAt` at which something became of their text. So a page is rendered once with gaps for these, and kept for the next person: the list of all countries is
 * drawn once, not once for each of them. Called by the template engine. Pages that show a username are not kept.
 */
import { randomBytes } from "node:crypto";

/** A rendered page: text, gap, text, gap, …; a gap is one of `GAPS`. */
type Skeleton = readonly string[];
type Facts = Readonly<Record<string, unknown>>;

export interface Skeletons {
  /** The templates, with marks where the gaps are. */
  readonly templates: ReadonlyMap<string, string>;
  /** The page of `facts`, from what is kept or made by `make`. */
  fill(page: string, facts: Facts, make: () => string): string;
}

/** Characters of all pages that are kept. */
const MOST = 2_000_000;
const GAPS = ["csrf", "action", "number", "stateAt", "challenge"] as const;
/** Pages that hold a secret of one person, or are of one person alone. */
const UNKEPT: readonly string[] = ["totp-enrol", "passkey", "passkey-enrol", "recovery-codes", "forgotten"];
const SHOWN = /\{\{ (csrf|action|number|stateAt|challenge) \}\}/g;
const CODE = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;

/** Undefined when a template does more with a gap's fact than show it: then every page is rendered anew. */
export function createSkeletons(given: ReadonlyMap<string, string>): Skeletons | undefined {
  // Nobody outside can know it, so no name can contain it and get a token shown where it does not belong.
  const mark = `\ue000${randomBytes(12).toString("hex")}`;
  const templates = new Map<string, string>();
  for (const [name, source] of given) {
    const marked = source.replace(SHOWN, (_all, gap: string) => `${mark}${gap}${mark}`);
    if (
      marked
        .match(CODE)
        ?.some((code) => /\b(?:csrf|action|number|stateAt|challenge)\b/.test(code.replace(/"[^"]*"/g, "")))
    )
      return undefined;
    templates.set(name, marked);
  }

  const kept = new Map<string, Skeleton>();
  let characters = 0;
  const keep = (key: string, skeleton: Skeleton, size: number): void => {
    if (size > MOST / 10) return;
    if (characters + size > MOST) {
      kept.clear();
      characters = 0;
    }
    kept.set(key, skeleton);
    characters += size;
  };

  return {
    templates,
    fill(page, facts, make) {
      const keeps = facts.csrf !== undefined && (facts.username ?? "") === "" && !UNKEPT.includes(page);
      const key = !keeps ? undefined : page + keyOf(facts);
      let skeleton = key === undefined ? undefined : kept.get(key);
      if (skeleton === undefined) {
        const html = make();
        skeleton = html.split(mark);
        if (key !== undefined) keep(key, skeleton, key.length + html.length);
      }
      let html = "";
      for (let at = 0; at < skeleton.length; at += 1) {
        const part = skeleton[at] ?? "";
        html += at % 2 === 0 ? part : escapeHtml(String(facts[part] ?? ""));
      }
      return html;
    },
  };
}

const EMPTY = Object.fromEntries(GAPS.map((gap) => [gap, ""]));
const keyOf = (facts: Facts): string => JSON.stringify({ ...facts, ...EMPTY });

/** Text as it stands in HTML, inside and outside of quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
