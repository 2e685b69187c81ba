/**
 * How tokens are got: a machine's by its own credentials (RFC 6749 §4.4, RFC 7523), a person's by a code that they
 * confirm in a browser (RFC 8628). Every token is for the admin API and opens nothing else (RFC 8707).
 */
import { createPrivateKey, type KeyObject, type webcrypto } from "node:crypto";
import * as oauth from "openid-client";
import { isLocal } from "./host.ts";
import type { Proof } from "./identity.ts";
import type { KeptTokens } from "./tokens-file.ts";
import { done, type Outcome, signedOut, unanswered, unreachable, usage } from "./trouble.ts";

/** The public client that every server has for people at a command line. */
const PEOPLE_CLIENT = "sallyport-cli";
export const API_ROOT = "/jans-config-api";

const SECONDS = 30;
const resourceOf = (host: string): string => `${host}${API_ROOT}`;

/** A machine's token, with every scope of `scopes` that the client has. */
export async function machineToken(
  host: string,
  clientId: string,
  proof: Proof,
  scopes: readonly string[],
): Promise<Outcome<string>> {
  const auth = await authenticationOf(proof);
  if (auth.kind !== "done") return auth;
  return asking(host, clientId, async () => {
    const server = await discover(host, clientId, auth.value);
    const parameters = { scope: scopes.join(" "), resource: resourceOf(host) };
    const { access_token: token } = await oauth.clientCredentialsGrant(server, parameters);
    return token;
  });
}

/** What a person has to do in a browser, and the wait for it. */
export interface Confirmation {
  readonly userCode: string;
  /** Where the code is typed, and the same with the code in it. */
  readonly url: string;
  readonly urlWithCode: string | undefined;
  readonly seconds: number;
  wait(signal?: AbortSignal): Promise<Outcome<KeptTokens>>;
}

export async function beginSignIn(host: string, scopes: readonly string[]): Promise<Outcome<Confirmation>> {
  return asking(host, PEOPLE_CLIENT, async () => {
    const server = await discover(host, PEOPLE_CLIENT, oauth.None());
    if (server.serverMetadata().device_authorization_endpoint === undefined)
      throw new Error(`${host} offers no sign-in for a command line.`);
    const resource = resourceOf(host);
    const scope = ["openid", ...scopes].join(" ");
    const begun = await oauth.initiateDeviceAuthorization(server, { scope, resource });
    return {
      userCode: begun.user_code,
      url: begun.verification_uri,
      urlWithCode: begun.verification_uri_complete,
      seconds: begun.expires_in,
      wait: (signal) =>
        asking(host, PEOPLE_CLIENT, async () =>
          kept(
            await oauth.pollDeviceAuthorizationGrant(
              server,
              begun,
              { resource },
              signal === undefined ? {} : { signal },
            ),
            undefined,
          ),
        ),
    };
  });
}

export async function refreshed(host: string, refreshToken: string): Promise<Outcome<KeptTokens>> {
  return asking(host, PEOPLE_CLIENT, async () => {
    const server = await discover(host, PEOPLE_CLIENT, oauth.None());
    return kept(
      await oauth.refreshTokenGrant(server, refreshToken, { resource: resourceOf(host) }),
      refreshToken,
    );
  });
}

/** Ends the grant of a sign-in at the server (RFC 7009). */
export async function revoke(host: string, token: string): Promise<Outcome<undefined>> {
  return asking(host, PEOPLE_CLIENT, async () => {
    await oauth.tokenRevocation(await discover(host, PEOPLE_CLIENT, oauth.None()), token);
    return undefined;
  });
}

const kept = (answer: oauth.TokenEndpointResponse, before: string | undefined): KeptTokens => {
  const refreshToken = answer.refresh_token ?? before;
  return {
    accessToken: answer.access_token,
    expiresAt: Date.now() + (answer.expires_in ?? 60) * 1000,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
};

async function discover(
  host: string,
  clientId: string,
  auth: oauth.ClientAuth,
): Promise<oauth.Configuration> {
  const server = await oauth.discovery(new URL(host), clientId, undefined, auth, {
    execute: isLocal(host) ? [oauth.allowInsecureRequests] : [],
    timeout: SECONDS,
  });
  // Credentials go to the server that was named, whatever its document says.
  const { token_endpoint, device_authorization_endpoint, revocation_endpoint } = server.serverMetadata();
  for (const endpoint of [token_endpoint, device_authorization_endpoint, revocation_endpoint])
    if (endpoint !== undefined && new URL(endpoint).origin !== host)
      throw new Error(
        `${host} names an endpoint elsewhere, at ${new URL(endpoint).origin}; nothing was sent there.`,
      );
  return server;
}

async function authenticationOf(proof: Proof): Promise<Outcome<oauth.ClientAuth>> {
  if (proof.kind === "secret") return done(oauth.ClientSecretBasic(proof.secret.reveal()));
  try {
    const text = proof.key.reveal();
    const jwk = text.trimStart().startsWith("{") ? (JSON.parse(text) as { kid?: string }) : undefined;
    const key =
      jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk as never, format: "jwk" });
    const { kid } = jwk ?? {};
    const usable = await usableKey(key);
    return done(oauth.PrivateKeyJwt(kid === undefined ? { key: usable } : { key: usable, kid }));
  } catch {
    return usage(
      "--client-key: that is no private key in PEM (PKCS #8) or JWK, or of a kind that cannot sign here (RSA, P-256, Ed25519).",
    );
  }
}

function usableKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm =
    key.asymmetricKeyType === "rsa"
      ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
      : key.asymmetricKeyType === "ec"
        ? { name: "ECDSA", namedCurve: "P-256" }
        : { name: "Ed25519" };
  return crypto.subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithm, false, [
    "sign",
  ]);
}

async function asking<T>(host: string, clientId: string, act: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await act());
  } catch (problem) {
    return troubleOf(host, clientId, problem);
  }
}

function troubleOf(host: string, clientId: string, problem: unknown): Outcome<never> {
  const {
    error,
    error_description: why,
    status,
    code,
    cause,
  } = problem as {
    error?: string;
    error_description?: string;
    status?: number;
    code?: string;
    cause?: unknown;
  };
  // A token endpoint that refuses a client says so in a header (RFC 6749 §5.2).
  if (error === "invalid_client" || code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE")
    return signedOut(`${host} does not know the client ${clientId}, or its secret or key is another one.`);
  if (error === "invalid_grant")
    return signedOut(`The sign-in at ${host} has ended; run: sallyport login --host ${host}`);
  if (error === "access_denied") return signedOut("The sign-in was refused in the browser.");
  if (error === "expired_token")
    return signedOut("Nobody confirmed the code in time; run the command again.");
  if (error === "invalid_target")
    return signedOut(`The client ${clientId} may not use the admin API of ${host}.`);
  if (error !== undefined)
    return status !== undefined && status >= 500
      ? unreachable(`${host} answers ${status} (${error}).`)
      : signedOut(`${host} gives no token: ${why ?? error}`);
  if (code === "OAUTH_RESPONSE_IS_NOT_CONFORM" || code === "OAUTH_RESPONSE_IS_NOT_JSON")
    return unreachable(
      `${host} does not answer as a Sallyport of this name would (HTTP ${(cause as { status?: number })?.status ?? "?"}); give its issuer's host with --host.`,
    );
  if (code?.startsWith("OAUTH_") === true)
    return unreachable(
      `${host} does not answer as a Sallyport of this name would; give its issuer's host with --host.`,
    );
  if (problem instanceof TypeError || (problem as Error).name === "TimeoutError")
    return unanswered(host, problem);
  return unreachable((problem as Error).message);
}
