/**
 * Properties of a script on their way in and out. A secret is written and never read: `null` or nothing at all leaves
 * it, a text replaces it, the empty text clears it; and who changes where secrets are sent has to give them anew, or the
 * old ones would go to the new place (CVE-2026-15943, requirement S19).
 */
import type { Fault, Property, ScriptEntry } from "../../../core/settings.ts";
import type { CustomScript } from "../contract/scripts.ts";

/** What a gateway says of its properties. */
export interface PropertyRules {
  readonly secrets: readonly string[];
  readonly targets: readonly string[];
  readonly descriptions: Readonly<Record<string, string>>;
}

type Given = NonNullable<CustomScript["configurationProperties"]>;

/** As they are shown. */
export const shownProperties = (properties: readonly Property[]): Given =>
  properties.map(({ value1, value2, hide, description }) => ({
    value1,
    value2: hide ? null : value2,
    hide,
    ...(description === "" ? {} : { description }),
    ...(hide ? { isSet: value2 !== "" } : {}),
  }));

/** The properties after the change, or what is wrong with it. `at`: their place in what was sent. */
export function changedProperties(
  old: readonly Property[],
  given: Given | null | undefined,
  rules: PropertyRules,
  at = "configurationProperties",
): readonly Property[] | readonly Fault[] {
  if (given === null || given === undefined) return old;
  const before = new Map(old.map((property) => [property.value1, property]));
  const after = given.map(({ value1, value2, hide, description }): Property => {
    const known = before.get(value1);
    const secret = rules.secrets.includes(value1) || known?.hide === true;
    const kept = secret && (value2 === null || value2 === undefined);
    return {
      value1,
      value2: kept ? (known?.value2 ?? "") : (value2 ?? ""),
      // What was hidden stays so while it keeps its value; otherwise un-hiding would be reading.
      hide: rules.secrets.includes(value1) || (kept ? known?.hide === true : (hide ?? known?.hide ?? false)),
      description: description ?? known?.description ?? rules.descriptions[value1] ?? "",
    };
  });
  // A secret that was not sent along stays; a property that was not sent along and is none goes, or is empty again.
  const names = new Set(given.map(({ value1 }) => value1));
  const unsent = old.filter(({ value1, hide }) => hide && !names.has(value1));
  const next = [...after, ...unsent];
  const faults = staleSecrets(old, next, given, rules, at);
  return faults.length > 0 ? faults : next;
}

function staleSecrets(
  old: readonly Property[],
  next: readonly Property[],
  given: Given,
  { secrets, targets }: PropertyRules,
  at: string,
): readonly Fault[] {
  const setTo = (properties: readonly Property[], name: string) =>
    properties.find(({ value1 }) => value1 === name)?.value2 ?? "";
  const moved = targets.filter((name) => setTo(old, name) !== setTo(next, name));
  if (moved.length === 0) return [];
  return secrets
    .filter((name) => setTo(old, name) !== "")
    .filter((name) => {
      const sent = given.find(({ value1 }) => value1 === name)?.value2;
      return sent === null || sent === undefined;
    })
    .map((name) => ({
      path: `${at}.${name}`,
      message: `must be given anew, because ${moved.join(" and ")} ${moved.length > 1 ? "change" : "changes"} with it`,
    }));
}

/** Names of what has changed, for the history; never a value. */
export function changedNames(old: ScriptEntry, next: ScriptEntry): readonly string[] {
  const names = (
    ["enabled", "level", "aliases", "description", "moduleProperties", "source"] as const
  ).filter((field) => JSON.stringify(old[field]) !== JSON.stringify(next[field]));
  const before = new Map(old.configurationProperties.map(({ value1, value2 }) => [value1, value2]));
  const after = new Map(next.configurationProperties.map(({ value1, value2 }) => [value1, value2]));
  const properties = [...new Set([...before.keys(), ...after.keys()])].filter(
    (property) => (before.get(property) ?? "") !== (after.get(property) ?? ""),
  );
  return [...names, ...properties];
}
