/** Consent: what the person has allowed a relying party, kept as the engine's grant. */

import type { Grant, KoaContextWithOIDC, Provider } from "oidc-provider";
import { claimsByScope } from "./account.ts";

/** The grant of this session, or for a trusted client a new one over all it asks for. */
export async function loadGrant(ctx: KoaContextWithOIDC, trusted: boolean): Promise<Grant | undefined> {
  const { oidc } = ctx;
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const id = oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = id === undefined ? undefined : await provider.Grant.find(id);
  const usable = found !== undefined && found.accountId === session.accountId ? found : undefined;
  if (!trusted) return usable;
  const grant = usable ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  const wanted = [...oidc.requestParamOIDCScopes].join(" ");
  const claims = [...oidc.requestParamClaims];
  const had = new Set(grant.getOIDCScopeEncountered().split(" "));
  const resources = resourceScopes(ctx);
  if (
    usable !== undefined &&
    [...oidc.requestParamOIDCScopes].every((scope) => had.has(scope)) &&
    resources.every(([resource, scopes]) => {
      const known = new Set(grant.getResourceScopeEncountered(resource).split(" "));
      return scopes.every((scope) => known.has(scope));
    }) &&
    claims.length === 0
  )
    return usable;
  grant.addOIDCScope(wanted);
  for (const [resource, scopes] of resources) grant.addResourceScope(resource, scopes.join(" "));
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
  // Scopes of the API are one thing to a person.
  const resource = missingResourceScopes === undefined ? [] : ["admin-api"];
  const asked = String(params.scope ?? "openid").split(" ");
  const named = (missingOIDCClaims ?? []).map(scopeOf);
  return [
    ...new Set([...(missingOIDCScope ?? (resource.length > 0 ? [] : asked)), ...named, ...resource]),
  ].filter((scope) => scope !== "");
}
