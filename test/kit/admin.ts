/** Calls of the admin API at a server in this process, as a machine would make them, and as administrators would. */
import { join } from "node:path";
import { after } from "node:test";
import Fastify from "fastify";
import { composeAdmin } from "../../src/compose/admin.ts";
import { createOwnScripts } from "../../src/compose/own-scripts.ts";
import type { Access } from "../../src/core/access.ts";
import { Secret } from "../../src/core/secret.ts";
import { createTrustedPeers } from "../../src/kits/web/address.ts";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import type { ServerOptions, TestServer } from "./server.ts";

const MACHINE_SECRET = "a-secret-of-the-machine";

/** A client that may do everything, and one that may only read scripts. */
export const machines: NonNullable<ServerOptions["clients"]> = [
  {
    client_id: "machine",
    client_secret: MACHINE_SECRET,
    grant_types: ["client_credentials"],
    scope: adminScopes.join(" "),
  },
  {
    client_id: "reader",
    client_secret: MACHINE_SECRET,
    grant_types: ["client_credentials"],
    scope: "https://jans.io/oauth/config/scripts.readonly",
  },
];

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came back
  readonly json: any;
  readonly text: string;
}

/** An access token of a machine, for the scopes it has or for some of them. */
export async function tokenOf(
  server: Pick<TestServer, "issuer" | "config">,
  client = "machine",
  scopes?: readonly string[],
): Promise<string> {
  const all = server.config.settings.clients.find(({ client_id }) => client_id === client)?.scope ?? "";
  const scope = scopes?.join(" ") ?? all;
  const answer = await fetch(new URL("/token", server.issuer), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${client}:${MACHINE_SECRET}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope }),
  });
  const json = (await answer.json()) as { access_token?: string };
  if (json.access_token === undefined) throw new Error(`no token for ${client}: ${JSON.stringify(json)}`);
  return json.access_token;
}

/** One call below `/jans-config-api`; an object goes as JSON. */
export async function callApi(
  server: Pick<TestServer, "issuer">,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const answer = await fetch(new URL(`/jans-config-api${path}`, server.issuer), {
    method,
    headers: {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { "content-type": Array.isArray(body) ? "application/json-patch+json" : "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json =
    text === "" || !answer.headers.get("content-type")?.includes("json") ? undefined : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, json, text };
}

/**
 * The API over a server's parts with tokens of its own: people with the roles a test gives them, signed in with two
 * factors. Only where tokens come from is replaced; the guard, the handlers and the store are those of the server.
 */
export async function startApi(server: TestServer) {
  const tokens = new Map<string, Access>();
  const app = Fastify();
  await composeAdmin(app, {
    parts: server.parts,
    access: { check: async (token) => tokens.get(token) },
    peers: createTrustedPeers([]),
    scripts: createOwnScripts({
      ...server.parts,
      folder: join(server.folder, "custom"),
      limits: () => server.parts.settings.document().limits,
      sms: () => undefined,
      log: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
      newId: () => crypto.randomUUID(),
    }),
    mechanisms: () => [],
    countries: () => "all",
    overview: { startedAt: 0, heard: () => {}, health: async () => [], counts: async () => [] },
    onProblem: (problem) => {
      throw problem;
    },
  });
  const issuer = await app.listen({ host: "127.0.0.1", port: 0 });
  after(() => app.close());

  /** A person with these roles, and how to call the API as them. */
  async function person(username: string, roles: readonly string[], scopes: readonly string[] = adminScopes) {
    const password = new Secret("two doors, one open");
    const added = await server.parts.directory.write.add({ username, password, roles });
    if (added.kind !== "done") throw new Error(`${username}: ${added.kind}`);
    const { id } = added.user;
    tokens.set(username, {
      client: "tool",
      subject: id,
      scopes,
      acr: "twilio_sms",
      amr: ["pwd", "sms", "mfa"],
      authTime: Date.now(),
    });
    return {
      id,
      call: (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
        callApi({ issuer }, username, method, path, body, headers),
    };
  }

  /** A machine whose token holds these scopes. */
  function machine(name: string, scopes: readonly string[]) {
    tokens.set(name, {
      client: name,
      subject: undefined,
      scopes,
      acr: undefined,
      amr: [],
      authTime: undefined,
    });
    return (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
      callApi({ issuer }, name, method, path, body, headers);
  }

  return { person, machine };
}
