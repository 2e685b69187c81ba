/** The admin API of server processes, and people to sign in with. */
import assert from "node:assert/strict";
import { Secret } from "../../src/core/secret.ts";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { CALLBACK, type Called, CLIENT_SECRET, type Node, PASSWORD, type Site } from "./serve.ts";

/** For `clients` of a site: the public client that people sign in to, and a machine that may do everything. */
export const siteClients = [
  { client_id: "spa", client_name: "Spa", trusted: true, redirect_uris: [CALLBACK] },
  {
    client_id: "machine",
    client_secret: CLIENT_SECRET,
    grant_types: ["client_credentials"],
    scope: adminScopes.join(" "),
  },
];

/** A token of the machine; good at every node of the store, and after a restart. */
export async function machineToken(node: Node): Promise<string> {
  const basic = Buffer.from(`machine:${CLIENT_SECRET}`).toString("base64");
  const answer = await node.call("POST", "/token", {
    fields: { grant_type: "client_credentials", scope: adminScopes.join(" ") },
    headers: { authorization: `Basic ${basic}` },
  });
  assert.equal(answer.status, 200, answer.body);
  return String(answer.json().access_token);
}

/** One call of the admin API at this node. */
export const apiCall = (
  node: Node,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Called> =>
  node.call(method, `/jans-config-api/api/v1${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(Array.isArray(body) ? { "content-type": "application/json-patch+json" } : {}),
    },
    ...(body === undefined ? {} : { json: body }),
  });

/** Adds people p0, p1, … who have a phone already; answers their numbers. */
export async function addPeople(site: Site, count: number): Promise<readonly string[]> {
  const numbers = Array.from({ length: count }, (_, index) => `+120255503${String(index).padStart(2, "0")}`);
  await site.look(async ({ directory, authenticators, phoneKey, now }) => {
    for (const [index, number] of numbers.entries()) {
      const added = await directory.write?.add({
        username: `p${index}`,
        password: new Secret(PASSWORD),
        claims: {},
      });
      if (added?.kind !== "done") assert.fail(added?.kind);
      await authenticators.bind({
        subject: added.user.id,
        kind: "sms",
        key: phoneKey(number),
        data: { number, country: "US", verifiedAt: now() },
        boundBy: "test",
      });
    }
  });
  return numbers;
}
