/** Which acr a request gets: the request's first enabled one, else the client's, else the server's. */
import type { Mechanism } from "../../core/mechanism.ts";
import type { ClientSettings, Snapshot } from "../../core/settings.ts";
import type { Acr } from "../../core/words.ts";

export interface AcrRequest {
  /** In order of preference (OIDC Core §3.1.2.1 `acr_values`, §5.5.1.1 `acr` claim). */
  readonly wanted: readonly Acr[];
  /** Essential: one of these, or an error. */
  readonly essential: boolean;
}

export type Choice =
  | { readonly kind: "acr"; readonly mechanism: Mechanism; readonly alternatives: readonly Acr[] }
  /** The essential acr cannot be reached here (RFC 9470 §5 `unmet_authentication_requirements`). */
  | { readonly kind: "unmet" };

/** Reads `acr_values` and the `acr` claim of an authorization request. */
export function acrRequest(params: { acr_values?: unknown; claims?: unknown }): AcrRequest {
  const wanted =
    typeof params.acr_values === "string" ? params.acr_values.split(" ").filter((acr) => acr !== "") : [];
  const claim = acrClaim(params.claims);
  const named = [claim?.values, [claim?.value]]
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .filter((acr): acr is Acr => typeof acr === "string" && acr !== "");
  if (claim?.essential === true && named.length > 0) return { wanted: named, essential: true };
  return { wanted: [...wanted, ...named], essential: false };
}

function acrClaim(claims: unknown): { essential?: unknown; value?: unknown; values?: unknown } | undefined {
  try {
    const parsed: unknown = typeof claims === "string" ? JSON.parse(claims) : claims;
    const acr = (parsed as { id_token?: { acr?: unknown } } | undefined)?.id_token?.acr;
    return typeof acr === "object" && acr !== null ? acr : undefined;
  } catch {
    return undefined;
  }
}

export function chooseAcr(
  request: AcrRequest,
  client: ClientSettings | undefined,
  snapshot: Snapshot,
  mechanisms: readonly Mechanism[],
): Choice {
  // What a URL asks for is the word of whoever wrote the URL: it cannot go below what the client is allowed.
  const allowed = client?.allowed_acr_values;
  const named = (acr: Acr) =>
    mechanisms.find(
      (mechanism) =>
        (allowed === undefined || allowed.includes(mechanism.acr)) &&
        (mechanism.acr === acr || mechanism.aliases?.includes(acr)),
    );
  const known = request.wanted.map(named).filter((mechanism) => mechanism !== undefined);
  const alternatives = known.map(({ acr }) => acr);
  const first = known[0];
  if (first !== undefined) return { kind: "acr", mechanism: first, alternatives };
  if (request.essential) return { kind: "unmet" };
  for (const acr of [...(client?.default_acr_values ?? []), snapshot.acrs.default, ...(allowed ?? [])]) {
    const mechanism = named(acr);
    if (mechanism !== undefined) return { kind: "acr", mechanism, alternatives: [mechanism.acr] };
  }
  return { kind: "unmet" };
}
