/** How long a session lasts: some while without use, some while at most, and what a person notices of it (S06). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CALLBACK, startServer, type TestServer, twoSteps } from "../kit/server.ts";
import type { TestVisitor } from "../kit/visitor.ts";

const MINUTE = 60_000;
const limits = { sessionIdle: 20 * 60, sessionLife: 60 * 60 };
const challenge = { code_challenge: "0".repeat(43), code_challenge_method: "S256", client_id: "spa" };

async function signedIn(server: TestServer): Promise<TestVisitor> {
  const visitor = server.visitor();
  const begin = server.authorizeUrl({ ...challenge, acr_values: "twilio_sms" });
  const end = await twoSteps(server, visitor, await visitor.get(begin));
  assert.ok(end.url.searchParams.has("code"), end.url.pathname);
  return visitor;
}

/** `code` where the session answers for the person, else the error. */
async function silent(server: TestServer, visitor: TestVisitor): Promise<string> {
  const { url } = await visitor.get(server.authorizeUrl({ ...challenge, prompt: "none" }));
  assert.ok(url.href.startsWith(CALLBACK), url.pathname);
  return url.searchParams.has("code") ? "code" : (url.searchParams.get("error") ?? "");
}

test("S06: a session that is not used ends after its idle time, not before", async () => {
  // A server of its own: the protocol engine dates a session by the real clock, which does not jump with ours.
  const server = await startServer({ settings: { limits } });
  const visitor = await signedIn(server);
  server.advance(19 * MINUTE);
  assert.equal(await silent(server, visitor), "code");
  server.advance(19 * MINUTE);
  assert.equal(await silent(server, visitor), "code", "each use begins the idle time anew");
  server.advance(21 * MINUTE);
  assert.equal(await silent(server, visitor), "login_required");
});

test("S06: a session that is always in use ends after its longest time all the same", async () => {
  // A server of its own: the protocol engine dates a session by the real clock, which does not jump with ours.
  const server = await startServer({ settings: { limits } });
  const visitor = await signedIn(server);
  for (let minute = 0; minute < 45; minute += 15) {
    server.advance(15 * MINUTE);
    assert.equal(await silent(server, visitor), "code", `after ${minute + 15} minutes`);
  }
  server.advance(16 * MINUTE);
  assert.equal(await silent(server, visitor), "login_required", "after 61 minutes");
  const page = await visitor.get(server.authorizeUrl({ ...challenge, acr_values: "twilio_sms" }));
  assert.match(page.body, /name="password"/, "and both factors are asked anew");
});
