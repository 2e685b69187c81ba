/** M11 T03: a code is spent in the commit that brings its token: neither is there without the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteWrite } from "../../src/core/records.ts";
import { aroundCommits } from "../kit/around-commits.ts";
import { createRelyingParty, post, type TokenAnswer } from "../kit/relying-party.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const server = await startServer();
const rp = await createRelyingParty(server);

/** A code of grace's browser, and what redeems it. */
async function code() {
  const visitor = server.visitor();
  await rp.byPassword(visitor, "grace");
  const begun = await rp.begin({ acr_values: "simple_password_auth" });
  const value = (await visitor.get(begun.url.href)).url.searchParams.get("code") ?? "";
  assert.notEqual(value, "");
  const fields = { grant_type: "authorization_code", client_id: "spa", redirect_uri: CALLBACK, code: value };
  return (): Promise<TokenAnswer> => post(server, "/token", { ...fields, code_verifier: begun.verifier });
}

/** What is committed meanwhile, with what happens in front of each commit. */
async function watched<T>(
  act: () => Promise<T>,
  before: (writes: readonly ByteWrite[]) => void = () => {},
): Promise<{ answer: T; commits: string[][] }> {
  const commits: string[][] = [];
  const restore = aroundCommits(server, (writes) => {
    before(writes);
    commits.push(writes.map(({ kind }) => kind).sort());
  });
  try {
    return { answer: await act(), commits };
  } finally {
    restore();
  }
}

const ofEngine = (commits: readonly string[][]) =>
  commits.filter((kinds) => kinds.some((kind) => kind.startsWith("oidc.")));

test("the code that is redeemed and its token are one commit, with what the audit says", async () => {
  const redeem = await code();
  const { answer, commits } = await watched(redeem);
  assert.equal(answer.status, 200);
  assert.deepEqual(ofEngine(commits), [["oidc.AccessToken", "oidc.AuthorizationCode"]]);
  const again = await redeem();
  assert.equal(again.body.error, "invalid_grant");
  const known = await fetch(new URL("/userinfo", server.issuer), {
    headers: { authorization: `Bearer ${String(answer.body.access_token)}` },
  });
  assert.equal(known.status, 401, "a second use ends what came of the first");
});

test("of 20 redemptions at once one gets tokens, and the others leave none", async () => {
  const redeem = await code();
  const before = (await server.parts.store.records.page("oidc.AccessToken", "", 1_000, Date.now())).length;
  const told = (await server.parts.store.audit.query({ kind: "tokens-issued", limit: 1_000 })).length;
  const answers = await Promise.all(Array.from({ length: 20 }, redeem));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, "invalid_grant");
  const after = (await server.parts.store.records.page("oidc.AccessToken", "", 1_000, Date.now())).length;
  assert.ok(after - before <= 1, `${after - before} tokens are stored`);
  const events = await server.parts.store.audit.query({ kind: "tokens-issued", limit: 1_000 });
  assert.equal(events.length - told, 1, "and the audit tells of one");
});

test("a token that cannot be stored is not given out, and its code is spent all the same", async () => {
  const redeem = await code();
  const { answer } = await watched(redeem, (writes) => {
    if (writes.some(({ kind }) => kind === "oidc.AccessToken")) throw new Error("the disk is full");
  });
  assert.equal(answer.status, 500);
  assert.equal(answer.body.access_token, undefined);
  assert.equal((await redeem()).body.error, "invalid_grant");
});

test("a code that is redeemed for somebody who is disabled is spent, although there is no token", async () => {
  const redeem = await code();
  const grace = await server.parts.directory.find("grace");
  const set = async (status: "active" | "disabled") =>
    assert.deepEqual(await server.parts.directory.write?.setStatus(grace?.id ?? "", status), {
      kind: "done",
    });
  await set("disabled");
  const { answer, commits } = await watched(redeem);
  await set("active");
  assert.equal(answer.body.error, "invalid_grant");
  assert.deepEqual(ofEngine(commits), [["oidc.AuthorizationCode"]]);
  assert.equal((await redeem()).body.error, "invalid_grant", "also when the person is back");
});
