/** Clients over the admin API: added, changed and taken away, and what that does to sign-ins and tokens. */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { CALLBACK, startServer, twoSteps, WEB_SECRET } from "../kit/server.ts";

const CLIENTS = "/api/v1/openid/clients";
const CONFIG = "https://jans.io/oauth/config";
/** May write clients and the settings, and nothing else at the API. */
const clerk = {
  client_id: "clerk",
  client_secret: "a-secret-of-the-machine",
  grant_types: ["client_credentials"],
  scope: ["openid/clients.readonly", "openid/clients.write", "openid/clients.delete", "settings.write"]
    .map((name) => `${CONFIG}/${name}`)
    .join(" "),
};
const server = await startServer({
  clients: [...machines, clerk],
  hashCost: { memory: 64, passes: 1, lanes: 1 },
});
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  callApi(server, token, method, path, body, headers);
const read = async (id: string) => (await call("GET", `${CLIENTS}/${id}`)).json;
const patch = (id: string, ...patches: readonly object[]) => call("PATCH", `${CLIENTS}/${id}`, patches);
const replace = (path: string, value: unknown) => ({ op: "replace", path, value });
const history = async () => (await server.parts.settings.history(1)).map(({ by, what }) => ({ by, what }))[0];

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});
const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const answer = await fetch(new URL(path, server.issuer), {
    method: "POST",
    headers,
    body: new URLSearchParams(fields),
  });
  return { status: answer.status, json: (await answer.json().catch(() => ({}))) as Record<string, string> };
};

/** Signs grace in for this confidential client; answers its tokens. */
async function tokensOf(id: string, secret: string, scope = "openid offline_access") {
  const verifier = randomBytes(32).toString("base64url");
  const visitor = server.visitor();
  let end = await twoSteps(
    server,
    visitor,
    await visitor.get(
      server.authorizeUrl({
        client_id: id,
        scope,
        prompt: "consent",
        state: "s",
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      }),
    ),
  );
  const consented = !end.url.href.startsWith(CALLBACK);
  if (consented) end = await visitor.submit(end, {});
  const code = end.url.searchParams.get("code");
  assert.ok(code, `${end.url.href} ${end.body.slice(0, 300)}`);
  const redeem = () =>
    post(
      "/token",
      { grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: verifier },
      basic(id, secret),
    );
  return { visitor, consented, redeem };
}

describe("adding a client", () => {
  test("S19: a secret that was made up is said once, and nowhere else", async () => {
    const added = await call("POST", CLIENTS, { clientName: "New", redirectUris: [CALLBACK] });
    assert.equal(added.status, 201, added.text);
    const { inum, clientSecret } = added.json;
    assert.match(inum, /^[\w-]{36}$/);
    assert.match(clientSecret, /^[\w-]{43}$/);
    const again = await read(inum);
    assert.deepEqual([again.clientSecret, again.clientSecretIsSet], [null, true]);
    assert.equal((await call("GET", CLIENTS)).text.includes(clientSecret), false);
    const { redeem, consented } = await tokensOf(inum, clientSecret);
    assert.equal(consented, true, "it is not trusted, so the person is asked");
    const { status, json } = await redeem();
    assert.equal(status, 200, JSON.stringify(json));
  });

  test("the original's own example goes in, but for what is not done, which is named all at once", async () => {
    const example = {
      dn: "inum=2000.6b05,ou=clients,o=jans",
      deletable: false,
      clientSecret: "d2U1A5Es6uuE-and-more",
      frontChannelLogoutSessionRequired: false,
      redirectUris: [CALLBACK, "http://localhost:4100"],
      responseTypes: ["code"],
      grantTypes: ["authorization_code", "refresh_token", "client_credentials"],
      applicationType: "web",
      clientName: "Jans TUI Client",
      clientNameLocalized: {},
      subjectType: "pairwise",
      idTokenSignedResponseAlg: "RS256",
      userInfoSignedResponseAlg: "RS256",
      tokenEndpointAuthMethod: "client_secret_basic",
      scopes: ["inum=764C,ou=scopes,o=jans", "inum=F0C4,ou=scopes,o=jans", "user_name"],
      trustedClient: true,
      persistClientAuthorizations: true,
      includeClaimsInIdToken: false,
      accessTokenLifetime: 2_592_000,
      customAttributes: [],
      customObjectClasses: ["top"],
      accessTokenAsJwt: false,
      accessTokenSigningAlg: "RS256",
      disabled: false,
      attributes: { parLifetime: 600, requirePar: false, minimumAcrLevel: -1, jansDefaultPromptLogin: false },
      displayName: "Jans TUI Client",
      allAuthenticationMethods: ["client_secret_basic"],
      inum: "2000.6b05",
    };
    const refused = await call("POST", CLIENTS, { ...example, attributes: { redirectUrisRegex: ".*" } });
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.json.faults.map(({ path }: { path: string }) => path).sort(), [
      "accessTokenLifetime",
      "attributes.redirectUrisRegex",
      "subjectType",
      "userInfoSignedResponseAlg",
    ]);
    assert.match(refused.json.description, /subjectType: is not done here: .*send public/);
    const taken = await call("POST", CLIENTS, {
      ...example,
      subjectType: "public",
      userInfoSignedResponseAlg: null,
      accessTokenLifetime: 3600,
    });
    assert.equal(taken.status, 201, taken.text);
    assert.equal(taken.json.clientSecret, null, "a secret that was sent is not said back");
    assert.deepEqual(taken.json.scopes, ["email", "openid", "user_name"]);
    assert.equal((await call("POST", CLIENTS, { inum: "2000.6b05", redirectUris: [CALLBACK] })).status, 409);
  });

  test("a client the engine could not serve, a private key, a wild scope, an unknown acr: refused by name", async () => {
    const refused = async (over: object) => {
      const answer = await call("POST", CLIENTS, { redirectUris: [CALLBACK], ...over });
      assert.equal(answer.status, 400, answer.text);
      return answer.json.description as string;
    };
    assert.match(await refused({ tokenEndpointAuthMethod: "private_key_jwt" }), /jwks: .*mandatory/);
    const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
    assert.match(await refused({ jwks: { keys: [jwk] } }), /jwks\.keys\[0\]: is a private key/);
    assert.match(
      await refused({ scopes: ["openid", "everything"] }),
      /Invalid scope in request -> \[everything\]/,
    );
    assert.match(await refused({ defaultAcrValues: ["twillio_sms"] }), /did you mean twilio_sms/);
    assert.match(
      await refused({ redirectUris: ["http://rp.example.test/cb"] }),
      /redirectUris\[0\]: must be https/,
    );
    assert.match(await refused({ redirectUris: [] }), /redirectUris: is missing/);
    assert.match(
      await refused({ responseTypes: ["code", "token"] }),
      /responseTypes: token is not done here/,
    );
    assert.match(await refused({ grantTypes: ["implicit"] }), /grantTypes\[0\]/);
    assert.match(await refused({ clientSecrett: "x" }), /clientSecrett: is not a known setting/);
    assert.match(
      await refused({ tokenEndpointAuthMethod: "none", attributes: { requirePkce: false } }),
      /attributes\.requirePkce: cannot be waived for a public client/,
    );
    assert.match(await refused({ clientSecret: "short" }), /clientSecret: at least 16/);
  });

  test("keys as text or as an object, in upper case or lower: the same client", async () => {
    const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
    const jwks = { keys: [{ ...jwk, alg: "ES256", use: "sig" }] };
    const base = {
      redirectUris: [CALLBACK],
      tokenEndpointAuthMethod: "PRIVATE_KEY_JWT",
      applicationType: "WEB",
    };
    const one = await call("POST", CLIENTS, { ...base, jwks });
    const two = await call("POST", CLIENTS, { ...base, jwks: JSON.stringify(jwks) });
    assert.deepEqual([one.status, two.status], [201, 201], one.text + two.text);
    assert.equal(one.json.jwks, two.json.jwks);
    assert.deepEqual([one.json.clientSecret, one.json.clientSecretIsSet], [null, false]);
  });
});

describe("changing a client", () => {
  test("get, edit, put back: what was not edited stays, the secret works on, and history and audit name what changed", async () => {
    const web = await read("web");
    assert.equal(JSON.stringify(web).includes(WEB_SECRET), false);
    web.clientName = "Web of ours";
    web.trustedClient = false;
    web.postLogoutRedirectUris = [...web.postLogoutRedirectUris, "https://rp.example.test/later"];
    const saved = await call("PUT", CLIENTS, web);
    assert.equal(saved.status, 200, saved.text);
    assert.deepEqual([saved.json.displayName, saved.json.clientSecretIsSet], ["Web of ours", true]);
    assert.deepEqual(await history(), {
      by: "client machine",
      what: "client web: clientName, postLogoutRedirectUris, trustedClient",
    });
    const [event] = await server.parts.audit.query({ kind: "settings-changed", limit: 1 });
    assert.equal(event?.facts?.by, "client machine");
    assert.match(String(event?.address), /127\.0\.0\.1/);
    assert.deepEqual(event?.facts?.names, [
      "clients.web.client_name",
      "clients.web.post_logout_redirect_uris",
      "clients.web.trusted",
    ]);
    const { redeem, consented } = await tokensOf("web", WEB_SECRET);
    assert.equal(consented, true, "no longer trusted");
    assert.equal((await redeem()).status, 200);
  });

  test("every client put back as it was read changes nothing", async () => {
    const { revision } = server.parts.settings;
    const { entries } = (await call("GET", CLIENTS)).json;
    assert.ok(entries.length > 6);
    for (const entry of entries) {
      const answer = await call("PUT", CLIENTS, entry);
      assert.deepEqual([answer.status, answer.json], [200, entry], answer.text);
    }
    assert.equal(server.parts.settings.revision, revision);
  });

  test("S19: a new secret takes the old one's place, is in no answer and in the history by name alone", async () => {
    const secret = "canary-new-secret-of-the-client";
    const saved = await patch("web", { op: "add", path: "/clientSecret", value: secret });
    assert.equal(saved.status, 200, saved.text);
    assert.equal(saved.text.includes(secret), false);
    assert.deepEqual((await history())?.what, "client web: clientSecret");
    const ask = (given: string) =>
      post("/token", { grant_type: "refresh_token", refresh_token: "none" }, basic("web", given));
    assert.equal((await ask(WEB_SECRET)).json.error, "invalid_client");
    assert.equal((await ask(secret)).json.error, "invalid_grant");
    const [event] = await server.parts.audit.query({ kind: "settings-changed", limit: 1 });
    assert.equal(JSON.stringify(event).includes(secret), false);
    await patch("web", { op: "add", path: "/clientSecret", value: WEB_SECRET });
  });

  test("a patch takes text for booleans, also inside, and takes away what it removes", async () => {
    const set = await patch(
      "web",
      replace("/attributes/jansAuthorizedAcr", ["twilio_sms"]),
      replace("/attributes/requirePar", "true"),
      { op: "add", path: "/policyUri", value: "https://rp.example.test/policy" },
    );
    assert.equal(set.status, 200, set.text);
    assert.deepEqual(set.json.attributes, {
      jansAuthorizedAcr: ["twilio_sms"],
      requirePar: true,
      requirePkce: true,
    });
    const away = await patch(
      "web",
      { op: "remove", path: "/policyUri" },
      { op: "remove", path: "/attributes/jansAuthorizedAcr" },
      replace("/attributes/requirePar", false),
    );
    assert.deepEqual([away.json.policyUri, away.json.attributes.jansAuthorizedAcr], [undefined, []]);
    assert.equal((await patch("nobody", replace("/disabled", true))).status, 404);
    assert.equal((await patch("web", replace("/displayName", "A"), replace("/clientName", "B"))).status, 400);
  });

  test("S20: of two administrators on one ETag the second is told with 412", async () => {
    const etag = (await call("GET", `${CLIENTS}/doc`)).headers.get("etag") ?? "";
    const one = (value: string) =>
      call("PATCH", `${CLIENTS}/doc`, [{ op: "add", path: "/description", value }], { "if-match": etag });
    const answers = await Promise.all([one("left"), one("right")]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
  });

  test("T15: the client's own acrs count at once: default where nothing is asked for, allowed whatever is asked for", async () => {
    await patch("doc", replace("/defaultAcrValues", ["simple_password_auth"]));
    const asked = async (acr?: string) => {
      const visitor = server.visitor();
      const page = await visitor.get(
        server.authorizeUrl({
          client_id: "doc",
          nonce: "n",
          state: "s",
          ...(acr === undefined ? {} : { acr_values: acr }),
        }),
      );
      const next = await visitor.submit(page, { username: "grace", password: "two doors, one open" });
      return next.url.href.startsWith(CALLBACK) ? "password alone" : "code asked";
    };
    assert.equal(await asked(), "password alone");
    await patch("doc", replace("/attributes/jansAuthorizedAcr", ["twilio_sms"]));
    assert.equal(await asked(), "code asked");
    assert.equal(await asked("simple_password_auth"), "code asked", "a URL cannot go below what is allowed");
    await patch("doc", replace("/attributes/jansAuthorizedAcr", []), replace("/defaultAcrValues", []));
  });
});

describe("a client that is disabled or taken away", () => {
  test("disabled, everything it asks is refused, its tokens end, and they do not come back with it", async () => {
    const added = await call("POST", CLIENTS, {
      inum: "ends",
      redirectUris: [CALLBACK],
      trustedClient: true,
      grantTypes: ["authorization_code", "refresh_token", "client_credentials"],
      scopes: ["openid", "offline_access", "https://jans.io/oauth/config/acrs.readonly"],
    });
    const secret = added.json.clientSecret as string;
    const { redeem, visitor } = await tokensOf("ends", secret);
    const { json: tokens } = await redeem();
    const refreshed = () =>
      post(
        "/token",
        { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" },
        basic("ends", secret),
      );
    const userinfo = async () =>
      (
        await fetch(new URL("/userinfo", server.issuer), {
          headers: { authorization: `Bearer ${tokens.access_token}` },
        })
      ).status;
    const machine = await post(
      "/token",
      { grant_type: "client_credentials", scope: "https://jans.io/oauth/config/acrs.readonly" },
      basic("ends", secret),
    );
    const api = async () => (await callApi(server, machine.json.access_token, "GET", "/api/v1/acrs")).status;
    assert.deepEqual([await userinfo(), await api()], [200, 200]);

    assert.equal((await patch("ends", replace("/disabled", true))).status, 200);
    assert.deepEqual([await userinfo(), await api()], [401, 401]);
    assert.equal((await refreshed()).json.error, "invalid_client");
    const page = await visitor.get(server.authorizeUrl({ client_id: "ends", state: "s" }));
    assert.equal(page.url.href.startsWith(CALLBACK), false, "nobody is sent to a disabled client");
    assert.match(page.body, /invalid_client/);
    for (const path of ["/introspect", "/revoke"])
      assert.equal(
        (await post(path, { token: tokens.access_token ?? "" }, basic("ends", secret))).json.error,
        "invalid_client",
        path,
      );

    await patch("ends", replace("/disabled", "false"));
    assert.equal((await refreshed()).json.error, "invalid_grant", "the client is back, its tokens are not");
    assert.deepEqual([await userinfo(), await api()], [401, 401]);
    assert.match(String((await history())?.what), /client ends: disabled/);
  });

  test("taken away, its tokens die, also for one of the same name that comes after it", async () => {
    const make = async () => {
      const added = await call("POST", CLIENTS, {
        inum: "goes",
        clientSecret: "the-same-secret-each-time",
        redirectUris: [CALLBACK],
        trustedClient: true,
      });
      assert.equal(added.status, 201, added.text);
    };
    await make();
    const { redeem } = await tokensOf("goes", "the-same-secret-each-time");
    const { json: tokens } = await redeem();
    const userinfo = async () =>
      (
        await fetch(new URL("/userinfo", server.issuer), {
          headers: { authorization: `Bearer ${tokens.access_token}` },
        })
      ).status;
    assert.equal(await userinfo(), 200);
    const gone = await call("DELETE", `${CLIENTS}/goes`);
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    assert.equal(await userinfo(), 401);
    assert.equal((await call("DELETE", `${CLIENTS}/goes`)).status, 404);
    await make();
    assert.equal(await userinfo(), 401);
    const refreshed = await post(
      "/token",
      { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" },
      basic("goes", "the-same-secret-each-time"),
    );
    assert.equal(refreshed.json.error, "invalid_grant");
  });
});

describe("who may", () => {
  test("M24: who may write clients gets no more rights by it: not by a new client, and not by one that has them", async () => {
    const few = await tokenOf(server, "clerk");
    const as = (method: string, path: string, body?: unknown) => callApi(server, few, method, path, body);
    const scopes = [`${CONFIG}/acrs.write`];
    const strong = { grantTypes: ["client_credentials"], scopes };
    const before = server.parts.settings.revision;
    const settings = (await call("GET", "/api/v1/config/settings")).json;
    const { machine, ...others } = settings.clients;
    const tries: readonly (readonly [string, string, unknown?])[] = [
      ["POST", CLIENTS, strong],
      ["PATCH", `${CLIENTS}/doc`, [{ op: "add", path: "/scopes", value: ["openid", ...scopes] }]],
      ["PATCH", `${CLIENTS}/machine`, [{ op: "add", path: "/clientSecret", value: "a-secret-of-the-clerk" }]],
      ["PUT", CLIENTS, { inum: "machine", redirectUris: [CALLBACK] }],
      ["DELETE", `${CLIENTS}/machine`],
      [
        "PUT",
        "/api/v1/config/settings",
        { clients: { ...others, machine: { ...machine, client_secret: "a-secret-of-the-clerk" } } },
      ],
      ["PUT", "/api/v1/config/settings", { clients: others }],
    ];
    for (const [method, path, body] of tries) {
      const { status, text } = await as(method, path, body);
      assert.equal(status, 403, `${method} ${path}: ${text}`);
    }
    assert.equal(server.parts.settings.revision, before);
    const [event] = await server.parts.audit.query({ kind: "admin-refused", limit: 1 });
    assert.equal(event?.facts?.act, "client machine");
    // What has no rights at the API, or none beyond theirs, they may change; also with the strong ones beside it.
    assert.equal((await as("POST", CLIENTS, { inum: "weak", redirectUris: [CALLBACK] })).status, 201);
    const beside = { ...settings.clients, weak: { redirect_uris: [CALLBACK] } };
    const applied = await as("PUT", "/api/v1/config/settings", { clients: beside });
    assert.equal(applied.status, 200, applied.text);
    assert.equal((await as("DELETE", `${CLIENTS}/weak`)).status, 204);
  });

  test("S18: reading and writing clients are scopes of their own; lists are paged by signed cursors", async () => {
    const reader = await tokenOf(server, "reader");
    assert.equal((await callApi(server, reader, "GET", CLIENTS)).status, 403);
    const first = await call("GET", `${CLIENTS}?limit=2`);
    const second = await call("GET", `${CLIENTS}?limit=2&cursor=${encodeURIComponent(first.json.next)}`);
    assert.deepEqual([first.json.start, second.json.start, second.json.entriesCount], [0, 2, 2]);
    assert.equal((await call("GET", `${CLIENTS}?cursor=Mg.AAAAAAAAAAAAAAAAAAAAAAAAAAA`)).status, 400);
    const some = await call("GET", `${CLIENTS}?fieldValuePair=trustedClient%3Dtrue&pattern=SPA`);
    assert.deepEqual(
      some.json.entries.map(({ inum }: { inum: string }) => inum),
      ["spa"],
    );
  });
});
