/** Which language a person reads: what the relying party says (`ui_locales`, OIDC Core §3.1.2.1), else the browser. */
import { kept } from "./kept.ts";

const TAG = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i;

/** A BCP 47 tag, or undefined where nobody names one. Pages fall back to their own language for one they do not have. */
export function wantedLocale(uiLocales: unknown, acceptLanguage: string | undefined): string | undefined {
  const asked = typeof uiLocales === "string" ? uiLocales.split(" ") : [];
  return [...asked, ...accepted((acceptLanguage ?? "").slice(0, 200))].find((tag) => TAG.test(tag));
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
