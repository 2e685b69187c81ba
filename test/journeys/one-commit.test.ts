/** What belongs together is there together: a grant, the code that is given on it, the session that knows of both. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ByteWrite } from "../../src/core/records.ts";
import { CALLBACK, startServer, twoSteps } from "../kit/server.ts";

const server = await startServer();
const { records } = server.parts.store;
const commit = records.commit;

async function signIn(onCommit: (writes: readonly ByteWrite[]) => void) {
  const visitor = server.visitor();
  const page = await visitor.get(
    server.authorizeUrl({
      client_id: "spa",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }),
  );
  records.commit = async (writes, now) => {
    onCommit(writes);
    return commit(writes, now);
  };
  try {
    return await twoSteps(server, visitor, page);
  } finally {
    records.commit = commit;
  }
}

it("the code, its grant and the session are one commit", async () => {
  const commits: string[][] = [];
  const seen = await signIn((writes) => commits.push(writes.map(({ kind }) => kind)));
  assert.ok(seen.url.href.startsWith(`${CALLBACK}?code=`), seen.url.href);
  const engine = commits.filter((kinds) =>
    kinds.some((kind) => /Grant|AuthorizationCode|Session/.test(kind)),
  );
  assert.deepEqual(
    engine.map((kinds) => kinds.sort()),
    [["oidc.AuthorizationCode", "oidc.Grant", "oidc.Session", "oidc.Session.uid"]],
  );
});

it("what a text may cost is one commit more, and what a right code gives back goes with the end of the login", async () => {
  const commits: string[][] = [];
  const { commitTold } = records;
  assert.ok(commitTold !== undefined);
  const seen = (writes: readonly ByteWrite[]) => void commits.push(writes.map(({ kind }) => kind));
  records.commitTold = async (writes, events, now) => {
    seen(writes);
    return commitTold(writes, events, now);
  };
  try {
    await signIn(seen);
  } finally {
    records.commitTold = commitTold;
  }
  const drawn = commits.filter((kinds) => kinds.includes("sends"));
  assert.equal(drawn.length, 2, JSON.stringify(commits));
  assert.deepEqual([...new Set(drawn[0])], ["sends"]);
  assert.deepEqual(drawn[1]?.sort(), ["challenge", "code-failures", "login", "sends"]);
  // Each form takes its turn with the try that it is: a second click is no second try.
  const turns = commits.filter((kinds) => kinds.includes("login")).map((kinds) => kinds.sort());
  assert.deepEqual(turns, [
    ["login", "password-throttle"],
    ["challenge", "login", "outbox", "password-throttle"],
    ["challenge", "code-failures", "login"],
    ["challenge", "code-failures", "login", "sends"],
  ]);
});

it("no code is handed out when it could not be stored with its session", async () => {
  const seen = await signIn((writes) => {
    if (writes.some(({ kind }) => kind === "oidc.Session")) throw new Error("the disk is full");
  });
  assert.equal(seen.status, 500);
  assert.ok(!seen.url.searchParams.has("code"), seen.url.href);
});
