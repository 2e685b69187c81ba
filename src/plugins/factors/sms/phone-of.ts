/** Which phone a code goes to: the directory's, where the mechanism names its attribute, else the one that was bound. */
import type { PhoneData } from "../../../core/authenticators.ts";
import { preferred } from "../../../core/undo.ts";
import type { Subject } from "../../../core/words.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";

/** `number` is E.164 of `country`; undefined: there is none that receives texts. */
export async function phoneOf(
  { authenticators, claimOf, phones, countries }: SmsFactorDeps,
  subject: Subject,
  attribute: string | undefined,
): Promise<Pick<PhoneData, "number" | "country"> | undefined> {
  const held = attribute === undefined ? undefined : await claimOf(subject, attribute);
  if (typeof held === "string" && held !== "") {
    const parsed = phones.parse(held, { allowedCountries: countries() });
    if (parsed.kind === "number") return { number: parsed.number.reveal(), country: parsed.country };
  }
  const bound = preferred(await authenticators.list(subject, KIND));
  return bound?.data as PhoneData | undefined;
}
