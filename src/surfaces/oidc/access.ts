/**
 * Access tokens for our own admin API: an audience of their own (RFC 8707), so that a token for the API opens nothing
 * else and no other token opens the API. Checked in process; a token that was revoked, or whose grant or session has
 * ended, is gone at once.
 */
import { errors, type Provider, type ResourceServer } from "oidc-provider";
import type { Access, AccessTokens } from "../../core/access.ts";
import type { ClientSettings } from "../../core/settings.ts";

/** Seconds a token for the API lives. */
const LIFE = 600;

/** The API as the engine knows it: its identifier, and every scope it has. */
export interface OwnApi {
  readonly identifier: string;
  readonly scopes: readonly string[];
}

const scopesOf = (client: ClientSettings | undefined): readonly string[] => client?.scope?.split(" ") ?? [];

/** What the engine is told of the API when a token for it is asked for: the scopes this client may have there. */
export function resourceServer(
  api: OwnApi,
  identifier: string,
  client: ClientSettings | undefined,
): ResourceServer {
  if (identifier !== api.identifier) throw new errors.InvalidTarget("there is no such resource here");
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

/** The API is meant where scopes of it are asked for and nothing is said of a resource. */
export const defaultResource = (api: OwnApi, scope: unknown): string | undefined =>
  typeof scope === "string" && scope.split(" ").some((one) => api.scopes.includes(one))
    ? api.identifier
    : undefined;

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
