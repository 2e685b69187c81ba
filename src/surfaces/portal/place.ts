/** Where an address is, as far as the operator's table knows: a country, and the address itself. */
import type { PortalDeps } from "./portal.ts";

export async function placeOf(
  { countryOf }: Pick<PortalDeps, "countryOf">,
  address: string | undefined,
  locale: string,
): Promise<string> {
  if (address === undefined) return "";
  const country = await countryOf?.(address);
  const name =
    country === undefined ? undefined : new Intl.DisplayNames(locale, { type: "region" }).of(country);
  return name === undefined ? address : `${name} (${address})`;
}
