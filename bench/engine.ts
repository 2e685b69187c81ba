/**
 * The thing we compare with: oidc-provider by itself with a Map, no pages, and an interaction that signs everybody in
 * at once. Same client, same claims, same signing algorithm and key size as the product's. A process of its own.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Adapter, type AdapterPayload, type Configuration, Provider } from "oidc-provider";
import { answer } from "./child.ts";
import { CALLBACK, CLIENT, SCOPE } from "./client.ts";
import { usage } from "./usage.ts";

const rows = new Map<string, AdapterPayload>();
const uids = new Map<string, AdapterPayload>();
const members = new Map<string, string[]>();

function adapter(model: string): Adapter {
  const keyOf = (id: string) => `${model}:${id}`;
  return {
    async upsert(id, payload) {
      rows.set(keyOf(id), payload);
      if (model === "Session" && payload.uid !== undefined) uids.set(payload.uid, payload);
      if (payload.grantId === undefined) return;
      const list = members.get(payload.grantId);
      if (list === undefined) members.set(payload.grantId, [keyOf(id)]);
      else list.push(keyOf(id));
    },
    find: async (id) => rows.get(keyOf(id)),
    findByUid: async (uid) => uids.get(uid),
    findByUserCode: async () => undefined,
    async consume(id) {
      const row = rows.get(keyOf(id));
      if (row !== undefined) row.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      rows.delete(keyOf(id));
    },
    async revokeByGrantId(grantId) {
      for (const key of members.get(grantId) ?? []) rows.delete(key);
      members.delete(grantId);
    },
  };
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "bench", alg: "RS256", use: "sig" };
const person = { name: "Bench Person", given_name: "Bench", family_name: "Person", email: "p@example.org" };

const configuration: Configuration = {
  adapter,
  clients: [
    {
      client_id: CLIENT,
      redirect_uris: [CALLBACK],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "none",
    },
  ],
  jwks: { keys: [key] as NonNullable<Configuration["jwks"]>["keys"] },
  cookies: { keys: ["a key of the benchmark"] },
  claims: {
    openid: ["sub", "acr", "amr", "auth_time"],
    profile: ["name", "given_name", "family_name"],
    email: ["email"],
  },
  scopes: SCOPE.split(" "),
  responseTypes: ["code"],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 60,
    IdToken: 3600,
    Interaction: 600,
    Grant: 86_400,
    Session: 86_400,
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  routes: { authorization: "/authorize" },
  findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => ({ ...person, sub }) }),
  async loadExistingGrant(ctx) {
    const { client, session, provider } = ctx.oidc;
    const accountId = session?.accountId;
    if (client === undefined || accountId === undefined) return undefined;
    const grant = new provider.Grant({ clientId: client.clientId, accountId });
    grant.addOIDCScope(SCOPE);
    await grant.save();
    return grant;
  },
};

let people = 0;
let provider: Provider;
let handle: ReturnType<Provider["callback"]>;

const server = createServer((req, res) => {
  if (req.url?.startsWith("/interaction/") !== true) return void handle(req, res);
  finish(req, res).catch(() => res.writeHead(500).end());
});

async function finish(req: IncomingMessage, res: ServerResponse): Promise<void> {
  await provider.interactionDetails(req, res);
  people += 1;
  await provider.interactionFinished(req, res, {
    login: { accountId: `person-${people}`, acr: "bare", amr: ["pwd"], ts: Math.floor(Date.now() / 1000) },
  });
}

answer(
  {
    start: () =>
      new Promise<string>((resolve) => {
        server.listen(0, "127.0.0.1", () => {
          const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
          provider = new Provider(issuer, configuration);
          handle = provider.callback();
          resolve(issuer);
        });
      }),
    usage: () => usage(),
  },
  async () => server.closeAllConnections(),
);
