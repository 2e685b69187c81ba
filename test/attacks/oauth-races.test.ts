/**
 * M11: one thing redeemed by many at once, on PostgreSQL, where the steps of requests really interleave: every answer of
 * the store is a turn of the event loop in which another request may stand between reading a row and spending it.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { createRelyingParty, post, type TokenAnswer } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const AT_ONCE = 20;
const password = { acr_values: "simple_password_auth" };
const atOnce = <T>(act: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: AT_ONCE }, () => act()));

const server =
  noPostgres === false
    ? await startServer({
        config: {
          store: { type: "postgres", url: new Secret((await startPostgres()).url), pool: 10 },
          masterKey: new Secret(randomBytes(32).toString("base64")),
        },
      })
    : undefined;

/** A server, an application, and a browser in which grace is signed in. */
async function scene(clientId: "spa" | "web") {
  assert.ok(server !== undefined);
  const rp = await createRelyingParty(server, { clientId });
  const visitor = server.visitor();
  await rp.byPassword(visitor, "grace");
  return { server, rp, visitor };
}

function oneWon(answers: readonly TokenAnswer[]): void {
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, "invalid_grant");
}

test("M11 T03: of 20 redemptions of one code at once exactly one succeeds", {
  skip: noPostgres,
}, async () => {
  const { server, rp, visitor } = await scene("spa");
  for (let round = 0; round < 3; round += 1) {
    const begun = await rp.begin(password);
    const code = (await visitor.get(begun.url.href)).url.searchParams.get("code") ?? "";
    const fields = { grant_type: "authorization_code", client_id: "spa", redirect_uri: CALLBACK, code };
    oneWon(await atOnce(() => post(server, "/token", { ...fields, code_verifier: begun.verifier })));
  }
});

test("M11 T06: of 20 refreshes with one token at once exactly one succeeds", {
  skip: noPostgres,
}, async () => {
  const { server, rp, visitor } = await scene("spa");
  for (let round = 0; round < 3; round += 1) {
    const begun = await rp.begin({ ...password, scope: "openid offline_access", prompt: "consent" });
    const page = await visitor.get(begun.url.href);
    const { refresh_token } = await rp.redeem(begun, await visitor.submit(page, {}));
    const fields = {
      grant_type: "refresh_token",
      client_id: "spa",
      refresh_token: String(refresh_token),
    };
    oneWon(await atOnce(() => post(server, "/token", fields)));
  }
});

test("M11 T09: of 20 uses of one pushed request at once exactly one gives a code", {
  skip: noPostgres,
}, async () => {
  const { rp, visitor } = await scene("web");
  for (let round = 0; round < 3; round += 1) {
    const begun = await rp.push({ ...password, prompt: "none" });
    const seen = await atOnce(() => visitor.get(begun.url.href));
    assert.equal(seen.filter(({ url }) => url.searchParams.get("code") !== null).length, 1);
  }
});
