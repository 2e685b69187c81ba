/** A client in the original's names and in ours: out, and in again. */
import { closest } from "fastest-levenshtein";
import type { ClientSettings, Fault } from "../../../core/settings.ts";
import type { Client } from "../contract/clients.ts";
import { asksInVain, notDone, notDoneAttributes } from "../contract/clients-not-done.ts";

/** Grant types of a client that names none. */
const USUAL_GRANTS = ["authorization_code", "refresh_token"];
/** Scopes of the original that everybody's files name by their inum. */
const SCOPE_INUMS: Readonly<Record<string, string>> = { F0C4: "openid", "43F1": "profile", "764C": "email" };

/** Ours → the original's, for faults. */
const NAMES: Readonly<Record<string, string>> = {
  client_id: "inum",
  client_secret: "clientSecret",
  client_name: "clientName",
  application_type: "applicationType",
  redirect_uris: "redirectUris",
  post_logout_redirect_uris: "postLogoutRedirectUris",
  token_endpoint_auth_method: "tokenEndpointAuthMethod",
  jwks_uri: "jwksUri",
  grant_types: "grantTypes",
  response_types: "responseTypes",
  scope: "scopes",
  id_token_signed_response_alg: "idTokenSignedResponseAlg",
  default_acr_values: "defaultAcrValues",
  allowed_acr_values: "attributes.jansAuthorizedAcr",
  require_pushed_authorization_requests: "attributes.requirePar",
  policy_uri: "policyUri",
  backchannel_logout_uri: "attributes.backchannelLogoutUri",
  backchannel_logout_session_required: "attributes.backchannelLogoutSessionRequired",
  tos_uri: "tosUri",
  pkce: "attributes.requirePkce",
  trusted: "trustedClient",
};

/** `clients[3].redirect_uris[0]` as whoever sent one client knows it. */
export const ownPath = (path: string): string => {
  const inner = path.replace(/^clients\[\d+\]\.?/, "");
  const [, field = "", rest = ""] = /^(\w+)(.*)$/.exec(inner) ?? [];
  return `${NAMES[field] ?? field}${rest}`;
};

/** How a client with these settings proves itself at the token endpoint. */
const methodOf = ({ token_endpoint_auth_method: method, client_secret: secret }: ClientSettings) =>
  method ?? (secret === undefined ? "none" : "client_secret_basic");

/** The client as it is shown: everything but the secret. */
export function viewOf(client: ClientSettings): Client {
  const dn = `inum=${client.client_id},ou=clients,o=jans`;
  const grantTypes = client.grant_types ?? USUAL_GRANTS;
  const optional = {
    ...(client.client_name === undefined
      ? {}
      : { clientName: client.client_name, displayName: client.client_name }),
    ...(client.description === undefined ? {} : { description: client.description }),
    ...(client.contacts === undefined ? {} : { contacts: client.contacts }),
    ...(client.scope === undefined ? {} : { scopes: client.scope.split(" ") }),
    ...(client.jwks === undefined ? {} : { jwks: JSON.stringify(client.jwks) }),
    ...(client.jwks_uri === undefined ? {} : { jwksUri: client.jwks_uri }),
    ...(client.policy_uri === undefined ? {} : { policyUri: client.policy_uri }),
    ...(client.tos_uri === undefined ? {} : { tosUri: client.tos_uri }),
  };
  return {
    dn,
    inum: client.client_id,
    clientSecret: null,
    clientSecretIsSet: client.client_secret !== undefined,
    ...optional,
    applicationType: client.application_type,
    redirectUris: client.redirect_uris,
    postLogoutRedirectUris: client.post_logout_redirect_uris,
    grantTypes,
    responseTypes: grantTypes.includes("authorization_code") ? ["code"] : [],
    tokenEndpointAuthMethod: methodOf(client),
    idTokenSignedResponseAlg: client.id_token_signed_response_alg,
    defaultAcrValues: client.default_acr_values,
    trustedClient: client.trusted,
    disabled: client.disabled,
    attributes: {
      jansAuthorizedAcr: client.allowed_acr_values ?? [],
      requirePar: client.require_pushed_authorization_requests,
      requirePkce: client.pkce === "required",
      ...(client.backchannel_logout_uri === undefined
        ? {}
        : {
            backchannelLogoutUri: [client.backchannel_logout_uri],
            backchannelLogoutSessionRequired: client.backchannel_logout_session_required === true,
          }),
    },
    baseDn: dn,
  };
}

/** What there is to name: scopes, and acrs with their aliases. */
export interface Known {
  readonly scopes: readonly string[];
  readonly acrs: readonly string[];
}

/** What is left as it is, taken away (empty), or set. */
const laid = <T>(
  sent: T | null | undefined,
  old: T | undefined,
  empty: (value: T) => boolean,
): T | undefined => (sent === null || sent === undefined ? old : empty(sent) ? undefined : sent);
const noText = (value: string) => value.trim() === "";
const noList = (value: readonly unknown[]) => value.length === 0;
const lower = (value: string | null | undefined) => value?.toLowerCase();

/** The client with what was sent laid over it, to be judged by the settings' own schema, or what is wrong with it. */
export function laidOver(
  old: ClientSettings,
  sent: Client,
  known: Known,
): { readonly client: ClientSettings } | { readonly faults: readonly Fault[] } {
  const { attributes } = sent;
  const faults: Fault[] = [
    ...asksInVain(sent, notDone),
    ...asksInVain(attributes ?? {}, notDoneAttributes, "attributes."),
  ];
  const grants = laid(sent.grantTypes, old.grant_types, noList)?.map((grant) => grant.toLowerCase());
  const before = viewOf(old);
  const isUsual = old.grant_types === undefined && String(grants) === String(USUAL_GRANTS);
  faults.push(...flowFaults(sent, grants ?? USUAL_GRANTS));
  const name = nameOf(old, sent);
  if (name === undefined)
    faults.push({
      path: "displayName",
      message: "is the same as clientName; give one of the two, or both alike",
    });
  const jwks = keysOf(sent.jwks, old);
  if (jwks === "unreadable") faults.push({ path: "jwks", message: "is no JSON object with a list of keys" });
  const scope = scopesOf(sent.scopes, old, known, faults);
  for (const [path, list, had] of [
    ["defaultAcrValues", sent.defaultAcrValues, before.defaultAcrValues],
    ["attributes.jansAuthorizedAcr", attributes?.jansAuthorizedAcr, before.attributes?.jansAuthorizedAcr],
  ] as const)
    for (const acr of list ?? [])
      if (!known.acrs.includes(acr) && had?.includes(acr) !== true)
        faults.push({
          path,
          message: `${JSON.stringify(acr)} is no acr of this server; did you mean ${closest(acr, [...known.acrs])}?`,
        });
  if (faults.length > 0) return { faults };
  const algorithm = laid(
    sent.idTokenSignedResponseAlg?.toUpperCase(),
    old.id_token_signed_response_alg,
    noText,
  );
  const secret = laid(sent.clientSecret, old.client_secret, (value) => value === "");
  const method = laid(lower(sent.tokenEndpointAuthMethod), old.token_endpoint_auth_method, noText);
  // What follows from the secret need not be said, while the secret is as it was.
  const isOwnMethod =
    old.token_endpoint_auth_method === undefined && method === methodOf(old) && secret === old.client_secret;
  const optional = {
    client_secret: secret,
    client_name: laid(name, old.client_name, noText),
    description: laid(sent.description, old.description, noText),
    contacts: laid(sent.contacts, old.contacts, noList),
    token_endpoint_auth_method: isOwnMethod ? undefined : method,
    jwks,
    jwks_uri: laid(sent.jwksUri, old.jwks_uri, noText),
    grant_types: isUsual ? undefined : grants,
    scope,
    allowed_acr_values: laid(attributes?.jansAuthorizedAcr, old.allowed_acr_values, noList),
    policy_uri: laid(sent.policyUri, old.policy_uri, noText),
    backchannel_logout_uri: laid(
      attributes?.backchannelLogoutUri,
      old.backchannel_logout_uri === undefined ? undefined : [old.backchannel_logout_uri],
      noList,
    )?.[0],
    backchannel_logout_session_required:
      attributes?.backchannelLogoutSessionRequired ?? old.backchannel_logout_session_required,
    tos_uri: laid(sent.tosUri, old.tos_uri, noText),
  };
  // Not checked yet: the settings' own schema does that, with everything else.
  const client = {
    client_id: old.client_id,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    application_type: laid(lower(sent.applicationType), old.application_type, noText) ?? "web",
    redirect_uris: sent.redirectUris ?? old.redirect_uris,
    post_logout_redirect_uris: sent.postLogoutRedirectUris ?? old.post_logout_redirect_uris,
    id_token_signed_response_alg: algorithm ?? "RS256",
    default_acr_values: sent.defaultAcrValues ?? old.default_acr_values,
    require_pushed_authorization_requests:
      attributes?.requirePar ?? old.require_pushed_authorization_requests,
    pkce: (attributes?.requirePkce ?? old.pkce === "required") ? "required" : "waived",
    trusted: sent.trustedClient ?? old.trusted,
    disabled: sent.disabled ?? old.disabled,
  } as ClientSettings;
  // Put back as it was read, nothing has changed, not even what stands there by default.
  const shown = JSON.stringify(viewOf(client));
  const same = shown === JSON.stringify(before) && client.client_secret === old.client_secret;
  return { client: same ? old : client };
}

function flowFaults({ responseTypes }: Client, grants: readonly string[]): readonly Fault[] {
  const others = (responseTypes ?? []).filter((type) => type.toLowerCase() !== "code");
  if (others.length > 0)
    return [
      { path: "responseTypes", message: `${others.join(", ")} is not done here: tokens come by code alone` },
    ];
  if ((responseTypes ?? []).length > 0 && !grants.includes("authorization_code"))
    return [
      {
        path: "responseTypes",
        message: "code needs the grant type authorization_code; take one out or add the other",
      },
    ];
  return [];
}

/** clientName and displayName are one thing here: the one that was edited counts. undefined: both were, differently. */
function nameOf(
  { client_name: old }: ClientSettings,
  { clientName, displayName }: Client,
): string | null | undefined {
  const edited = [clientName, displayName].filter((name) => name != null && name !== old);
  if (new Set(edited).size > 1) return undefined;
  return edited[0] ?? null;
}

function keysOf(sent: Client["jwks"], old: ClientSettings): ClientSettings["jwks"] | "unreadable" {
  if (sent === null || sent === undefined) return old.jwks;
  if (sent === "") return undefined;
  try {
    const keys: unknown = typeof sent === "string" ? JSON.parse(sent) : sent;
    const isSet =
      typeof keys === "object" && keys !== null && Array.isArray((keys as { keys?: unknown }).keys);
    return isSet ? (keys as ClientSettings["jwks"]) : "unreadable";
  } catch {
    return "unreadable";
  }
}

function scopesOf(
  sent: Client["scopes"],
  old: ClientSettings,
  { scopes }: Known,
  faults: Fault[],
): string | undefined {
  if (sent === null || sent === undefined) return old.scope;
  if (sent.length === 0) {
    faults.push({ path: "scopes", message: "is empty; name at least one, such as openid" });
    return undefined;
  }
  const ids = sent.map((one) => {
    const inum = /^inum=([^,]+),ou=scopes,o=jans$/i.exec(one)?.[1];
    return inum === undefined ? one : (SCOPE_INUMS[inum] ?? inum);
  });
  const had = old.scope?.split(" ") ?? [];
  const unknown = ids.filter((id) => !scopes.includes(id) && !had.includes(id));
  if (unknown.length > 0)
    faults.push({
      path: "scopes",
      message: `Invalid scope in request -> [${unknown.join(", ")}]; known are ${scopes.filter((id) => !id.includes("/")).join(", ")} and the API's own`,
    });
  return [...new Set(ids)].join(" ");
}
