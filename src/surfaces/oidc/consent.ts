/** Consent: what the person has allowed a relying party, kept as the engine's grant. */

import type { IncomingMessage } from "node:http";
import type { Grant, KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Clock } from "../../core/words.ts";
import { shownAs } from "./access.ts";
import { claimsByScope } from "./account.ts";
import { loginBehind, tellWithGrant } from "./told-acts.ts";

/** Claims that nobody is asked about; the engine leaves them out of consent as well. */
const NEVER_ASKED = ["sub", "sid", "auth_time", "acr", "amr", "iss"];

/**
 * The grant of this session, or for a trusted client one over all it asks for. Whoever skips the person's consent
 * stands in the audit by the same commit, once for each grant that is made or widened so: without it there is no grant.
 */
export async function loadGrant(
  ctx: KoaContextWithOIDC,
  trusted: boolean,
  deps: {
    readonly addressOf: (request: IncomingMessage) => string;
    readonly now: Clock;
  },
): Promise<Grant | undefined> {
  const { oidc } = ctx;
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const id = oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = id === undefined ? undefined : await provider.Grant.find(id);
  const usable = found !== undefined && found.accountId === session.accountId ? found : undefined;
  if (!trusted || isAsked(oidc)) return usable;
  const { accountId } = session;
  const { clientId } = client;
  const grant = usable ?? new provider.Grant({ accountId, clientId });
  const hadScopes = grant.getOIDCScopeEncountered().split(" ");
  const hadClaims = new Set([...grant.getOIDCClaimsEncountered(), ...NEVER_ASKED]);
  const scopes = [...oidc.requestParamOIDCScopes].filter((scope) => !hadScopes.includes(scope));
  const claims = [...oidc.requestParamClaims].filter((claim) => !hadClaims.has(claim));
  const resources = resourceScopes(ctx).flatMap(([resource, wanted]) => {
    const had = grant.getResourceScopeEncountered(resource).split(" ");
    const missing = wanted.filter((scope) => !had.includes(scope));
    return missing.length === 0 ? [] : [[resource, missing] as const];
  });
  if (usable !== undefined && scopes.length + claims.length + resources.length === 0) return usable;
  tellWithGrant(ctx, {
    kind: "consent-skipped",
    at: deps.now(),
    subject: accountId,
    login: loginBehind(oidc),
    client: clientId,
    address: deps.addressOf(ctx.req),
    facts: {
      scopes: [...scopes, ...resources.flatMap(([, missing]) => missing)].join(" "),
      ...(claims.length === 0 ? {} : { claims: claims.join(" ") }),
    },
  });
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(" "));
  for (const [resource, missing] of resources) grant.addResourceScope(resource, missing.join(" "));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  await grant.save();
  return grant;
}

/** What is asked for at each resource, as far as the client may have it there. */
const resourceScopes = ({ oidc }: KoaContextWithOIDC): readonly (readonly [string, readonly string[]])[] =>
  Object.entries(oidc.resourceServers ?? {}).map(([resource, server]) => [
    resource,
    [...oidc.requestParamScopes].filter((scope) => server.scopes.has(scope)),
  ]);
/** Where the person is asked all the same, the answer is theirs: `prompt=consent`, and the engine's native clients. */
const isAsked = (oidc: KoaContextWithOIDC["oidc"]): boolean =>
  oidc.promptPending("consent") ||
  (oidc.client?.applicationType === "native" && oidc.result?.consent === undefined);

interface Missing {
  readonly missingOIDCScope?: readonly string[];
  readonly missingOIDCClaims?: readonly string[];
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
}

/** Gives what the consent page showed; answers the grant's id. */
export async function giveGrant(
  provider: Provider,
  interaction: {
    grantId?: string | undefined;
    accountId: string;
    clientId: string;
    details: Record<string, unknown>;
  },
): Promise<string> {
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = interaction.details as Missing;
  const found =
    interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  const grant =
    found ?? new provider.Grant({ accountId: interaction.accountId, clientId: interaction.clientId });
  if (missingOIDCScope !== undefined) grant.addOIDCScope(missingOIDCScope.join(" "));
  if (missingOIDCClaims !== undefined) grant.addOIDCClaims([...missingOIDCClaims]);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {}))
    grant.addResourceScope(resource, scopes.join(" "));
  return grant.save();
}

/** The scope a claim belongs to; a claim asked for by name is shown as what it tells. */
const scopeOf = (claim: string): string =>
  Object.entries(claimsByScope).find(
    ([scope, claims]) => scope !== "openid" && claims.includes(claim),
  )?.[0] ?? "profile";

/** What the consent page lists: scopes not yet granted (or all that were asked for), and those behind single claims. */
export function scopesToShow(
  params: Record<string, unknown>,
  details: Record<string, unknown>,
): readonly string[] {
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = details as Missing;
  // Scopes of an API are one thing to a person.
  const resource = Object.keys(missingResourceScopes ?? {}).map(shownAs);
  const asked = String(params.scope ?? "openid").split(" ");
  const named = (missingOIDCClaims ?? []).map(scopeOf);
  return [
    ...new Set([...(missingOIDCScope ?? (resource.length > 0 ? [] : asked)), ...named, ...resource]),
  ].filter((scope) => scope !== "");
}
