/** Which language a person reads: what the relying party says (`ui_locales`, OIDC Core §3.1.2.1), then the browser. */
import { kept } from "./kept.ts";

const TAG = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i;
/** Languages that are looked at, whoever names more. */
const MOST = 20;

/** BCP 47 tags, the one that is liked best in front; empty where nobody names one. */
export function wantedLocales(uiLocales: unknown, acceptLanguage: string | undefined): readonly string[] {
  const asked = typeof uiLocales === "string" ? uiLocales.slice(0, 200).split(" ") : [];
  const all = [...asked, ...accepted((acceptLanguage ?? "").slice(0, 200))];
  return all.filter((tag) => TAG.test(tag)).slice(0, MOST);
}

/** The tags of an `Accept-Language` field, the one that is liked best in front. */
const accepted = kept((field): readonly string[] =>
  field
    .split(",")
    .map((part) => {
      const [tag = "", weight] = part.trim().split(/\s*;\s*q=/i);
      return { tag, weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag),
);

/** A tag and what it falls back to, by taking parts off its end (RFC 4647 §3.4): `de-CH-1996`, `de-CH`, `de`. */
export const fallbacksOf = (tag: string): readonly string[] =>
  tag.split("-").map((_part, index, parts) => parts.slice(0, parts.length - index).join("-"));

/** The first of the wanted languages that there is, or what it falls back to; undefined where there is none. */
export function chooseLocale(wanted: readonly string[], available: Iterable<string>): string | undefined {
  const known = new Map([...available].map((tag) => [tag.toLowerCase(), tag]));
  for (const tag of wanted)
    for (const one of fallbacksOf(tag.toLowerCase())) {
      const found = known.get(one);
      if (found !== undefined) return found;
    }
  return undefined;
}
