/**
 * Telephone numbers: what a person types becomes one E.164 number, or a refusal. Wraps libphonenumber-js with its
 * largest metadata, the only one that knows types. Called by the sms factor (enrolment) and by compose; it sends
 * nothing, keeps nothing and never says whether a number is in use.
 */
import { createRequire } from "node:module";
import type { PhoneNumber as Parsed } from "libphonenumber-js/max";
import { PhoneNumber } from "../../core/secret.ts";
import { readNumber } from "./typed.ts";

type Library = typeof import("libphonenumber-js/max");

/** ISO 3166-1 alpha-2 codes, or every country. */
export type AllowedCountries = "all" | readonly string[];

export type ParsedPhone =
  | { readonly kind: "number"; readonly number: PhoneNumber; readonly country: string }
  | { readonly kind: "refused"; readonly reason: "invalid" | "not-mobile" | "country-not-allowed" };

/** One choice of the country field: ISO code, name in the person's language, calling code such as `+49`. */
export interface PhoneCountry {
  readonly code: string;
  readonly name: string;
  readonly calling: string;
}

export interface Phones {
  /**
   * What a person typed. `country` is the one they chose for a number in national form; without it a list of one
   * allowed country is the one meant. Only types that receive texts pass: mobile, and fixed-or-mobile where a
   * country's plan does not tell them apart (security requirement O14).
   */
  parse(
    input: string,
    options: { readonly country?: string | undefined; readonly allowedCountries: AllowedCountries },
  ): ParsedPhone;
  /** The allowed countries, sorted as the language sorts; an unknown language reads English. */
  countries(allowed: AllowedCountries, locale: string): readonly PhoneCountry[];
  /** The last two digits: `•••• 43`. */
  mask(number: PhoneNumber): string;
  /** An E.164 number as people write it, `+44 7400 123456`; anything else as it is. For the demo phone only. */
  spaced(number: string): string;
  /** ISO 3166-1 alpha-2 of a valid E.164 number of any type; undefined for anything else and for numbers of no country. */
  countryOf(number: string | PhoneNumber): string | undefined;
  /** Loads the metadata (about 50 ms) ahead of the first use. */
  warm(): void;
}

const RECEIVES_TEXTS: readonly unknown[] = ["MOBILE", "FIXED_LINE_OR_MOBILE"];
/** Country lists kept; the languages asked for come from outside and must not fill the memory. */
const MOST_LISTS = 50;

export function createPhones(): Phones {
  let loaded: Library | undefined;
  const library = (): Library => {
    loaded ??= createRequire(import.meta.url)("libphonenumber-js/max") as Library;
    return loaded;
  };
  const lists = new Map<string, readonly PhoneCountry[]>();

  function valid(text: string, country: string | undefined): Parsed | undefined {
    const { parsePhoneNumberFromString, isSupportedCountry } = library();
    const defaultCountry = country !== undefined && isSupportedCountry(country) ? country : undefined;
    // `extract: false`: a number inside other text is not a number that somebody typed.
    const options = { extract: false, ...(defaultCountry === undefined ? {} : { defaultCountry }) };
    const parsed = parsePhoneNumberFromString(text, options);
    return parsed?.ext === undefined && parsed?.isValid() ? parsed : undefined;
  }

  return {
    parse(input, { country, allowedCountries }) {
      const only =
        allowedCountries !== "all" && allowedCountries.length === 1 ? allowedCountries[0] : undefined;
      const home = country ?? only;
      let parsed: Parsed | undefined;
      for (const candidate of readNumber(input)) parsed ??= valid(candidate, home);
      if (parsed === undefined) return { kind: "refused", reason: "invalid" };
      // Satellite and international shared-cost ranges belong to no country.
      if (parsed.country === undefined) return { kind: "refused", reason: "not-mobile" };
      if (allowedCountries !== "all" && !allowedCountries.includes(parsed.country))
        return { kind: "refused", reason: "country-not-allowed" };
      if (!RECEIVES_TEXTS.includes(parsed.getType())) return { kind: "refused", reason: "not-mobile" };
      return { kind: "number", number: new PhoneNumber(parsed.number), country: parsed.country };
    },

    countries(allowed, locale) {
      const key = `${locale} ${allowed === "all" ? allowed : allowed.join()}`;
      const known = lists.get(key);
      if (known !== undefined) return known;
      const { getCountries, getCountryCallingCode } = library();
      const names = displayNames(locale);
      const list = getCountries()
        .filter((code) => allowed === "all" || allowed.includes(code))
        .map((code) => ({ code, name: names.of(code) ?? code, calling: `+${getCountryCallingCode(code)}` }));
      const { compare } = new Intl.Collator(names.resolvedOptions().locale);
      list.sort((a, b) => compare(a.name, b.name));
      if (lists.size >= MOST_LISTS) lists.clear();
      lists.set(key, list);
      return list;
    },

    mask: (number) => number.toString(),
    spaced: (number) => library().parsePhoneNumberFromString(number)?.formatInternational() ?? number,
    countryOf: (number) => valid(typeof number === "string" ? number : number.reveal(), undefined)?.country,
    warm: () => void library(),
  };
}

function displayNames(locale: string): Intl.DisplayNames {
  try {
    return new Intl.DisplayNames([locale, "en"], { type: "region" });
  } catch {
    return new Intl.DisplayNames(["en"], { type: "region" });
  }
}
