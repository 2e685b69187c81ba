/** An entry as plain values: names in lower case, as LDAP compares them, and nothing that is too long to be of use. */
import type { Entry } from "ldapts";

export interface Attributes {
  readonly dn: string;
  readonly of: ReadonlyMap<string, readonly (string | Buffer)[]>;
}

/** An attribute of a person with more values, or longer ones, is no attribute of a person. */
const MOST_VALUES = 200;
const LONGEST = 2000;

export function toAttributes({ dn, ...rest }: Entry): Attributes {
  const of = new Map<string, readonly (string | Buffer)[]>();
  for (const [name, value] of Object.entries(rest)) {
    const all: readonly (string | Buffer)[] = Array.isArray(value) ? value : [value];
    const kept = all.slice(0, MOST_VALUES).filter((one) => one.length > 0 && one.length <= LONGEST);
    if (kept.length > 0) of.set(name.toLowerCase(), kept);
  }
  return { dn, of };
}

/** The values that are text. */
export const values = (entry: Attributes, name: string): readonly string[] =>
  (entry.of.get(name.toLowerCase()) ?? []).map((value) =>
    typeof value === "string" ? value : value.toString("utf8"),
  );

/** The first one. */
export const first = (entry: Attributes, name: string): string | undefined => values(entry, name)[0];

/** The first one as bytes, for attributes that are none. */
export function bytes(entry: Attributes, name: string): Buffer | undefined {
  const value = entry.of.get(name.toLowerCase())?.[0];
  return value === undefined ? undefined : Buffer.from(value);
}
