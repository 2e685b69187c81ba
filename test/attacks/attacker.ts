/**
 * What the attacks of this folder have in common: sign-ins up to a point, the token that comes of one, cookies put into
 * somebody else's jar, and requests written byte by byte. It judges nothing; the tests do.
 */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CALLBACK, GRACE, type TestServer, typePassword } from "../kit/server.ts";
import { codeOf } from "../kit/simulator.ts";
import type { Seen, TestVisitor } from "../kit/visitor.ts";

const VERIFIER = "a-code-verifier-that-is-long-enough-for-rfc-7636";
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
export const ROOT = "+12025550199";

/** The authorization request of the public client `spa`. */
export const authorize = (server: TestServer, more: Record<string, string> = {}): string =>
  server.authorizeUrl({
    client_id: "spa",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    nonce: "n",
    ...more,
  });

/** Opens a login; answers its first page. */
export const begin = (server: TestServer, visitor: TestVisitor, more: Record<string, string> = {}) =>
  visitor.get(authorize(server, more));

/** How many texts the provider has taken. */
export const texts = async (server: TestServer): Promise<number> =>
  (await server.simulator.messages()).length;

/** The code of the first text to this number after the first `count` texts; waits for it, at most 3 s. */
export async function codeAfter(server: TestServer, count: number, phone = GRACE): Promise<string> {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = (await server.simulator.messages()).slice(count).find(({ to }) => to === phone);
    if (found !== undefined) return codeOf(found);
    await sleep(20);
  }
  throw new Error(`no text to •••• ${phone.slice(-2)}`);
}

/** Types grace's password and code from the password page on. */
export async function finish(server: TestServer, visitor: TestVisitor, page: Seen): Promise<Seen> {
  const count = await texts(server);
  const next = await typePassword(visitor, page, "grace");
  return visitor.submit(next, { code: await codeAfter(server, count) });
}

/** Opens a login and passes the password; answers the code page and the code that was sent. */
export async function toCodePage(
  server: TestServer,
  visitor: TestVisitor,
  more: Record<string, string> = {},
  [username, phone]: readonly [string, string] = ["grace", GRACE],
): Promise<{ page: Seen; code: string }> {
  const page = await begin(server, visitor, more);
  const count = await texts(server);
  const next = await typePassword(visitor, page, username);
  return { page: next, code: await codeAfter(server, count, phone) };
}

/** Signs in with both factors; answers what the relying party was sent. */
export async function signIn(
  server: TestServer,
  visitor: TestVisitor,
  more: Record<string, string> = {},
  who: readonly [string, string] = ["grace", GRACE],
): Promise<Seen> {
  const { page, code } = await toCodePage(server, visitor, more, who);
  return visitor.submit(page, { code });
}

/** The code the relying party was sent; undefined when this is no answer to it, or an error. */
export const grantOf = (seen: Seen): string | undefined =>
  seen.url.href.startsWith(CALLBACK) ? (seen.url.searchParams.get("code") ?? undefined) : undefined;

export interface Claims {
  readonly sub: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly auth_time: number;
  readonly [name: string]: unknown;
}

/** Redeems the code at the token endpoint; answers the whole answer. */
export async function tokens(server: TestServer, seen: Seen): Promise<Record<string, unknown>> {
  const fields = {
    grant_type: "authorization_code",
    client_id: "spa",
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    code: grantOf(seen) ?? "",
  };
  const answer = await server.visitor().send("POST", "/token", fields, { accept: "application/json" });
  return JSON.parse(answer.body) as Record<string, unknown>;
}

export async function claims(server: TestServer, seen: Seen): Promise<Claims> {
  const { id_token, error } = await tokens(server, seen);
  if (typeof id_token !== "string") throw new Error(`no token: ${String(error)}`);
  return JSON.parse(Buffer.from(id_token.split(".")[1] ?? "", "base64url").toString()) as Claims;
}

/** Whose `sub` it is. */
export async function nameOf(server: TestServer, seen: Seen): Promise<string | undefined> {
  return (await server.parts.directory.get((await claims(server, seen)).sub))?.username;
}

/** An answer without what is random or names the person: byte for byte what an observer can compare. */
export function shapeOf(seen: Seen, username: string): string {
  const login = seen.url.pathname.split("/")[2] ?? "-";
  const blank = (text: string) =>
    text
      .replaceAll(login, "LOGIN")
      .replaceAll(username, "NAME")
      .replace(/(name="csrf" value=")\d+\.[\w-]+/g, "$1CSRF")
      .replace(/=[\w-]{20,}/g, "=RANDOM");
  return seen.trail
    .map(({ status, headers, body }) => {
      const shown = Object.entries(headers).filter(([name]) => !["date"].includes(name));
      return blank(`${status}\n${JSON.stringify(shown)}\n${body}`);
    })
    .join("\n---\n");
}

/** The cookies a browser would send with a request for this path, as one header. */
export const cookiesFor = (visitor: TestVisitor, path: string): string =>
  [...visitor.jar]
    .filter(([, cookie]) => path.startsWith(cookie.path))
    .map(([key, cookie]) => `${key.split("\n")[0]}=${cookie.value}`)
    .join("; ");

/** Copies cookies whose name holds `part` from one jar into another, as somebody does who can set cookies there. */
export function plant(from: TestVisitor, into: TestVisitor, part: string): number {
  let count = 0;
  for (const [key, cookie] of from.jar)
    if (key.includes(part)) {
      into.jar.set(key, { ...cookie });
      count += 1;
    }
  return count;
}

export const signedIn = async (server: TestServer): Promise<number> =>
  (await server.parts.audit.query({ kind: "signed-in", limit: 10_000 })).length;

export interface RawAnswer {
  readonly status: number;
  /** Everything that came back, head and body. */
  readonly text: string;
}

/** Sends bytes as they are and reads until the server closes, or `patience` ms passed without a byte. */
export function raw(server: TestServer, bytes: string | Buffer, patience = 400): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(server.port, "127.0.0.1");
    const finish = () => {
      socket.destroy();
      const text = Buffer.concat(parts).toString("latin1");
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    let idle = setTimeout(finish, 5_000);
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      clearTimeout(idle);
      idle = setTimeout(finish, patience);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(idle);
      finish();
    });
    socket.on("connect", () => socket.write(bytes));
  });
}

/** One request, closed afterwards. `headers` replace the usual ones of the same name. */
export function rawRequest(
  server: TestServer,
  options: { method?: string; target: string; headers?: Record<string, string | undefined>; body?: string },
): Promise<RawAnswer> {
  const { method = "GET", target, headers = {}, body } = options;
  const all: Record<string, string | undefined> = {
    Host: new URL(server.issuer).host,
    Connection: "close",
    Accept: "text/html",
    ...(body === undefined
      ? {}
      : {
          "Content-Type": "application/x-www-form-urlencoded",
          "Content-Length": String(Buffer.byteLength(body)),
        }),
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  return raw(server, `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
}
