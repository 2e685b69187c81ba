/**
 * Access tokens for our own APIs: each an audience of its own (RFC 8707), so that a token for one opens nothing
 * else and no other token opens it. Checked in process; a token that was revoked, or whose grant or session has
 * ended, is gone at once.
 */
import { errors, type Provider, type ResourceServer } from "oidc-provider";
import { type Access, type AccessTokens, ENROLMENT_API } from "../../core/access.ts";
import type { ClientSettings } from "../../core/settings.ts";

/** Seconds a token for the API lives. */
const LIFE = 600;

/** An API as the engine knows it: its identifier, and every scope it has; no two share one. */
export interface OwnApi {
  readonly identifier: string;
  readonly scopes: readonly string[];
}

/** What an API is to a person, all its scopes together: the text `scope.<…>`. */
export const shownAs = (identifier: string): string =>
  identifier.endsWith(ENROLMENT_API) ? "enrolment-api" : "admin-api";

/** What of a list of scopes is shown to a person: those of an API are one thing to them. */
export const shownScopes = (apis: readonly OwnApi[], scopes: readonly string[]): string[] => [
  ...new Set(
    scopes.map((one) => {
      const api = apis.find((known) => known.scopes.includes(one));
      return api === undefined ? one : shownAs(api.identifier);
    }),
  ),
];

const scopesOf = (client: ClientSettings | undefined): readonly string[] => client?.scope?.split(" ") ?? [];

/** What the engine is told of the API when a token for it is asked for: the scopes this client may have there. */
export function resourceServer(
  apis: readonly OwnApi[],
  identifier: string,
  client: ClientSettings | undefined,
): ResourceServer {
  const api = apis.find((one) => one.identifier === identifier);
  if (api === undefined) throw new errors.InvalidTarget("there is no such resource here");
  const allowed = api.scopes.filter((scope) => scopesOf(client).includes(scope));
  // Default deny: a client without scopes of the API in its settings gets no token for it.
  if (allowed.length === 0) throw new errors.InvalidTarget("this client may not use the API");
  return {
    scope: allowed.join(" "),
    audience: api.identifier,
    accessTokenFormat: "opaque",
    accessTokenTTL: LIFE,
  } as ResourceServer;
}

/** An API is meant where scopes of it are asked for and nothing is said of a resource; of two, the first. */
export const defaultResource = (apis: readonly OwnApi[], scope: unknown): string | undefined => {
  const asked = typeof scope === "string" ? scope.split(" ") : [];
  return apis.find(({ scopes }) => asked.some((one) => scopes.includes(one)))?.identifier;
};

/** `provider`: the engine of the current revision. */
export function createAccessTokens(provider: () => Provider, api: OwnApi): AccessTokens {
  return {
    async check(value) {
      const { AccessToken, ClientCredentials, Client } = provider();
      const token = (await AccessToken.find(value)) ?? (await ClientCredentials.find(value));
      if (token === undefined || token.aud !== api.identifier || token.clientId === undefined)
        return undefined;
      // The client may have been removed since.
      if ((await Client.find(token.clientId)) === undefined) return undefined;
      const person = token instanceof AccessToken ? token : undefined;
      if (person !== undefined && !(await isAlive(provider(), person))) return undefined;
      const {
        acr,
        amr = [],
        auth_time: authTime,
      } = (person?.extra ?? {}) as {
        acr?: string;
        amr?: readonly string[];
        auth_time?: number;
      };
      return {
        client: token.clientId,
        subject: person?.accountId,
        scopes: (token.scope ?? "").split(" ").filter((scope) => scope !== ""),
        acr,
        amr,
        authTime: authTime === undefined ? undefined : authTime * 1000,
      } satisfies Access;
    },
  };
}

/** A token of a person lives no longer than the grant it was given under. */
async function isAlive(provider: Provider, token: InstanceType<Provider["AccessToken"]>): Promise<boolean> {
  const grant = token.grantId === undefined ? undefined : await provider.Grant.find(token.grantId);
  return grant !== undefined && grant.accountId === token.accountId;
}
