/** What a person is asked before an application that is not ours learns anything. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { formOf, type TestVisitor, textOf } from "../kit/visitor.ts";

const server = await startServer();
const asks = await createRelyingParty(server, { clientId: "asks" });
const password = { acr_values: "simple_password_auth" };

async function toConsent(visitor: TestVisitor, parameters: Record<string, string> = {}) {
  const begun = await asks.begin({ ...password, ...parameters });
  return { begun, page: await typePassword(visitor, await visitor.get(begun.url.href), "grace") };
}

test("consent names the application, where it lives and what it asks for; yes gives it exactly that", async () => {
  const visitor = server.visitor();
  const { begun, page } = await toConsent(visitor, { scope: "openid email" });
  const text = textOf(page.body);
  assert.match(text, /Asks/);
  assert.match(text, /rp\.example\.test/);
  assert.ok(formOf(page).action.startsWith("/login/"));
  const tokens = await asks.redeem(begun, await visitor.submit(page, {}));
  const info = await asks.userinfo(tokens);
  assert.equal(info.email, "grace@example.org");
  assert.equal("name" in info, false);
});

test("consent refused: the application gets access_denied and no code, the session stays", async () => {
  const visitor = server.visitor();
  const { begun, page } = await toConsent(visitor);
  const answer = refusalOf(await visitor.submit(page, { action: "cancel" }), begun);
  assert.equal(answer.get("error"), "access_denied");
  const none = await asks.refusal(visitor, { ...password, prompt: "none" });
  assert.equal(none.get("error"), "consent_required", "refused is not given");
  const spa = await createRelyingParty(server);
  assert.equal(claimsOf(await spa.silently(visitor, password)).acr, "simple_password_auth");
});

test("consent is remembered in the session, asked again for more, and by prompt=consent", async () => {
  const visitor = server.visitor();
  const { begun, page } = await toConsent(visitor);
  const first = claimsOf(await asks.redeem(begun, await visitor.submit(page, {})));
  assert.equal(claimsOf(await asks.silently(visitor, { ...password, prompt: "none" })).sub, first.sub);

  const more = await asks.begin({ ...password, scope: "openid email phone" });
  const morePage = await visitor.get(more.url.href);
  assert.ok(morePage.url.pathname.startsWith("/login/"), "more was asked, so the person is");
  await asks.redeem(more, await visitor.submit(morePage, {}));
  await asks.silently(visitor, { ...password, scope: "openid email phone" });

  const forced = await asks.begin({ ...password, prompt: "consent" });
  assert.ok((await visitor.get(forced.url.href)).url.pathname.startsWith("/login/"));
});

test("another browser of the same person is asked anew", async () => {
  const visitor = server.visitor();
  const { page } = await toConsent(visitor);
  assert.match(textOf(page.body), /Asks/);
  assert.ok(page.url.pathname.startsWith("/login/"));
});

test("S11: consent cannot be given by another site or without the page's own token", async () => {
  const visitor = server.visitor();
  const { page } = await toConsent(visitor);
  const { action, fields } = formOf(page);
  const { csrf, ...without } = fields;
  assert.ok(csrf);
  for (const [attack, headers] of [
    [{ ...without }, {}],
    [{ ...without, csrf: "0.AAAAAAAAAAAAAAAAAAAAAAAAAAA" }, {}],
    [fields, { origin: "https://evil.test" }],
    [fields, { "sec-fetch-site": "cross-site" }],
  ] as const) {
    const seen = await visitor.send("POST", action, attack, headers);
    assert.equal(seen.status, 403);
    assert.equal(seen.url.searchParams.get("code"), null);
  }
  assert.equal(
    (await asks.refusal(visitor, { ...password, prompt: "none" })).get("error"),
    "consent_required",
  );
});
