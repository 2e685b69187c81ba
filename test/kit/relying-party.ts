/**
 * A relying party as a site would build it: openid-client 6 with its own checks of `iss`, `state`, `nonce`, `aud`, the
 * signature and `max_age`. It holds the back channel; the browser in front of it is a visitor (visitor.ts).
 */
import assert from "node:assert/strict";
import * as oidc from "openid-client";
import { CALLBACK, PASSWORD, type TestServer, twoSteps, typePassword, WEB_SECRET } from "./server.ts";
import { formOf, type Seen, type TestVisitor, textOf } from "./visitor.ts";

export interface RelyingPartyOptions {
  /** `spa` unless told. */
  readonly clientId?: string;
  /** The way of the test clients unless told: none for `spa`, `asks`; client_secret_basic for `web`, `doc`. */
  readonly auth?: oidc.ClientAuth;
  readonly idTokenAlg?: "RS256" | "ES256";
}

/** One authorization request on its way. */
export interface Begun {
  readonly url: URL;
  readonly parameters: Readonly<Record<string, string>>;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

export type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;

const usualAuth = (clientId: string): oidc.ClientAuth =>
  clientId === "web" || clientId === "doc" ? oidc.ClientSecretBasic(WEB_SECRET) : oidc.None();

/** Discovers the server and answers what an application needs for its sign-ins. */
export async function createRelyingParty(server: TestServer, options: RelyingPartyOptions = {}) {
  const clientId = options.clientId ?? "spa";
  const configuration = await oidc.discovery(
    new URL(server.issuer),
    clientId,
    { id_token_signed_response_alg: options.idTokenAlg ?? "RS256" },
    options.auth ?? usualAuth(clientId),
    { execute: [oidc.allowInsecureRequests] },
  );

  /** A request with PKCE, state and nonce; a parameter given as "" is left out. */
  async function begin(parameters: Readonly<Record<string, string>> = {}): Promise<Begun> {
    const made = await prepare(parameters);
    return { ...made, url: oidc.buildAuthorizationUrl(configuration, made.parameters) };
  }

  async function prepare(parameters: Readonly<Record<string, string>>): Promise<Omit<Begun, "url">> {
    const verifier = oidc.randomPKCECodeVerifier();
    const all = {
      redirect_uri: CALLBACK,
      scope: "openid",
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      ...parameters,
    };
    return {
      parameters: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
      verifier,
      state: all.state,
      nonce: all.nonce,
    };
  }

  /** Redeems the answer the browser came back with; checks it as openid-client does. */
  async function redeem(begun: Begun, seen: Seen): Promise<Tokens> {
    const { max_age } = begun.parameters;
    return oidc.authorizationCodeGrant(configuration, callbackOf(seen), {
      pkceCodeVerifier: begun.verifier,
      ...(begun.state === "" ? {} : { expectedState: begun.state }),
      ...(begun.nonce === "" ? {} : { expectedNonce: begun.nonce }),
      ...(max_age === undefined ? {} : { maxAge: Number(max_age) }),
      idTokenExpected: true,
    });
  }

  return {
    clientId,
    configuration,
    begin,
    redeem,
    /** The same by a pushed request (RFC 9126). */
    async push(parameters: Readonly<Record<string, string>> = {}): Promise<Begun> {
      const made = await prepare(parameters);
      return { ...made, url: await oidc.buildAuthorizationUrlWithPAR(configuration, made.parameters) };
    },
    /** A whole sign-in with the password alone. */
    async byPassword(
      visitor: TestVisitor,
      username: string,
      parameters: Readonly<Record<string, string>> = {},
      password = PASSWORD,
    ): Promise<Tokens> {
      const begun = await begin({ acr_values: "simple_password_auth", ...parameters });
      const page = await visitor.get(begun.url.href);
      return redeem(begun, await typePassword(visitor, page, username, password));
    },
    /** A whole sign-in of grace with password and SMS. */
    async byTwoSteps(
      visitor: TestVisitor,
      parameters: Readonly<Record<string, string>> = {},
    ): Promise<Tokens> {
      const begun = await begin({ acr_values: "twilio_sms", ...parameters });
      return redeem(begun, await twoSteps(server, visitor, await visitor.get(begun.url.href)));
    },
    /** A sign-in in which the person is asked nothing. */
    async silently(visitor: TestVisitor, parameters: Readonly<Record<string, string>> = {}): Promise<Tokens> {
      const begun = await begin(parameters);
      return redeem(begun, await visitor.get(begun.url.href));
    },
    /** The error the browser came back with; fails when it came back with anything else. */
    async refusal(
      visitor: TestVisitor,
      parameters: Readonly<Record<string, string>>,
    ): Promise<URLSearchParams> {
      const begun = await begin(parameters);
      return refusalOf(await visitor.get(begun.url.href), begun);
    },
    refresh: async (token: string): Promise<Tokens> =>
      (await oidc.refreshTokenGrant(configuration, token)) as Tokens,
    userinfo: (tokens: Tokens) =>
      oidc.fetchUserInfo(configuration, tokens.access_token, claimsOf(tokens).sub),
    introspect: (token: string) => oidc.tokenIntrospection(configuration, token),
    revoke: (token: string) => oidc.tokenRevocation(configuration, token),
  };
}

/** The ID token's claims, which every sign-in here has. */
export function claimsOf(tokens: Tokens): oidc.IDToken & { acr?: string; amr?: string[]; sid?: string } {
  const claims = tokens.claims();
  assert.ok(claims, "there is no ID token");
  return claims as oidc.IDToken & { acr?: string; amr?: string[]; sid?: string };
}

/** Where the browser was sent with the answer: a URL, or the request a form_post page would make. */
function callbackOf(seen: Seen): URL | Request {
  if (seen.url.href.startsWith(CALLBACK)) return seen.url;
  const form = formOf(seen);
  if (form.action !== CALLBACK)
    assert.fail(`still at ${seen.url.pathname} (${seen.status}): ${textOf(seen.body).slice(0, 400)}`);
  return new Request(form.action, { method: "POST", body: new URLSearchParams({ ...form.fields }) });
}

/** The parameters of an error answer; `iss` and `state` are checked on the way (RFC 9207, T10). */
export function refusalOf(seen: Seen, begun: Begun): URLSearchParams {
  assert.ok(
    seen.url.href.startsWith(CALLBACK),
    `still at ${seen.url.pathname} (${seen.status}): ${textOf(seen.body).slice(0, 400)}`,
  );
  const answer = seen.url.searchParams;
  assert.equal(answer.get("code"), null, "an error was expected, a code came");
  assert.equal(answer.get("iss"), begun.url.origin, "T10: every answer names its issuer");
  assert.equal(answer.get("state") ?? "", begun.state);
  return answer;
}

/** The OAuth error of a refused call. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (problem) {
    const { error, cause } = problem as { error?: unknown; cause?: unknown };
    if (typeof error === "string") return error;
    const inner = (cause as { error?: unknown } | undefined)?.error;
    if (typeof inner === "string") return inner;
    throw problem;
  }
  assert.fail("a refusal was expected, the call succeeded");
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A bare form post to an endpoint, for what no honest client library would send. */
export async function post(
  server: TestServer,
  path: string,
  fields: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const answer = await fetch(new URL(path, server.issuer), {
    method: "POST",
    body: typeof fields === "string" ? fields : new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json", ...headers },
    redirect: "manual",
  });
  const text = await answer.text();
  let body: Record<string, unknown> = { text };
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // An empty answer or a page: kept as text.
  }
  return { status: answer.status, headers: answer.headers, body };
}

/** `Authorization: Basic` as RFC 6749 §2.3.1 wants it. */
export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
});
