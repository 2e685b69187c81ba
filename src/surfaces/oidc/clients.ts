/** From our settings to the engine's client metadata, and back to the settings by id. */
import type { ClientMetadata } from "oidc-provider";
import type { ClientSettings, Snapshot } from "../../core/settings.ts";

/** How the client authenticates at the token endpoint (OIDC Core §9). */
export const authMethodOf = (
  client: ClientSettings,
): NonNullable<ClientSettings["token_endpoint_auth_method"]> =>
  client.token_endpoint_auth_method ?? (client.client_secret === undefined ? "none" : "client_secret_basic");

/**
 * What the engine is told; `default_acr_values`, `pkce`, `trusted` and `texts` are ours and stay here. `apiScopes` are those of
 * our APIs, which the engine knows by the resource alone (access.ts).
 */
export function engineClient(client: ClientSettings, apiScopes: readonly string[]): ClientMetadata {
  const {
    default_acr_values: _acrs,
    allowed_acr_values: _allowed,
    pkce: _pkce,
    trusted: _trusted,
    texts: _texts,
    disabled: _disabled,
    description: _description,
    jwks,
    grant_types,
    scope,
    ...metadata
  } = client;
  const given = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
  return {
    ...given,
    client_id: client.client_id,
    token_endpoint_auth_method: authMethodOf(client),
    grant_types: grant_types ?? ["authorization_code", "refresh_token"],
    response_types: (grant_types ?? ["authorization_code"]).includes("authorization_code") ? ["code"] : [],
    ...(jwks === undefined ? {} : { jwks: jwks as NonNullable<ClientMetadata["jwks"]> }),
    ...(scope === undefined ? {} : { scope: ownScopes(scope, apiScopes) }),
  } as ClientMetadata;
}

/** The settings of one client; undefined when no client has this id. */
export const clientSettings = (snapshot: Snapshot, id: string | undefined): ClientSettings | undefined =>
  snapshot.clients.find((client) => client.client_id === id);

/** The scopes that are none of an API's; never empty, which the engine would take for no bound at all. */
const ownScopes = (scope: string, apiScopes: readonly string[]): string =>
  scope
    .split(" ")
    .filter((one) => one !== "" && !apiScopes.includes(one))
    .join(" ") || "openid";
