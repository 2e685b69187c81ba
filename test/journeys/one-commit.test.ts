/** What belongs together is there together: a grant, the code that is given on it, the session that knows of both. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ByteWrite } from "../../src/core/records.ts";
import { aroundCommits } from "../kit/around-commits.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, startServer, twoSteps } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer();

async function signIn(
  onCommit: (writes: readonly ByteWrite[], told: readonly string[]) => void,
  url = server.authorizeUrl({
    client_id: "spa",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  }),
) {
  const visitor = server.visitor();
  const page = await visitor.get(url);
  const restore = aroundCommits(server, onCommit);
  try {
    return await twoSteps(server, visitor, page);
  } finally {
    restore();
  }
}

it("the login that is taken up, the grant, what the audit hears of it, the code and the session are one commit", async () => {
  const commits: string[][] = [];
  const seen = await signIn((writes, told) => commits.push([...writes.map(({ kind }) => kind), ...told]));
  assert.ok(seen.url.href.startsWith(`${CALLBACK}?code=`), seen.url.href);
  const engine = commits.filter((kinds) =>
    kinds.some((kind) => /Grant|AuthorizationCode|Session/.test(kind)),
  );
  assert.deepEqual(
    engine.map((kinds) => kinds.sort()),
    [
      [
        "consent-skipped",
        // As it was: whoever ends everything of the person until then, ends this as well.
        "login",
        "oidc.AuthorizationCode",
        "oidc.Grant",
        "oidc.Interaction",
        "oidc.Session",
        "oidc.Session.uid",
      ],
    ],
  );
});

it("a request that was pushed is used in that commit too", async () => {
  const rp = await createRelyingParty(server);
  const commits: string[][] = [];
  const begun = await rp.push({ acr_values: "twilio_sms" });
  const seen = await signIn((writes) => commits.push(writes.map(({ kind }) => kind)), begun.url.href);
  assert.ok(seen.url.searchParams.has("code"), seen.url.href);
  const engine = commits.filter((kinds) =>
    kinds.some((kind) => /Grant|AuthorizationCode|Session|Pushed/.test(kind)),
  );
  assert.equal(engine.length, 1, JSON.stringify(engine));
  assert.ok(engine[0]?.includes("oidc.PushedAuthorizationRequest"));
});

it("what a text may cost is one commit more, and what a right code gives back goes with the end of the login", async () => {
  const commits: string[][] = [];
  await signIn((writes) => commits.push(writes.map(({ kind }) => kind)));
  const drawn = commits.filter((kinds) => kinds.includes("sends"));
  assert.equal(drawn.length, 2, JSON.stringify(commits));
  assert.deepEqual([...new Set(drawn[0])], ["sends"]);
  assert.deepEqual(drawn[1]?.sort(), ["challenge", "code-failures", "login", "sends"]);
  // Each form takes its turn with the try that it is: a second click is no second try.
  const turns = commits
    .filter((kinds) => kinds.includes("login") && !kinds.includes("oidc.Session"))
    .map((kinds) => kinds.sort());
  assert.deepEqual(turns, [
    ["login", "password-throttle"],
    ["challenge", "login", "outbox", "password-throttle"],
    ["challenge", "code-failures", "login"],
    ["challenge", "code-failures", "login", "sends"],
  ]);
});

it("the form of the code is answered by the way back to the application, with no hop between", async () => {
  const { trail } = await signIn(() => {});
  assert.deepEqual(
    trail.map(({ url, status }) => [url.pathname.replace(/[^/]+$/, "*"), status]),
    [["/login/*", 303]],
  );
});

it("no code is handed out when it could not be stored with its session", async () => {
  const seen = await signIn((writes) => {
    if (writes.some(({ kind }) => kind === "oidc.Session")) throw new Error("the disk is full");
  });
  assert.equal(seen.status, 500);
  assert.ok(!seen.url.searchParams.has("code"), seen.url.href);
  assert.match(textOf(seen.body), /you were not signed in/, "a page of ours");
  assert.match(String(seen.headers["content-security-policy"]), /default-src 'none'/);
  assert.deepEqual([seen.headers.location, seen.headers["set-cookie"]], [undefined, undefined]);
});
