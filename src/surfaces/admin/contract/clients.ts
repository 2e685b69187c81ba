/** Clients, in the original's JSON names. The secret is written and never read. */
import { z } from "zod";
import { type NotDone, notDone, notDoneAttributes } from "./clients-not-done.ts";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { jsonPatches, listQuery, name, paged } from "./shapes.ts";

const texts = z.array(z.string().max(2000)).max(200).nullish();
const flag = z.boolean().nullish();
const text = z.string().max(2000).nullish();
/** One of these in either case; empty text: the default. */
const oneOf = (...values: readonly string[]) =>
  z
    .string()
    .regex(
      new RegExp(`^(${values.join("|").replace(/[.]/g, "\\.")}|)$`, "i"),
      `must be one of ${values.join(", ")}`,
    )
    .describe(values.join(", "))
    .nullish();
/** Set by the server; taken when it is put back, and not read. */
const ours = z.unknown().optional().describe("Said by the server; not read when written");

/** In the document for whoever looks for it; what it holds is judged by `asksInVain`. */
const refused = (rules: Readonly<Record<string, NotDone>>) =>
  Object.fromEntries(
    Object.entries(rules).map(([field, { say }]) => [
      field,
      z.unknown().optional().describe(`Not done: ${say}`),
    ]),
  ) as Record<never, never>;

const attributes = name(
  "ClientAttributes",
  z.strictObject({
    jansAuthorizedAcr: texts.describe("A sign-in to this client reaches one of these; empty: any"),
    requirePar: flag.describe("Requests have to be pushed (RFC 9126)"),
    requirePkce: flag.describe("false: PKCE may be left out, by a confidential client that sends a nonce"),
    backchannelLogoutUri: z
      .array(z.string().max(2000))
      .max(1)
      .nullish()
      .describe("Where it is told that a session has ended; one address"),
    backchannelLogoutSessionRequired: flag.describe("It is told the session's sid as well"),
    ...refused(notDoneAttributes),
  }),
);

export const client = name(
  "Client",
  z.strictObject({
    dn: ours,
    inum: z
      .string()
      .regex(/^[\x21-\x7e]{0,128}$/, "1 to 128 visible ASCII characters, no spaces")
      .nullish()
      .describe("client_id; made up when a client is added without one"),
    clientSecret: z
      .string()
      .max(1000)
      .nullish()
      .describe("null when read; null or absent leaves it as it is, empty text takes it away"),
    clientSecretIsSet: flag.describe("Whether there is a secret; not read when written"),
    clientName: z.string().max(200).nullish(),
    displayName: z.string().max(200).nullish().describe("The same as clientName"),
    description: z.string().max(1000).nullish(),
    contacts: texts,
    applicationType: oneOf("web", "native"),
    redirectUris: texts,
    postLogoutRedirectUris: texts,
    grantTypes: texts.describe(
      "authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code",
    ),
    responseTypes: texts.describe("code alone, where authorization_code is among the grant types"),
    scopes: texts.describe("Ids such as openid, or DNs with one in it; left out: all that tell of a person"),
    tokenEndpointAuthMethod: oneOf("client_secret_basic", "client_secret_post", "private_key_jwt", "none"),
    jwks: z
      .union([z.string().max(100_000), z.looseObject({})])
      .nullish()
      .describe("Public keys, as JSON or as its text"),
    jwksUri: text,
    idTokenSignedResponseAlg: oneOf("RS256", "ES256"),
    policyUri: text,
    tosUri: text,
    defaultAcrValues: texts,
    trustedClient: flag.describe("No consent page"),
    disabled: flag.describe("Whatever it asks is refused, and its tokens have ended"),
    attributes: attributes.nullish(),
    baseDn: ours,
    deletable: ours,
    clientIdIssuedAt: ours,
    lastAccessTime: ours,
    lastLogonTime: ours,
    authenticationMethod: ours,
    allAuthenticationMethods: ours,
    tokenBindingSupported: ours,
    customObjectClasses: ours,
    ...refused(notDone),
  }),
);
export type Client = z.infer<typeof client>;

const TAG = "OAuth - OpenID Connect - Clients";
const BASE = "/api/v1/openid/clients";
const inum = z.object({
  inum: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .describe("Client identifier"),
});

export const getClients = operation({
  id: "get-oauth-openid-clients",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Gets list of OpenID Connect clients",
  scope: scopes.clientsRead,
  query: z.object(listQuery),
  status: 200,
  answer: paged("ClientPagedResult", client),
});
export const putClient = operation({
  id: "put-oauth-openid-client",
  aliases: ["put-oauth-openid-clients"],
  method: "PUT",
  path: BASE,
  tag: TAG,
  summary: "Update OpenId Connect client",
  scope: scopes.clientsWrite,
  body: client,
  status: 200,
  answer: client,
  problems: [404, 412],
  etag: true,
});
export const postClient = operation({
  id: "post-oauth-openid-client",
  aliases: ["post-oauth-openid-clients"],
  method: "POST",
  path: BASE,
  tag: TAG,
  summary: "Create new OpenId Connect client",
  scope: scopes.clientsWrite,
  body: client,
  status: 201,
  answer: client,
  problems: [409],
  etag: true,
});
export const getClient = operation({
  id: "get-oauth-openid-clients-by-inum",
  method: "GET",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Get OpenId Connect Client by Inum",
  scope: scopes.clientsRead,
  params: inum,
  status: 200,
  answer: client,
  problems: [404],
  etag: true,
});
export const deleteClient = operation({
  id: "delete-oauth-openid-client-by-inum",
  aliases: ["delete-oauth-openid-clients-by-inum"],
  method: "DELETE",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Delete OpenId Connect client",
  scope: scopes.clientsDelete,
  params: inum,
  status: 204,
  problems: [404, 412],
  etag: true,
});
export const patchClient = operation({
  id: "patch-oauth-openid-client-by-inum",
  aliases: ["patch-oauth-openid-clients-by-inum", "patch-oauth-openid-client-by_inum"],
  method: "PATCH",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Patch OpenId Connect client",
  scope: scopes.clientsWrite,
  params: inum,
  body: jsonPatches,
  bodyType: "application/json-patch+json",
  status: 200,
  answer: client,
  problems: [404, 412],
  etag: true,
});

/** All of this file, in the order they are listed. */
export const clientOperations = [
  getClients,
  putClient,
  postClient,
  getClient,
  deleteClient,
  patchClient,
] as const;
