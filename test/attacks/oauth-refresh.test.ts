/** Attacks on refresh tokens: a stolen one used after or beside its owner (RFC 9700 §4.14), and one that lives on for ever. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelyingParty, post, type TokenAnswer } from "../kit/relying-party.ts";
import { startServer, WEB_SECRET } from "../kit/server.ts";

const server = await startServer();
const DAY = 86_400_000;

type Client = "spa" | "web";
const credentials = (client: Client): Record<string, string> =>
  client === "web" ? { client_id: client, client_secret: WEB_SECRET } : { client_id: client };
const refresh = (client: Client, token: unknown): Promise<TokenAnswer> =>
  post(server, "/token", {
    grant_type: "refresh_token",
    refresh_token: String(token),
    ...credentials(client),
  });
const userinfo = async (token: unknown): Promise<number> =>
  (
    await fetch(new URL("/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${String(token)}` },
    })
  ).status;

/** A family of tokens of grace. */
async function family(client: Client): Promise<{ refresh_token: string; access_token: string }> {
  const rp = await createRelyingParty(server, { clientId: client });
  const visitor = server.visitor();
  await rp.byPassword(visitor, "grace");
  const begun = await rp.begin({
    acr_values: "simple_password_auth",
    scope: "openid offline_access",
    prompt: "consent",
  });
  const tokens = await rp.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  return { refresh_token: String(tokens.refresh_token), access_token: tokens.access_token };
}

for (const client of ["spa", "web"] as const) {
  test(`T06: ${client}: a refresh token used a second time is refused and takes the whole family with it`, async () => {
    const first = await family(client);
    const second = await refresh(client, first.refresh_token);
    assert.equal(second.status, 200);
    assert.equal(await userinfo(second.body.access_token), 200);

    const replay = await refresh(client, first.refresh_token);
    assert.equal(replay.status, 400);
    assert.equal(replay.body.error, "invalid_grant");
    assert.equal((await refresh(client, second.body.refresh_token)).body.error, "invalid_grant");
    assert.equal(await userinfo(second.body.access_token), 401);
    assert.equal(await userinfo(first.access_token), 401);
  });

  test(`T06 M11: ${client}: of 20 refreshes with one token at once exactly one succeeds`, async () => {
    const { refresh_token } = await family(client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(client, refresh_token)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, "invalid_grant");
  });

  test(`T06: ${client}: however often it is turned, a refresh token ends 14 days after the first`, async (t) => {
    let { refresh_token } = await family(client);
    const start = Date.now();
    t.mock.timers.enable({ apis: ["Date"], now: start });
    for (const day of [4, 8, 12, 13.9]) {
      t.mock.timers.setTime(start + day * DAY);
      const next = await refresh(client, refresh_token);
      assert.equal(next.status, 200, `day ${day}: ${JSON.stringify(next.body)}`);
      refresh_token = String(next.body.refresh_token);
    }
    t.mock.timers.setTime(start + 14.01 * DAY);
    assert.equal((await refresh(client, refresh_token)).body.error, "invalid_grant");
  });
}

test("T06: a refresh token belongs to its client", async () => {
  const { refresh_token } = await family("spa");
  assert.equal((await refresh("web", refresh_token)).body.error, "invalid_grant");
  assert.equal(
    (await refresh("spa", refresh_token)).status,
    200,
    "the stranger's try has not hurt its owner",
  );
});

test("T06: a refresh never widens the scope", async () => {
  const { refresh_token } = await family("spa");
  const answer = await post(server, "/token", {
    grant_type: "refresh_token",
    refresh_token,
    client_id: "spa",
    scope: "openid offline_access email phone",
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error, "invalid_scope");
});

test("T06: an access token is no refresh token, and the other way round", async () => {
  const { refresh_token, access_token } = await family("spa");
  assert.equal((await refresh("spa", access_token)).body.error, "invalid_grant");
  assert.equal(await userinfo(refresh_token), 401);
});
