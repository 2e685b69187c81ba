/** The account pages, by a browser without JavaScript: in, around, and out again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GRACE, PASSWORD, startServer, twoSteps } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer();

const signedIn = async (username = "grace") => {
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await visitor.get("/account"), username);
  return { visitor, page };
};

test("the overview says how strong the account is, and what it is signed in to with", async () => {
  const { page } = await signedIn();
  assert.equal(page.url.pathname, "/account");
  assert.equal(page.status, 200);
  const text = textOf(page.body);
  assert.match(text, /Hello, Grace/);
  assert.match(text, /two steps/);
  assert.match(text, /•••• 43/);
  assert.doesNotMatch(page.body, new RegExp(GRACE.slice(1)));
  void PASSWORD;
});
