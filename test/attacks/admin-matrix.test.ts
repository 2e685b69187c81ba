/**
 * S18: who may do what at the admin API, for every operation of its OpenAPI document. A row names those who may; everybody
 * else has to be refused. An operation without a row fails, so whoever adds one says here whom it is for.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { callApi, tokenOf } from "../kit/admin.ts";
import { deviceTokens, ROOT_PHONE } from "../kit/device.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, startServer, WEB_SECRET } from "../kit/server.ts";

/** Who calls. `machine` holds the operation's scope and no other, `other-machine` every scope but that. */
const CALLERS = [
  "anonymous",
  "other-machine",
  "machine",
  "nobody",
  "auditor",
  "helpdesk",
  "admin-by-password",
  "admin",
] as const;
type Caller = (typeof CALLERS)[number];

/** Whom a row may name; `nobody` is a person with a second factor and no role. */
type Row = readonly Exclude<Caller, "admin-by-password">[];
const ADMIN: Row = ["machine", "admin"];
const READS: Row = ["machine", "admin", "auditor"];
const OPEN: Row = CALLERS as unknown as Row;

/** What the help desk does as well: look at people, help with phones, end sessions. */
const HELP_READS: Row = [...READS, "helpdesk"];
const HELP: Row = [...ADMIN, "helpdesk"];

const rows: Readonly<Record<string, Row>> = {
  "get-config-scripts": READS,
  "get-config-scripts-by-type": READS,
  "get-config-scripts-by-inum": READS,
  "get-custom-script-by-name": READS,
  "get-custom-script-type": READS,
  "post-config-scripts": ADMIN,
  "put-config-scripts": ADMIN,
  "patch-config-scripts-by-inum": ADMIN,
  "delete-config-scripts-by-inum": ADMIN,
  "get-acrs": READS,
  "put-acrs": ADMIN,
  "get-user": HELP_READS,
  "get-user-by-inum": HELP_READS,
  "post-user": ADMIN,
  "put-user": ADMIN,
  "patch-user-by-inum": ADMIN,
  "delete-user": ADMIN,
  "post-user-erasure": ADMIN,
  "post-user-password": ADMIN,
  "post-user-password-ticket": HELP,
  "get-user-phones": HELP_READS,
  "post-user-phone": HELP,
  "delete-user-phone": HELP,
  "get-user-authenticators": HELP_READS,
  "delete-user-authenticator": HELP,
  "get-user-enrolment": HELP_READS,
  "post-user-enrolment": HELP,
  "delete-user-enrolment": HELP,
  "get-approvals": HELP_READS,
  "post-approval-approve": HELP,
  "post-approval-decline": HELP,
  "post-approval-ticket": HELP,
  "get-user-remembered-devices": HELP_READS,
  "delete-user-remembered-device": HELP,
  "get-sessions": HELP_READS,
  "search-session": HELP_READS,
  "get-session-by-id": HELP_READS,
  "delete-session": HELP,
  "revoke-user-session": HELP,
  "get-login-trace": HELP_READS,
  "get-logins": HELP_READS,
  "get-audit": READS,
  "get-spend": READS,
  "get-sms-decisions": READS,
  "get-sms-test-numbers": READS,
  "get-keys": READS,
  "post-keys-rotate": ADMIN,
  "get-oauth-openid-clients": READS,
  "get-oauth-openid-clients-by-inum": READS,
  "post-oauth-openid-client": ADMIN,
  "put-oauth-openid-client": ADMIN,
  "patch-oauth-openid-client-by-inum": ADMIN,
  "delete-oauth-openid-client-by-inum": ADMIN,
  "get-config-logging": READS,
  "put-config-logging": ADMIN,
  "get-config-settings": READS,
  "put-config-settings": ADMIN,
  "get-config-settings-history": READS,
  "get-config-settings-revision": READS,
  "get-config-settings-differences": READS,
  "post-config-settings-rollback": ADMIN,
  "get-overview": READS,
  "get-logs": READS,
  "get-config-explain": HELP_READS,
  "post-config-settings-dry-run": ADMIN,
  // Takes a token of its own in the body.
  "post-bootstrap": OPEN,
};

const HELPDESK_PHONE = "+12025550171";
const AUDITOR_PHONE = "+12025550172";
const server = await startServer({
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  clients: [
    {
      client_id: "machine",
      client_secret: "a-secret-of-the-machine",
      grant_types: ["client_credentials"],
      scope: adminScopes.join(" "),
    },
    {
      client_id: "console",
      client_secret: WEB_SECRET,
      trusted: true,
      redirect_uris: [CALLBACK],
      scope: ["openid", ...adminScopes].join(" "),
    },
  ],
});
const { directory, authenticators, phoneKey } = server.parts;
const idOf = async (name: string) => (await directory.find(name))?.id ?? assert.fail(name);
const { Secret } = await import("../../src/core/secret.ts");

async function person(username: string, role: string, number: string): Promise<string> {
  const added = await directory.write?.add({
    username,
    password: new Secret("two doors, one open"),
    roles: [role],
  });
  if (added?.kind !== "done") return assert.fail(username);
  const data = { number, country: "US", verifiedAt: Date.now() };
  await authenticators.bind({
    subject: added.user.id,
    kind: "sms",
    key: phoneKey(number),
    data,
    boundBy: "demo",
  });
  return (await deviceTokens(server, username, number)).access_token;
}

const rp = await createRelyingParty(server, {
  clientId: "console",
  auth: (await import("openid-client")).ClientSecretBasic(WEB_SECRET),
});
const weak = await rp.byPassword(server.visitor(), "root", { scope: ["openid", ...adminScopes].join(" ") });
const people: Readonly<Partial<Record<Caller, string>>> = {
  nobody: (await deviceTokens(server, "grace", GRACE)).access_token,
  auditor: await person("audrey", "auditor", AUDITOR_PHONE),
  helpdesk: await person("henry", "helpdesk", HELPDESK_PHONE),
  admin: (await deviceTokens(server, "root", ROOT_PHONE)).access_token,
  "admin-by-password": weak.access_token,
};

interface Found {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly scope: string | undefined;
  readonly patch: boolean;
}

async function operations(): Promise<readonly Found[]> {
  const document = (await (
    await fetch(new URL("/jans-config-api/api/v1/openapi.json", server.issuer))
  ).json()) as {
    paths: Record<
      string,
      Record<
        string,
        {
          operationId: string;
          security: { oauth2: string[] }[];
          requestBody?: { content: Record<string, unknown> };
        }
      >
    >;
  };
  return Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([method, one]) => ({
      id: one.operationId,
      method: method.toUpperCase(),
      // Nothing has this name, so that whoever is let in changes nothing.
      path: path.replace(/\{\w+\}/g, "nothing-of-this-name"),
      scope: one.security[0]?.oauth2[0],
      patch: Object.keys(one.requestBody?.content ?? {}).includes("application/json-patch+json"),
    })),
  );
}

async function tokenFor(caller: Caller, { scope }: Found): Promise<string | undefined> {
  if (caller === "machine") return tokenOf(server, "machine", scope === undefined ? adminScopes : [scope]);
  if (caller === "other-machine")
    return tokenOf(
      server,
      "machine",
      adminScopes.filter((one) => one !== scope),
    );
  return people[caller];
}

const found = await operations();

test("S18: every operation has a row, and every row an operation", () => {
  assert.deepEqual(found.map(({ id }) => id).sort(), Object.keys(rows).sort());
});

describe("S18 M24: role × operation", () => {
  for (const one of found)
    test(`${one.id}: ${(rows[one.id] ?? []).join(", ")}`, async () => {
      const may: readonly Caller[] = rows[one.id] ?? [];
      const entered: Caller[] = [];
      for (const caller of CALLERS) {
        const body = one.method === "GET" || one.method === "DELETE" ? undefined : one.patch ? [] : {};
        const { status, headers } = await callApi(
          server,
          await tokenFor(caller, one),
          one.method,
          one.path,
          body,
        );
        assert.ok(status < 500, `${caller}: ${status}`);
        if (status !== 401 && status !== 403) entered.push(caller);
        else if (!may.includes(caller)) {
          // What it takes is said, so that a tool can ask for it (RFC 6750 §3, RFC 9470 §3).
          const challenge = headers.get("www-authenticate") ?? "";
          const needs: Partial<Record<Caller, RegExp>> = {
            anonymous: /^Bearer$/,
            "admin-by-password": /error="insufficient_user_authentication", acr_values="twilio_sms"/,
          };
          assert.match(challenge, needs[caller] ?? /error="insufficient_scope", scope="https:/, caller);
          assert.equal(status, caller === "anonymous" || caller === "admin-by-password" ? 401 : 403, caller);
        }
      }
      assert.deepEqual(
        entered,
        CALLERS.filter((caller) => may.includes(caller)),
      );
    });
});

const READ = ["GET", "/api/v1/acrs"] as const;

test("M24: a role counts at each call, not when the token was given", async () => {
  const id = await idOf("audrey");
  const call = async () => (await callApi(server, people.auditor, ...READ)).status;
  assert.equal(await call(), 200);
  await directory.write?.setRoles(id, []);
  assert.equal(await call(), 403);
  await directory.write?.setRoles(id, ["auditor"]);
  assert.equal(await call(), 200);
  await directory.write?.setStatus(id, "disabled");
  assert.equal(await call(), 401);
  await directory.write?.setStatus(id, "active");
});

test("M24: whoever becomes an administrator after the token was given has it by that token, as far as the token goes", async () => {
  const id = await idOf("grace");
  const narrow = await createRelyingParty(server, {
    clientId: "console",
    auth: (await import("openid-client")).ClientSecretBasic(WEB_SECRET),
  });
  const tokens = await narrow.byTwoSteps(server.visitor(), {
    scope: "openid https://jans.io/oauth/config/acrs.readonly",
  });
  assert.equal((await callApi(server, tokens.access_token, ...READ)).status, 403);
  await directory.write?.setRoles(id, ["admin"]);
  assert.equal((await callApi(server, tokens.access_token, ...READ)).status, 200);
  assert.equal((await callApi(server, tokens.access_token, "PUT", "/api/v1/acrs", {})).status, 403);
  await directory.write?.setRoles(id, []);
});

test("S18: an ID token, a refresh token, a token for userinfo and one in the URL open nothing", async () => {
  const tokens = await deviceTokens(server, "root", ROOT_PHONE);
  const spa = await createRelyingParty(server);
  const userinfo = await spa.byTwoSteps(server.visitor());
  for (const token of [tokens.id_token, tokens.refresh_token, userinfo.access_token])
    assert.equal((await callApi(server, token, ...READ)).status, 401);
  const inUrl = await callApi(server, undefined, "GET", `/api/v1/acrs?access_token=${tokens.access_token}`);
  assert.equal(inUrl.status, 401);
  const basic = { authorization: `Basic ${Buffer.from(`root:${tokens.access_token}`).toString("base64")}` };
  assert.equal((await callApi(server, undefined, ...READ, undefined, basic)).status, 401);
});
