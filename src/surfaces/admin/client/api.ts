/** The admin API as a tool asks it: the server's own OpenAPI document, and one request after another with one token. */
import { API_ROOT, machineToken, refreshed } from "./grants.ts";
import type { Identity } from "./identity.ts";
import type { TokensFile } from "./tokens-file.ts";
import { done, type Outcome, signedOut, unanswered, unreachable } from "./trouble.ts";

/** One request below `/jans-config-api`; `body` is sent as JSON under `bodyType`. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  readonly bodyType?: string | undefined;
  /** Refused as `lost` when the thing is another than this ETag says. */
  readonly ifMatch?: string | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  /** undefined: the answer has no body. */
  readonly body: unknown;
  readonly etag: string | undefined;
}

export type Client = ReturnType<typeof createClient>;

const TIMEOUT = 30_000;
/** A token is not used in its last moments: it could end on the way. */
const MARGIN = 30_000;

export function createClient(identity: Identity, tokens: TokensFile) {
  const { host } = identity;
  let known: Promise<Outcome<Readonly<Record<string, unknown>>>> | undefined;
  let token: string | undefined;

  /** The document that the server made of its own checks; asked for once, without a token. */
  function document() {
    known ??= exchange(host, { method: "GET", path: "/api/v1/openapi.json" }, undefined).then((answer) => {
      if (answer.kind !== "done") return answer;
      const { body } = answer.value;
      return typeof body === "object" && body !== null && "paths" in body
        ? done(body as Readonly<Record<string, unknown>>)
        : unreachable(`${host} has no OpenAPI document of an admin API; is the host right?`);
    });
    return known;
  }

  async function accessToken(): Promise<Outcome<string>> {
    if (token !== undefined) return done(token);
    const found =
      identity.kind === "token"
        ? done(identity.token.reveal())
        : identity.kind === "person"
          ? await personToken(host, tokens)
          : await forMachine(identity);
    if (found.kind === "done") token = found.value;
    return found;
  }

  async function forMachine({
    clientId,
    proof,
  }: Extract<Identity, { kind: "machine" }>): Promise<Outcome<string>> {
    const scopes = await document();
    return scopes.kind === "done" ? machineToken(host, clientId, proof, scopesOf(scopes.value)) : scopes;
  }

  return {
    host,
    document,
    async ask(request: ApiRequest): Promise<Outcome<ApiAnswer>> {
      const found = await accessToken();
      if (found.kind !== "done") return found;
      const answer = await exchange(host, request, found.value);
      const again = answer.kind === "signed-out" && answer.status === 401 && identity.kind === "person";
      return again ? { ...answer, text: `${answer.text}; run: sallyport login --host ${host}` } : answer;
    },
  };
}

/** Every scope the API has, as its document lists them. */
export function scopesOf(document: Readonly<Record<string, unknown>>): readonly string[] {
  const { components } = document as {
    components?: { securitySchemes?: { oauth2?: { flows?: Record<string, { scopes?: object }> } } };
  };
  const flows = Object.values(components?.securitySchemes?.oauth2?.flows ?? {});
  return [...new Set(flows.flatMap(({ scopes }) => Object.keys(scopes ?? {})))];
}

/** The document of a server that nobody has signed in at yet. */
export const documentOf = (host: string, tokens: TokensFile) =>
  createClient({ kind: "person", host }, tokens).document();

async function personToken(host: string, tokens: TokensFile): Promise<Outcome<string>> {
  const again = signedOut(`Nobody is signed in at ${host}; run: sallyport login --host ${host}`);
  const current = () => {
    const read = tokens.read();
    return read.kind === "done" ? done(read.value.hosts[host]) : read;
  };
  const usable = current();
  if (usable.kind !== "done") return usable;
  if (usable.value === undefined) return again;
  if (usable.value.expiresAt - MARGIN > Date.now()) return done(usable.value.accessToken);
  return tokens.inTurn(async () => {
    // Another process may have been here while this one waited.
    const now = current();
    if (now.kind !== "done") return now;
    if (now.value === undefined) return again;
    if (now.value.expiresAt - MARGIN > Date.now()) return done(now.value.accessToken);
    if (now.value.refreshToken === undefined) return again;
    const fresh = await refreshed(host, now.value.refreshToken);
    if (fresh.kind !== "done") return fresh;
    const kept = tokens.keep(host, fresh.value);
    return kept.kind === "done" ? done(fresh.value.accessToken) : kept;
  });
}

/** One request with this token, or without any; never throws. */
export async function exchange(
  host: string,
  request: ApiRequest,
  token: string | undefined,
): Promise<Outcome<ApiAnswer>> {
  const { method, path, query, body, bodyType = "application/json", ifMatch } = request;
  const url = new URL(`${host}${API_ROOT}${path}`);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, value);
  try {
    const response = await fetch(url, {
      method,
      // A token goes to the server that was named, and not where that one points.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": bodyType }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return judged(host, response, await response.text());
  } catch (problem) {
    return unanswered(host, problem);
  }
}

function judged(host: string, { status, headers }: Response, text: string): Outcome<ApiAnswer> {
  const body = parsed(text);
  if (status >= 200 && status < 300) {
    if (text !== "" && body === undefined) return unreachable(`${host} answers something that is not JSON.`);
    if (status === 202) return { kind: "waits", text: waitingText(body), body };
    return done({ status, body, etag: headers.get("etag") ?? undefined });
  }
  const said = sentenceOf(body);
  if (status === 401 || status === 403)
    return { ...signedOut(said ?? `${host} answers ${status}.`), status, body };
  if (status === 412) return { kind: "lost", text: said ?? "Somebody has changed it meanwhile.", body };
  if (status === 421 || (status >= 300 && status < 400))
    return unreachable(
      `${host} does not answer to this name (HTTP ${status}); give its issuer's host with --host.`,
    );
  if (status >= 400 && status < 500 && status !== 429)
    return { kind: "refused", text: said ?? `${host} answers ${status}.`, status, body };
  return unreachable(said ?? `${host} answers ${status}; try again.`, body);
}

function waitingText(body: unknown): string {
  const { id, until } = (body ?? {}) as { id?: unknown; until?: unknown };
  return `Not done yet: a second administrator has to approve it until ${until}; sallyport approval approve ${id}`;
}

/** What an error of the API says, as one sentence. */
function sentenceOf(body: unknown): string | undefined {
  const { message, description } = (body ?? {}) as { message?: unknown; description?: unknown };
  if (typeof message !== "string") return undefined;
  if (typeof description !== "string") return message;
  // Where the message is the name of what is wrong, the description begins with it as well.
  return description.startsWith(`${message}: `) ? description : `${message}: ${description}`;
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
