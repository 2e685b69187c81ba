/** A whole sign-in at a server process, from the authorization request to the tokens, as `openid-client` users do it. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { CALLBACK, codeAt, ISSUER, type Node, PASSWORD, type Site } from "./serve.ts";
import { type Seen, type TestVisitor, textOf } from "./visitor.ts";

export interface Wish {
  readonly url: string;
  readonly verifier: string;
  readonly nonce: string;
}

export interface SignedIn {
  readonly visitor: TestVisitor;
  readonly claims: JWTPayload & { acr?: string; amr?: string[]; phone_number?: string };
  readonly code: string;
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** An authorization request of the public client `spa` with PKCE. */
export function wish(parameters: Readonly<Record<string, string>> = {}): Wish {
  const verifier = randomBytes(32).toString("base64url");
  const nonce = randomBytes(12).toString("base64url");
  const query = new URLSearchParams({
    client_id: "spa",
    response_type: "code",
    scope: "openid phone",
    redirect_uri: CALLBACK,
    state: randomBytes(12).toString("base64url"),
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  });
  return { url: `/authorize?${query}`, verifier, nonce };
}

/** Types name and password on the first page, and the number where it is asked for; answers the code page. */
export async function toCodePage(
  visitor: TestVisitor,
  made: Wish,
  username: string,
  phone?: string,
  password = PASSWORD,
): Promise<Seen> {
  let page = await visitor.submit(await visitor.get(made.url), { username, password });
  if (phone !== undefined && /name="phone"/.test(page.body)) page = await visitor.submit(page, { phone });
  assert.match(page.body, /name="code"/, `no code page: ${textOf(page.body).slice(0, 300)}`);
  return page;
}

/** The code of the last message to this number. Waits for one beyond the first `before` in all. */
export async function codeFor(site: Site, phone: string, before = 0): Promise<string> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await fetch(new URL("/messages", site.simulator.url));
    const all = (await answer.json()) as { to: string; body: string }[];
    const found = all.slice(before).findLast(({ to }) => to === phone);
    const code = found && /#(\d{6,10})$/.exec(found.body)?.[1];
    if (code !== undefined) return code;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no message came");
}

/** How many messages the simulator holds. */
export async function messageCount(site: Site): Promise<number> {
  return ((await (await fetch(new URL("/messages", site.simulator.url))).json()) as unknown[]).length;
}

/** Signs a person in with password and SMS; enrols `phone` where a number is asked for. */
export async function signIn(
  site: Site,
  node: Node,
  username: string,
  phone: string,
  options: { readonly parameters?: Readonly<Record<string, string>>; readonly visitor?: TestVisitor } = {},
): Promise<SignedIn> {
  const visitor = options.visitor ?? node.visitor();
  const made = wish(options.parameters);
  const before = await messageCount(site);
  const page = await toCodePage(visitor, made, username, phone);
  let done = await visitor.submit(page, { code: await codeFor(site, phone, before) });
  // Who asked for prompt=consent is asked, and allows.
  if (/value="cancel"/.test(done.body) && !/name="code"/.test(done.body))
    done = await visitor.submit(done, {});
  return redeem(node, visitor, made, codeAt(done));
}

/** Redeems the code at this node and verifies the ID token against the published keys. */
export async function redeem(node: Node, visitor: TestVisitor, made: Wish, code: string): Promise<SignedIn> {
  const answer = await node.call("POST", "/token", { fields: redemption(made, code) });
  assert.equal(answer.status, 200, answer.body);
  const tokens = answer.json() as { id_token: string; access_token: string; refresh_token?: string };
  const keys = createLocalJWKSet((await node.call("GET", "/jwks")).json() as unknown as JSONWebKeySet);
  const { payload } = await jwtVerify(tokens.id_token, keys, { issuer: ISSUER, audience: "spa" });
  assert.equal(payload.nonce, made.nonce);
  return {
    visitor,
    claims: payload,
    code,
    idToken: tokens.id_token,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
  };
}

/** The form that redeems a code. */
export const redemption = (made: Wish, code: string): Record<string, string> => ({
  grant_type: "authorization_code",
  client_id: "spa",
  code,
  redirect_uri: CALLBACK,
  code_verifier: made.verifier,
});

/** Whether the browser's session still answers without asking. */
export async function stillSignedIn(visitor: TestVisitor): Promise<boolean> {
  const seen = await visitor.get(wish({ prompt: "none" }).url);
  return seen.url.searchParams.has("code");
}
