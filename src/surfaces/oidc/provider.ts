/**
 * surfaces/oidc: the only room that knows the protocol engine (oidc-provider). It builds an engine for a revision of
 * the settings, sends people to the walk, and turns what the walk has proven into a session. Mounted by compose.
 * It never checks a factor and never names an acr: the gate does.
 */
import type { IncomingMessage } from "node:http";
import { type Configuration, errors, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { CLI_CLIENT } from "../../core/access.ts";
import type { Audit } from "../../core/audit.ts";
import type { Authenticators } from "../../core/authenticators.ts";
import type { Directory } from "../../core/directory.ts";
import type { Keys } from "../../core/keys.ts";
import type { Mechanism } from "../../core/mechanism.ts";
import type { Storage } from "../../core/records.ts";
import type { ClientSettings, Snapshot } from "../../core/settings.ts";
import type { Clock } from "../../core/words.ts";
import { defaultResource, type OwnApi, resourceServer } from "./access.ts";
import { claimsByScope, createFindAccount } from "./account.ts";
import { createAdapterFactory } from "./adapter.ts";
import { settled } from "./begin-early.ts";
import { acrClaimProblem, namesOf } from "./choice.ts";
import { authMethodOf, clientSettings, engineClient } from "./clients.ts";
import { loadGrant } from "./consent.ts";
import { createCookieSigner } from "./cookie-signer.ts";
import { DEVICE_INTERVAL, DEVICE_LIFE, type DeviceFlow } from "./device.ts";
import { withoutEnded } from "./ended-tokens.ts";
import { type EnginePages, withBrokenPage } from "./engine-pages.ts";
import { allowFormPost } from "./form-actions.ts";
import { createHeldWrites } from "./held-writes.ts";
import type { Interaction } from "./login-start.ts";
import type { LogoutQueue } from "./logout-queue.ts";
import { fetchMetadata, MOST_METADATA } from "./outbound.ts";
import { createPolicy, enrolProblem, keepProofs } from "./policy.ts";
import { createToldActs } from "./told-acts.ts";

export interface ProviderDeps {
  readonly issuer: string;
  readonly snapshot: Snapshot;
  readonly mechanisms: readonly Mechanism[];
  readonly storage: Storage;
  readonly keys: Keys;
  readonly directory: Pick<Directory, "get">;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly logouts: LogoutQueue;
  readonly pages: EnginePages;
  /** Languages that there are pages in (BCP 47). */
  readonly languages: readonly string[];
  readonly device: DeviceFlow;
  /** Our own APIs, which tokens are given out for. */
  readonly apis: readonly OwnApi[];
  readonly addressOf: (request: IncomingMessage) => string;
  /** Begins the login that this interaction is for, where that needs no page. */
  readonly begin: (ctx: KoaContextWithOIDC, interaction: Interaction) => Promise<void>;
  readonly now: Clock;
}

/** Lifetimes in seconds. Refresh tokens and grants end 14 days after they were first given, however often rotated. */
const LIFE = {
  code: 60,
  par: 60,
  access: 3600,
  idToken: 3600,
  clientCredentials: 600,
  refresh: 14 * 86_400,
  cli: 8 * 3600,
};
/** Scopes that tell something of a person. */
export const SCOPES = ["openid", "profile", "email", "phone", "address", "user_name", "offline_access"];

const cookieNames = (https: boolean) => ({
  session: `${https ? "__Host-" : ""}sallyport_session`,
  interaction: `${https ? "__Secure-" : ""}sallyport_login`,
  resume: `${https ? "__Secure-" : ""}sallyport_resume`,
});

export function createProvider(deps: ProviderDeps): Provider {
  const { snapshot, mechanisms, apis } = deps;
  const apiScopes = apis.flatMap(({ scopes }) => scopes);
  const https = deps.issuer.startsWith("https:");
  const cookie = { httpOnly: true, sameSite: "lax", secure: https, signed: true } as const;
  const settingsOf = (id: string | undefined): ClientSettings | undefined => clientSettings(snapshot, id);

  const held = createHeldWrites(deps.storage);
  const configuration: Configuration = {
    adapter: withoutEnded(createAdapterFactory(deps.storage, held, createToldActs(deps), deps.now), snapshot),
    clients: snapshot.clients
      .filter(({ disabled }) => !disabled)
      .map((client) => engineClient(client, apiScopes)),
    jwks: { keys: deps.keys.signing() as NonNullable<Configuration["jwks"]>["keys"] },
    cookies: {
      keys: createCookieSigner(deps.keys.secrets("cookie").map(({ bytes }) => bytes)),
      names: cookieNames(https),
      long: { ...cookie, path: "/" },
      // No path: the engine gives each login's cookies their own, so that two tabs are two logins.
      short: cookie,
    },
    extraParams: {
      enrol: (_ctx, value, client) => {
        const problem = enrolProblem(value, client.clientId);
        if (problem !== undefined) throw new errors.InvalidRequest(problem);
      },
    },
    acrValues: mechanisms.flatMap(namesOf),
    discovery: { auth_level_mapping: levels(mechanisms), ui_locales_supported: [...deps.languages] },
    scopes: SCOPES,
    claims: claimsByScope,
    responseTypes: ["code"],
    subjectTypes: ["public"],
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"], userinfoSigningAlgValues: ["RS256", "ES256"] },
    clockTolerance: 15,
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: {
      required: (ctx, client) => {
        if (settingsOf(client.clientId)?.pkce !== "waived") return true;
        // What PKCE would have prevented, the nonce has to (RFC 9700 §2.1.1).
        if (ctx.oidc.params?.nonce === undefined)
          throw new errors.InvalidRequest("a client that leaves PKCE out must send a nonce");
        return false;
      },
    },
    rotateRefreshToken: true,
    // The command line goes on for a working day after its person has signed in, also when the browser is closed.
    issueRefreshToken: async (_ctx, client, source) =>
      client.grantTypeAllowed("refresh_token") &&
      (source.scopes.has("offline_access") || client.clientId === CLI_CLIENT),
    expiresWithSession: async (_ctx, source) =>
      !source.scopes.has("offline_access") && source.clientId !== CLI_CLIENT,
    extraTokenClaims: shownProofs,
    findAccount: createFindAccount(deps.directory, deps.authenticators),
    loadExistingGrant: (ctx) => loadGrant(ctx, settingsOf(ctx.oidc.client?.clientId)?.trusted === true, deps),
    interactions: {
      url: async (ctx, interaction) => {
        await Promise.all([settled(ctx), deps.begin(ctx, interaction)]);
        return `/login/${interaction.uid}`;
      },
      policy: createPolicy(snapshot, mechanisms),
    },
    fetch: fetchMetadata,
    fetchResponseBodyLimits: MOST_METADATA,
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((uri) => originOf(uri) === origin),
    renderError: deps.pages.error,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      claimsParameter: {
        enabled: true,
        assertClaimsParameter: async (_ctx, claims) => {
          const problem = acrClaimProblem(claims);
          if (problem !== undefined) throw new errors.InvalidRequest(problem);
        },
      },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => defaultResource(apis, ctx.oidc.params?.scope) as string,
        getResourceServerInfo: (_ctx, identifier, client) =>
          resourceServer(apis, identifier, settingsOf(client.clientId)),
        useGrantedResource: () => true,
      },
      // A token is inactive for everybody but the client it was given to (RFC 7662 §2.2).
      introspection: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) =>
          authMethodOfId(client.clientId) !== "none" && token.clientId === client.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      clientCredentials: { enabled: true },
      deviceFlow: deps.device.feature,
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: deps.pages.logout,
        postLogoutSuccessSource: deps.pages.loggedOut,
      },
      userinfo: { enabled: true },
    },
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? LIFE.access,
      AuthorizationCode: LIFE.code,
      IdToken: LIFE.idToken,
      ClientCredentials: LIFE.clientCredentials,
      PushedAuthorizationRequest: LIFE.par,
      DeviceCode: DEVICE_LIFE,
      Interaction: snapshot.limits.loginLife,
      Grant: LIFE.refresh,
      RefreshToken: (ctx, _token, client) => {
        const rotated = ctx?.oidc.entities.RotatedRefreshToken;
        if (rotated !== undefined) return Math.max(1, rotated.remainingTTL);
        return client.clientId === CLI_CLIENT ? LIFE.cli : LIFE.refresh;
      },
      Session: (_ctx, session) => {
        const { sessionIdle, sessionLife } = snapshot.limits;
        const began = session.iat ?? Math.floor(deps.now() / 1000);
        return Math.max(1, Math.min(sessionIdle, began + sessionLife - Math.floor(deps.now() / 1000)));
      },
    },
    routes: {
      authorization: "/authorize",
      token: "/token",
      userinfo: "/userinfo",
      jwks: "/jwks",
      end_session: "/end_session",
      introspection: "/introspect",
      revocation: "/revoke",
      pushed_authorization_request: "/par",
      device_authorization: "/device_authorization",
      code_verification: "/device",
    },
  };

  const authMethodOfId = (id: string) => {
    const client = settingsOf(id);
    return client === undefined ? "none" : authMethodOf(client);
  };
  const provider = new Provider(deps.issuer, configuration);
  provider.proxy = true;
  keepProofs(provider);
  queueLogouts(provider, deps);
  provider.use((ctx, next) => held.settle(ctx, next));
  provider.use(withBrokenPage(provider, deps.pages));
  provider.use(allowFormPost);
  provider.on("device_authorization.success", (_ctx, body) =>
    Object.assign(body, { interval: DEVICE_INTERVAL }),
  );
  return provider;
}

/** Where the engine would tell an application once, it is promised to be told: also when it is away just then. */
function queueLogouts(provider: Provider, { storage, logouts }: ProviderDeps): void {
  const { prototype } = provider.Client as unknown as {
    prototype: { clientId: string; backchannelLogout(subject: string, sid: string): Promise<void> };
  };
  prototype.backchannelLogout = async function (subject, sid) {
    const writes = logouts.writes(subject, { [this.clientId]: sid });
    if (writes.length > 0) await storage.commit(writes);
    logouts.queued();
  };
}

/** Tells of requests that the engine refused: the error's code and the client, never what was sent. */
export function onRefused(
  provider: Provider,
  tell: (facts: { readonly error: string; readonly client: string | undefined }) => void,
): void {
  const refused = ({ oidc }: KoaContextWithOIDC, { error }: errors.OIDCProviderError) =>
    tell({ error, client: oidc.entities.Client?.clientId });
  provider.on("authorization.error", refused);
  provider.on("grant.error", refused);
}

/**
 * How the person behind an access token signed in (RFC 9470 §6.2): what the gate derived when the login ended, carried by
 * the code and the refresh tokens after it. A machine has shown no factor.
 */
function shownProofs(ctx: KoaContextWithOIDC, token: { readonly kind?: string }) {
  if (token.kind !== "AccessToken") return undefined;
  const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
  const source = AuthorizationCode ?? DeviceCode ?? RefreshToken;
  if (source?.acr === undefined) return undefined;
  return { acr: source.acr, amr: source.amr ?? [], auth_time: source.authTime };
}

/** `{ "<level>": [acr, …] }`, as the original's discovery document has it: every name that can be asked for. */
function levels(mechanisms: readonly Mechanism[]): Record<string, string[]> {
  const byLevel: Record<string, string[]> = {};
  for (const mechanism of mechanisms)
    byLevel[mechanism.level] = [...(byLevel[mechanism.level] ?? []), ...namesOf(mechanism)];
  return byLevel;
}

function originOf(uri: string): string | undefined {
  try {
    return new URL(uri).origin;
  } catch {
    return undefined;
  }
}
