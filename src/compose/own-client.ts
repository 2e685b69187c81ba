/**
 * The client of `sallyport cli`: in every installation, without a line of configuration, and no setting that anybody
 * could widen. It is public, signs people in by the device grant alone, and always asks for a second factor; what its
 * tokens may do is bounded at each call by the roles of their person (surfaces/admin/api/guard.ts).
 */
import { catalog } from "../catalog.ts";
import { ACCOUNT_CLIENT, CLI_CLIENT } from "../core/access.ts";
import type { Mechanism } from "../core/mechanism.ts";
import type { ClientSettings } from "../core/settings.ts";
import { adminScopes } from "../surfaces/admin/contract/scopes.ts";

/**
 * Acrs that take more than one factor; an administrator signs in by one of these. A script's own factor is not counted:
 * whoever may change scripts would otherwise decide what keeps administrators out.
 */
export const secondFactorAcrs = (mechanisms: readonly Mechanism[]): readonly string[] =>
  mechanisms
    .filter(
      ({ requires }) =>
        // A passkey has checked its person: two factors in one.
        requires.includes("passkey") ||
        catalog.factorKinds.filter((kind) => requires.includes(kind)).length > 1,
    )
    .map(({ acr }) => acr);

export const cliClient = (mechanisms: readonly Mechanism[]): ClientSettings => ({
  client_id: CLI_CLIENT,
  client_name: "Sallyport command line",
  application_type: "web",
  redirect_uris: [],
  post_logout_redirect_uris: [],
  token_endpoint_auth_method: "none",
  grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
  scope: ["openid", ...adminScopes].join(" "),
  id_token_signed_response_alg: "RS256",
  default_acr_values: [],
  // Empty where none is enabled: then there is no way in, and the device is told so (surfaces/oidc/device.ts).
  allowed_acr_values: [...secondFactorAcrs(mechanisms)],
  require_pushed_authorization_requests: false,
  pkce: "required",
  disabled: false,
  // The page on which the device is allowed says what it may do.
  trusted: true,
});

/** Where the answer to a sign-in of the account pages comes in. */
export const ACCOUNT_CALLBACK = "/account/callback";

/**
 * The client of the account pages: public, for what a secret would protect here stands in the same process; PKCE, a
 * nonce and the one redirect URI bind the answer to the browser that asked.
 */
export const accountClient = (issuer: URL): ClientSettings => ({
  client_id: ACCOUNT_CLIENT,
  client_name: "Your account",
  application_type: "web",
  redirect_uris: [`${issuer.origin}${ACCOUNT_CALLBACK}`],
  post_logout_redirect_uris: [],
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code"],
  scope: "openid",
  id_token_signed_response_alg: "RS256",
  default_acr_values: [],
  require_pushed_authorization_requests: false,
  pkce: "required",
  disabled: false,
  trusted: true,
});
