/**
 * What the original knows of a client and this server does not do. A field that is null, empty, false or at the
 * original's own default is taken, so that its files go in; one that asks for something is refused by name, for whoever
 * reads the answer would believe that it is done.
 */
import { isDeepStrictEqual } from "node:util";

/** What to do instead, and values that ask for nothing although they are something. */
export interface NotDone {
  readonly say: string;
  readonly accepts?: readonly unknown[] | undefined;
}

const all = (names: string, say: string, accepts?: readonly unknown[]): Readonly<Record<string, NotDone>> =>
  Object.fromEntries(names.split(" ").map((name) => [name, { say, accepts }]));

const NO_ENCRYPTION = "answers are signed and go over TLS; they are not encrypted once more";
const NO_SCRIPTS = "scripts run for sign-ins alone; leave it out";
const NO_CIBA = "there is no back-channel authentication here; leave it out";
const NO_LOCALIZED = "pages show clientName; leave it out";

/** Fields of the client itself. */
export const notDone: Readonly<Record<string, NotDone>> = {
  ...all("subjectType", "every client is told the same subject; send public", ["public", "PUBLIC"]),
  ...all(
    "expirationDate clientSecretExpiresAt",
    "clients do not end by themselves; set disabled when it is time",
  ),
  ...all("ttl", "clients do not end by themselves; set disabled when it is time", [0]),
  ...all(
    "frontChannelLogoutUri frontChannelLogoutSessionRequired",
    "there is no front-channel logout; leave it out",
  ),
  ...all(
    "registrationAccessToken softwareId softwareVersion softwareStatement",
    "clients do not register themselves here; leave it out",
  ),
  ...all("claimRedirectUris rptAsJwt", "there is no UMA here; leave it out"),
  ...all("idTokenTokenBindingCnf", "there is no token binding; leave it out"),
  ...all(
    "clientNameLocalized logoUriLocalized clientUriLocalized policyUriLocalized tosUriLocalized",
    NO_LOCALIZED,
    [{ values: {} }],
  ),
  ...all("logoUri clientUri", "no page shows it; leave it out"),
  ...all("sectorIdentifierUri", "every client is told the same subject; leave it out"),
  ...all(
    "idTokenEncryptedResponseAlg idTokenEncryptedResponseEnc userInfoEncryptedResponseAlg userInfoEncryptedResponseEnc",
    NO_ENCRYPTION,
  ),
  ...all("userInfoSignedResponseAlg", "userinfo answers JSON; leave it out", ["none"]),
  ...all(
    "requestObjectSigningAlg requestObjectEncryptionAlg requestObjectEncryptionEnc requestUris",
    "requests come by query or by PAR (attributes.requirePar); leave it out",
  ),
  ...all(
    "tokenEndpointAuthSigningAlg",
    "every algorithm that suits the client's keys is taken; leave it out",
  ),
  ...all("defaultMaxAge", "the application sends max_age with its request; leave it out"),
  ...all("initiateLoginUri", "nobody is sent there; leave it out"),
  ...all("claims", "claims follow the scopes; name the scopes"),
  ...all("persistClientAuthorizations", "what a person has allowed is kept; leave it out", [true]),
  ...all("includeClaimsInIdToken", "claims come from userinfo; leave it out"),
  ...all("accessTokenLifetime", "access tokens live 3600 s", [3600]),
  ...all("refreshTokenLifetime", "refresh tokens live 14 days", [14 * 86_400]),
  ...all("accessTokenAsJwt", "access tokens are opaque; ask introspection"),
  ...all("accessTokenSigningAlg", "access tokens are opaque; leave it out", ["RS256", "none"]),
  ...all("authorizedOrigins", "origins follow the redirect URIs; leave it out"),
  ...all(
    "backchannelTokenDeliveryMode backchannelClientNotificationEndpoint backchannelAuthenticationRequestSigningAlg backchannelUserCodeParameter",
    NO_CIBA,
  ),
  ...all("organization groups", "use description; leave it out"),
  ...all("customAttributes", "clients have no attributes of one's own; leave it out"),
};

/** Fields of its `attributes`. */
export const notDoneAttributes: Readonly<Record<string, NotDone>> = {
  ...all("tlsClientAuthSubjectDn dpopBoundAccessToken", "tokens are not bound to a key; leave it out"),
  ...all(
    "runIntrospectionScriptBeforeJwtCreation spontaneousScopeScriptDns updateTokenScriptDns logoutStatusJwtScriptDns parScriptDns txTokenScriptDns postAuthnScripts tokenExchangeScripts consentGatheringScripts introspectionScripts rptClaimsScripts ropcScripts",
    NO_SCRIPTS,
  ),
  ...all("keepClientAuthorizationAfterExpiration", "clients do not end by themselves; leave it out"),
  ...all("allowSpontaneousScopes spontaneousScopes", "scopes are named beforehand; leave it out"),
  ...all("additionalAudience", "an ID token is for its client alone; leave it out"),
  ...all("parLifetime", "a pushed request lives 60 s", [60, 600]),
  ...all(
    "jansAuthSignedRespAlg jansAuthEncRespAlg jansAuthEncRespEnc",
    "answers come by query with iss (RFC 9207); leave it out",
  ),
  ...all("jansSubAttr", "every client is told the same subject; leave it out"),
  ...all("redirectUrisRegex", "redirect URIs are compared as they are (RFC 9700 §2.1); name each one"),
  ...all(
    "txTokenLifetime idTokenLifetime requestedLifetime",
    "lifetimes are the server's; leave it out",
    [0],
  ),
  ...all("allowOfflineAccessWithoutConsent", "set trustedClient instead"),
  ...all("jansDefaultPromptLogin", "the application sends prompt=login with its request; leave it out"),
  ...all("minimumAcrLevel", "name the acrs in jansAuthorizedAcr instead", [-1]),
  ...all("minimumAcrLevelAutoresolve minimumAcrPriorityList", "name the acrs in jansAuthorizedAcr instead"),
  ...all("additionalTokenEndpointAuthMethods", "a client has one method; leave it out"),
  ...all("evidence authorizationDetailsTypes", "it means nothing here; leave it out"),
  ...all(
    "introspectionSignedResponseAlg introspectionEncryptedResponseAlg introspectionEncryptedResponseEnc txTokenSignedResponseAlg txTokenEncryptedResponseAlg txTokenEncryptedResponseEnc logoutStatusJwtSignedResponseAlg",
    "answers are JSON; leave it out",
  ),
};

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** Each field that asks for what is not done, with what to do instead. */
export const asksInVain = (
  sent: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, NotDone>>,
  at = "",
): readonly { readonly path: string; readonly message: string }[] =>
  Object.entries(rules)
    .filter(([name]) => Object.hasOwn(sent, name))
    .filter(
      ([name, { accepts = [] }]) =>
        !isNothing(sent[name]) && !accepts.some((value) => isDeepStrictEqual(value, sent[name])),
    )
    .map(([name, { say }]) => ({ path: `${at}${name}`, message: `is not done here: ${say}` }));
