/**
 * The account pages as a relying party of their own server: the browser goes through the public URL, calls for tokens and
 * keys stay in the process. An answer is taken once, by the browser that asked, and only for the person who asked.
 */
import type { Storage } from "../../core/records.ts";
import type { Clock, Subject } from "../../core/words.ts";

/** What a sign-in is begun for. */
export type Wish = {
  /** A path of ours to go on to. */
  readonly next: string;
  /** Acrs that would do, the one that is liked best in front. */
  readonly acrs?: readonly string[] | undefined;
  /** Seconds that proofs may be old; 0: everything is shown anew. */
  readonly maxAge?: number | undefined;
  /** By the protocol's own word as well (`prompt=login`). */
  readonly insist?: true | undefined;
  /** Whose step-up it is. */
  readonly subject?: Subject | undefined;
  readonly username?: string | undefined;
  readonly locale?: string | undefined;
  /** A factor to bind, what the person had of it, and which of these goes for it. */
  readonly enrol?:
    | { readonly kind: string; readonly had: readonly string[]; readonly replaces?: string | undefined }
    | undefined;
};

type Pending = Wish & { readonly verifier: string; readonly nonce: string; readonly browser: string };

/** What the server has said of the person. */
export interface SignedIn {
  readonly subject: Subject;
  /** Name of the session (core/sessions.ts). */
  readonly sid: string;
  readonly acr: string;
  readonly authTime: number;
}

export type Answered =
  | { readonly kind: "signed-in"; readonly who: SignedIn; readonly wish: Wish }
  | { readonly kind: "cancelled"; readonly wish: Wish }
  /** Not asked for by this browser, answered before, or of no use. */
  | { readonly kind: "refused" };

export interface AccountClient {
  /** The URL that the browser is sent to. */
  begin(browser: string, wish: Wish): Promise<string>;
  take(browser: string, url: URL): Promise<Answered>;
}

export interface AccountClientDeps {
  readonly issuer: URL;
  readonly clientId: string;
  /** Path of the redirect URI. */
  readonly callback: string;
  /** Asks our own server, within the process. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly sessionOf: (accessToken: string) => Promise<string | undefined>;
  readonly storage: Storage;
  readonly now: Clock;
}

const LIFE = 3_600_000;

export function createAccountClient(deps: AccountClientDeps): AccountClient {
  const { issuer, now } = deps;
  const pendings = deps.storage.records<Pending>("account-pending");
  const redirectUri = `${issuer.origin}${deps.callback}`;
  // Loaded when somebody first comes: most who sign in never do.
  const library = () => import("openid-client");
  let discovered: Promise<import("openid-client").Configuration> | undefined;
  async function discover() {
    const client = await library();
    const execute = [
      client.enableNonRepudiationChecks,
      ...(issuer.protocol === "https:" ? [] : [client.allowInsecureRequests]),
    ];
    return client.discovery(issuer, deps.clientId, undefined, client.None(), {
      execute,
      [client.customFetch]: (url, { body, ...init }) =>
        deps.fetch(url, { ...init, ...(body === undefined ? {} : { body: String(body) }) } as RequestInit),
    });
  }
  const configuration = () => {
    discovered ??= discover();
    discovered.catch(() => {
      discovered = undefined;
    });
    return discovered;
  };

  return {
    async begin(browser, wish) {
      const client = await library();
      const [verifier, nonce, state] = [
        client.randomPKCECodeVerifier(),
        client.randomNonce(),
        client.randomState(),
      ];
      await pendings.put(state, { ...wish, verifier, nonce, browser }, now() + LIFE);
      const { acrs = [], maxAge, insist, enrol, username, locale } = wish;
      const parameters = {
        redirect_uri: redirectUri,
        scope: "openid",
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        nonce,
        state,
        ...(acrs.length === 0 ? {} : { acr_values: acrs.join(" ") }),
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
        ...(insist === undefined ? {} : { prompt: "login" }),
        ...(enrol === undefined ? {} : { enrol: enrol.kind }),
        ...(username === undefined ? {} : { login_hint: username }),
        ...(locale === undefined ? {} : { ui_locales: locale }),
      };
      const { pathname, search } = client.buildAuthorizationUrl(await configuration(), parameters);
      return `${pathname}${search}`;
    },
    async take(browser, url) {
      const pending = await pendings.take(url.searchParams.get("state") ?? "");
      // Somebody else's answer would sign this browser in as somebody else (login CSRF, M07).
      if (pending === undefined || pending.browser !== browser) return { kind: "refused" };
      const { verifier, nonce, browser: _browser, ...wish } = pending;
      if (url.searchParams.has("error")) return { kind: "cancelled", wish };
      const client = await library();
      const tokens = await client
        .authorizationCodeGrant(await configuration(), url, {
          pkceCodeVerifier: verifier,
          expectedState: url.searchParams.get("state") ?? "",
          expectedNonce: nonce,
        })
        .catch(() => undefined);
      const claims = tokens?.claims();
      const sid = tokens === undefined ? undefined : await deps.sessionOf(tokens.access_token);
      if (claims === undefined || sid === undefined || typeof claims.acr !== "string")
        return { kind: "refused" };
      const who = {
        subject: claims.sub,
        sid,
        acr: claims.acr,
        authTime: Number(claims.auth_time ?? 0) * 1000,
      };
      // A step-up of one person is no sign-in of another (S10).
      if (wish.subject !== undefined && wish.subject !== who.subject)
        return { kind: "signed-in", who, wish: { next: "/account" } };
      return { kind: "signed-in", who, wish };
    },
  };
}
