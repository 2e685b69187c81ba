/** Which phone a code goes to: the directory's, where the mechanism names its attribute, else one of those that are bound. */
import type { Authenticator, PhoneData } from "../../../core/authenticators.ts";
import { newUntil, preferred } from "../../../core/undo.ts";
import type { Subject } from "../../../core/words.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

/** `number` is E.164 of `country`; `id` is the authenticator's. */
export interface ChosenPhone extends Pick<PhoneData, "number" | "country"> {
  readonly id?: string | undefined;
}

/**
 * Every phone that receives texts, the one that a code goes to unless told first; empty: there is none. A number that has
 * just come is none that could be chosen instead: nobody behind the code would know that it was the stranger's (P18).
 * `all`: what is bound to the person, where it was read just now.
 */
export async function phonesOf(
  { authenticators, claimOf, phones, countries, newNumberHours, now }: SmsFactorDeps,
  subject: Subject,
  attribute: string | undefined,
  all?: readonly Authenticator[],
): Promise<readonly ChosenPhone[]> {
  const held = attribute === undefined ? undefined : await claimOf(subject, attribute);
  if (typeof held === "string" && held !== "") {
    const parsed = phones.parse(held, { allowedCountries: countries() });
    if (parsed.kind === "number") return [{ number: parsed.number.reveal(), country: parsed.country }];
  }
  const bound = all?.filter(({ kind }) => kind === KIND) ?? (await authenticators.list(subject, KIND));
  const first = preferred(bound);
  const others = bound.filter((one) => one !== first && newUntil(one, newNumberHours(), now()) === undefined);
  return [...(first === undefined ? [] : [first]), ...others].map(({ id, data }) => {
    const { number, country } = data as PhoneData;
    return { id, number, country };
  });
}
