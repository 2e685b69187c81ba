/**
 * The demo relying party: an application that has just an OIDC client library. It talks to the server only through
 * its public URLs, keeps nothing but the claims it was given, and exists in the demo alone.
 */
import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as client from "openid-client";
import type { Page } from "../../core/pages.ts";
import { cookieName, readCookies, setCookie } from "../../kits/web/cookies.ts";
import { wantedLocales } from "../../kits/web/locale.ts";

export interface RelyingPartyOptions {
  readonly issuer: URL;
  readonly clientId: string;
  readonly brand: string;
  readonly acrs: () => readonly string[];
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

/** A sign-in that was begun and has not come back. */
interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  readonly maxAge?: number | undefined;
}

interface Visitor {
  /** By state: a person may have begun in several tabs. */
  readonly pending: Map<string, Pending>;
  claims?: Record<string, unknown>;
  idToken?: string;
  problem?: string;
}

const COOKIE = "demo";
const MOST_VISITORS = 1000;
const MOST_PENDING = 10;

export function mountRelyingParty(app: FastifyInstance, options: RelyingPartyOptions): void {
  const { issuer } = options;
  const https = issuer.protocol === "https:";
  const visitors = new Map<string, Visitor>();
  let discovered: Promise<client.Configuration> | undefined;
  const configuration = () => {
    discovered ??= client.discovery(
      issuer,
      options.clientId,
      undefined,
      client.None(),
      https ? {} : { execute: [client.allowInsecureRequests] },
    );
    discovered.catch(() => {
      discovered = undefined;
    });
    return discovered;
  };

  const idOf = (request: FastifyRequest) =>
    readCookies(request.headers.cookie)[cookieName(COOKIE, https)] ?? "";
  const redirectUri = `${issuer.origin}/demo/callback`;

  const find = (request: FastifyRequest): Visitor | undefined => visitors.get(idOf(request));

  function remember(request: FastifyRequest, reply: FastifyReply): Visitor {
    const known = find(request);
    if (known !== undefined) return known;
    const id = randomBytes(16).toString("base64url");
    makeRoom(visitors, MOST_VISITORS);
    const visitor: Visitor = { pending: new Map() };
    visitors.set(id, visitor);
    reply.header("set-cookie", setCookie(COOKIE, id, { https, maxAge: 86_400 }));
    return visitor;
  }

  app.get("/demo", async (request, reply) => {
    const visitor = find(request);
    const claims = Object.entries(visitor?.claims ?? {}).map(([name, value]) => ({
      name,
      value: typeof value === "string" ? value : JSON.stringify(value),
    }));
    // Said once: on the next look it would be about something that is long over.
    const problem = visitor?.problem ?? "";
    if (visitor !== undefined) visitor.problem = "";
    const page: Page = {
      page: "demo",
      facts: {
        brand: options.brand,
        appName: "Demo application",
        acrs: [...options.acrs()],
        claims,
        problem,
        phoneUrl: "/dev/phone",
      },
    };
    const languages = wantedLocales(undefined, request.headers["accept-language"]);
    return reply.type("text/html; charset=utf-8").send(await options.render(page, languages));
  });

  app.get("/demo/login", async (request, reply) => {
    const query = request.query as Record<string, unknown>;
    const visitor = remember(request, reply);
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const state = client.randomState();
    visitor.problem = "";
    const parameters: Record<string, string> = {
      redirect_uri: redirectUri,
      scope: "openid profile email phone user_name",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      nonce,
      state,
    };
    for (const name of [
      "acr_values",
      "prompt",
      "max_age",
      "login_hint",
      "claims",
      "scope",
      "response_mode",
    ]) {
      const value = query[name];
      if (typeof value === "string" && value !== "") parameters[name] = value;
    }
    const maxAge = parameters.max_age === undefined ? Number.NaN : Number(parameters.max_age);
    makeRoom(visitor.pending, MOST_PENDING);
    visitor.pending.set(state, { verifier, nonce, maxAge: Number.isFinite(maxAge) ? maxAge : undefined });
    return reply.redirect(client.buildAuthorizationUrl(await configuration(), parameters).href, 303);
  });

  app.get("/demo/callback", async (request, reply) => {
    const visitor = find(request);
    const url = new URL(request.url, issuer);
    const state = url.searchParams.get("state") ?? "";
    const pending = visitor?.pending.get(state);
    if (visitor === undefined || pending === undefined) return reply.redirect("/demo", 303);
    visitor.pending.delete(state);
    const { verifier, nonce, maxAge } = pending;
    try {
      const tokens = await client.authorizationCodeGrant(await configuration(), url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        ...(maxAge === undefined ? {} : { maxAge }),
      });
      visitor.claims = { ...tokens.claims() };
      if (tokens.id_token !== undefined) visitor.idToken = tokens.id_token;
    } catch (problem) {
      const { error, error_description } = problem as { error?: string; error_description?: string };
      visitor.problem =
        error === undefined
          ? "The answer of the server could not be used."
          : `${error}: ${error_description ?? ""}`;
    }
    return reply.redirect("/demo", 303);
  });

  app.get("/demo/claims", async (request, reply) => {
    const claims = find(request)?.claims;
    return claims === undefined
      ? reply.code(404).send({ error: "nobody has signed in here yet" })
      : reply.send(claims);
  });

  app.get("/demo/logout", async (request, reply) => {
    const visitor = find(request);
    visitors.delete(idOf(request));
    const url = client.buildEndSessionUrl(await configuration(), {
      post_logout_redirect_uri: `${issuer.origin}/demo`,
      ...(visitor?.idToken === undefined ? {} : { id_token_hint: visitor.idToken }),
    });
    return reply.redirect(url.href, 303);
  });
}

/** Drops the oldest entry of a map that is full. */
function makeRoom(map: Map<string, unknown>, most: number): void {
  const oldest = map.size >= most ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}
