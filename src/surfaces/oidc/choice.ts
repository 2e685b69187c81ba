/**
 * Which acr a request gets: the request's first enabled one, else the client's, else the server's. And whether what a
 * session has shown answers it. Asked by the policy at every request and by the interaction where a login begins.
 */
import { type Attained, attain, attainRemembered, satisfies } from "../../core/gate.ts";
import type { Mechanism } from "../../core/mechanism.ts";
import type { ClientSettings, Snapshot } from "../../core/settings.ts";
import type { Acr, Proof } from "../../core/words.ts";

export interface AcrRequest {
  /** In order of preference (OIDC Core §3.1.2.1 `acr_values`, §5.5.1.1 `acr` claim). */
  readonly wanted: readonly Acr[];
  /** Essential: one of these, or an error. */
  readonly essential: boolean;
}

export type Choice =
  | {
      readonly kind: "acr";
      /** What a login is begun for. */
      readonly mechanism: Mechanism;
      /** Whatever answers the request as well, under the name it was asked for by. */
      readonly named: readonly { readonly name: Acr; readonly mechanism: Mechanism }[];
      readonly essential: boolean;
    }
  /** The acr cannot be reached here (RFC 9470 §5 `unmet_authentication_requirements`). */
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

interface AcrClaim {
  readonly essential?: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
}

function acrClaim(claims: unknown): AcrClaim | undefined {
  try {
    const parsed: unknown = typeof claims === "string" ? JSON.parse(claims) : claims;
    const acr = (parsed as { id_token?: { acr?: unknown } } | undefined)?.id_token?.acr;
    return typeof acr === "object" && acr !== null ? acr : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the `acr` claim of a request: passed over, a requirement would become a wish. */
export function acrClaimProblem(claims: unknown): string | undefined {
  const { essential, value, values } = acrClaim(claims) ?? {};
  if (essential !== undefined && typeof essential !== "boolean")
    return "claims.id_token.acr.essential must be true or false";
  if (value !== undefined && typeof value !== "string") return "claims.id_token.acr.value must be a string";
  if (values !== undefined && !(Array.isArray(values) && values.every((acr) => typeof acr === "string")))
    return "claims.id_token.acr.values must be a list of strings";
  return undefined;
}

const goesBy = ({ acr, aliases }: Mechanism, name: Acr): boolean =>
  acr === name || aliases?.includes(name) === true;

/** Every name under which a mechanism can be asked for. */
export const namesOf = ({ acr, aliases = [] }: Mechanism): readonly Acr[] => [acr, ...aliases];

export function chooseAcr(
  request: AcrRequest,
  client: ClientSettings | undefined,
  snapshot: Snapshot,
  mechanisms: readonly Mechanism[],
): Choice {
  const find = (name: Acr) => mechanisms.find((mechanism) => goesBy(mechanism, name));
  const allowed = client?.allowed_acr_values;
  // What a URL asks for is the word of whoever wrote the URL: it cannot go below what the client is allowed.
  const may = (mechanism: Mechanism) =>
    allowed === undefined || allowed.some((name) => goesBy(mechanism, name));
  const named = request.wanted.flatMap((name) => {
    const mechanism = find(name);
    return mechanism !== undefined && may(mechanism) ? [{ name, mechanism }] : [];
  });
  const { essential } = request;
  const first = named[0];
  if (first !== undefined) return { kind: "acr", mechanism: first.mechanism, named, essential };
  if (essential) return { kind: "unmet" };

  const own = (client?.default_acr_values ?? []).flatMap((name) => find(name) ?? []).find(may);
  const server = find(snapshot.acrs.default);
  const least = allowed === undefined ? Number.NEGATIVE_INFINITY : leastLevel(allowed, snapshot);
  const mechanism =
    own ??
    (server !== undefined && (may(server) || server.level >= least) ? server : undefined) ??
    (allowed ?? []).flatMap((name) => find(name) ?? [])[0];
  return mechanism === undefined
    ? { kind: "unmet" }
    : { kind: "acr", mechanism, named: [{ name: mechanism.acr, mechanism }], essential: false };
}

/**
 * The least level a client is allowed: of its enabled acrs, or where all of them are disabled, of those. Infinite where
 * nothing is known of any: nothing is strong enough for a client whose acrs have no level.
 */
function leastLevel(allowed: readonly Acr[], { scripts }: Snapshot): number {
  const entries = scripts.filter(({ name, aliases }) =>
    [name, ...aliases].some((one) => allowed.includes(one)),
  );
  const enabled = entries.filter((entry) => entry.enabled);
  return Math.min(...(enabled.length > 0 ? enabled : entries).map(({ level }) => level));
}

/**
 * What a session's proofs answer to a choice; undefined: something has to be shown first. A wish is answered by
 * whatever is strong enough, under the mechanism's own name. A requirement is answered by one of the names that it
 * gave, as OIDC Core §5.5.1.1 demands, and only where every factor behind that name has been shown.
 */
export function answered(
  choice: Extract<Choice, { kind: "acr" }>,
  proofs: readonly Proof[],
  mechanisms: readonly Mechanism[],
  /** Request, client and person let a remembered device stand in. */
  lenient = false,
): { readonly acr: Acr; readonly attained: Attained } | undefined {
  const attained = attain(proofs, mechanisms);
  if (!choice.essential) {
    const enough =
      satisfies(attained, choice.mechanism) ||
      choice.named.some(({ mechanism }) => mechanism.acr === attained?.acr);
    if (attained !== undefined && enough) return { acr: attained.acr, attained };
    const stood = lenient ? attainRemembered(proofs, choice.mechanism) : undefined;
    return stood && { acr: stood.acr, attained: stood };
  }
  if (attained === undefined) return undefined;
  const met = choice.named
    .filter(({ mechanism }) => attain(proofs, [mechanism]) !== undefined)
    .sort((one, other) => other.mechanism.level - one.mechanism.level)[0];
  return met === undefined ? undefined : { acr: met.name, attained };
}

/**
 * The proofs a login for this choice may build on. For a requirement only those of its own factors: a stronger session
 * of other factors would end the login before what was required has been shown.
 */
export const proofsToBuildOn = (
  { essential, mechanism }: Extract<Choice, { kind: "acr" }>,
  proofs: readonly Proof[],
): readonly Proof[] =>
  essential ? proofs.filter(({ factor }) => mechanism.requires.includes(factor)) : proofs;
