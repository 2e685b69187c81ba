/** Consent that nobody is asked for: whose it is, that the audit knows of it, and the document's own authorize URL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aroundCommits } from "../kit/around-commits.ts";
import { claimsOf, createRelyingParty, post } from "../kit/relying-party.ts";
import { CALLBACK, startServer, twoSteps, typePassword, WEB_SECRET } from "../kit/server.ts";
import { type TestVisitor, textOf } from "../kit/visitor.ts";

const server = await startServer({
  hashCost: { memory: 256, passes: 1, lanes: 1 },
  clients: [
    {
      client_id: "phone-app",
      trusted: true,
      application_type: "native",
      redirect_uris: ["com.example.app:/callback"],
    },
  ],
});
const spa = await createRelyingParty(server);
const password = { acr_values: "simple_password_auth" };
const skipped = (client: string) =>
  server.parts.audit
    .query({ kind: "consent-skipped", limit: 100 })
    .then((events) => events.filter((event) => event.client === client));

/** Asks for consent anew: the person is at the page of this request. */
async function toConsent(visitor: TestVisitor, parameters: Record<string, string> = {}) {
  const begun = await spa.begin({ ...password, prompt: "consent", ...parameters });
  return { begun, page: await visitor.get(begun.url.href) };
}

test("the document's authorize URL shows the first page, signs in without PKCE or consent, and tells user_name", async () => {
  const url = `/jans-auth/authorize.htm?response_type=code&client_id=doc&redirect_uri=${encodeURIComponent(CALLBACK)}&scope=openid+profile+email+user_name&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj`;
  const visitor = server.visitor();
  const first = await visitor.get(url);
  assert.equal(first.status, 200);
  assert.match(first.body, /name="username"/);
  assert.match(first.body, /name="password"/);
  const seen = await twoSteps(server, visitor, first);
  assert.ok(seen.url.href.startsWith(CALLBACK), textOf(seen.body));
  assert.equal(seen.url.searchParams.get("state"), "af0ifjsldkj");
  assert.equal(seen.url.searchParams.get("iss"), server.issuer);
  const tokens = await post(
    server,
    "/jans-auth/restv1/token",
    {
      grant_type: "authorization_code",
      code: seen.url.searchParams.get("code") ?? "",
      redirect_uri: CALLBACK,
    },
    { authorization: `Basic ${Buffer.from(`doc:${WEB_SECRET}`).toString("base64")}` },
  );
  assert.equal(tokens.status, 200);
  const payload = String(tokens.body.id_token).split(".")[1] ?? "";
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  assert.equal(claims.acr, "twilio_sms");
  assert.equal(claims.nonce, "n-0S6_WzA2Mj");
  const info = (await (
    await fetch(new URL("/jans-auth/restv1/userinfo", server.issuer), {
      headers: { authorization: `Bearer ${String(tokens.body.access_token)}` },
    })
  ).json()) as Record<string, unknown>;
  assert.equal(info.user_name, "grace");
  assert.equal(info.email, "grace@example.org");
  assert.equal(info.given_name, "Grace");
  assert.equal((await skipped("doc")).length, 1);
});

test("consent that is skipped stands in the audit, once for each grant, with who, for whom and what", async () => {
  const before = (await skipped("spa")).length;
  const visitor = server.visitor();
  const first = claimsOf(await spa.byPassword(visitor, "grace", { scope: "openid email" }));
  const events = await skipped("spa");
  assert.equal(events.length, before + 1);
  const [event] = events;
  assert.equal(event?.subject, first.sub);
  assert.deepEqual(event?.facts, { scopes: "openid email" });

  await spa.silently(visitor, { ...password, scope: "openid email" });
  const essential = JSON.stringify({ id_token: { acr: { essential: true, value: "simple_password_auth" } } });
  await spa.silently(visitor, { claims: essential });
  assert.equal((await skipped("spa")).length, before + 1, "nothing more was given");

  const claims = JSON.stringify({ userinfo: { phone_number: null } });
  await spa.silently(visitor, { ...password, scope: "openid email profile", claims });
  await spa.silently(visitor, { ...password, scope: "openid email profile", claims });
  const [more, ...rest] = await skipped("spa");
  assert.equal(rest.length, before + 1);
  assert.deepEqual(more?.facts, { scopes: "profile", claims: "phone_number" });
});

test("where the audit cannot be written there is no grant and no code", async (t) => {
  const visitor = server.visitor();
  const begun = await spa.begin({ ...password, state: "no-audit" });
  const page = await visitor.get(begun.url.href);
  const restore = aroundCommits(server, (_writes, told) => {
    if (told.includes("consent-skipped")) throw new Error("the disk is full");
  });
  t.after(restore);
  const seen = await typePassword(visitor, page, "grace");
  assert.equal(seen.status, 500);
  assert.match(textOf(seen.body), /you were not signed in/);
  restore();
  const before = (await skipped("spa")).length;
  assert.equal((await spa.refusal(visitor, { ...password, prompt: "none" })).get("error"), "login_required");
  const again = await spa.begin(password);
  const claims = claimsOf(
    await spa.redeem(again, await typePassword(visitor, await visitor.get(again.url.href), "grace")),
  );
  assert.equal(claims.acr, "simple_password_auth");
  assert.equal((await skipped("spa")).length, before + 1, "no grant was left behind");
});

test("a trusted client that asks for consent gets the person's word: nothing is skipped, and no is no", async () => {
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  const before = (await skipped("spa")).length;
  const refused = await toConsent(visitor, { scope: "openid phone" });
  const answer = await visitor.submit(refused.page, { action: "cancel" });
  assert.equal(answer.url.searchParams.get("error"), "access_denied");
  const given = await toConsent(visitor, { scope: "openid email" });
  assert.match(textOf(given.page.body), /Spa/);
  const info = await spa.userinfo(await spa.redeem(given.begun, await visitor.submit(given.page, {})));
  assert.equal(info.email, "grace@example.org");
  assert.equal((await skipped("spa")).length, before);
});

test("a native client asks always, trusted or not (RFC 8252 §8.6)", async () => {
  const rp = await createRelyingParty(server, { clientId: "phone-app" });
  const visitor = server.visitor({ stopAt: ["com.example.app:/"] });
  const begun = await rp.begin({ ...password, redirect_uri: "com.example.app:/callback" });
  const consent = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  assert.ok(consent.url.pathname.startsWith("/login/"), consent.url.href);
  assert.match(consent.body, /value="cancel"/);
  const seen = await visitor.submit(consent, {});
  assert.ok(seen.url.searchParams.get("code"), seen.url.href);
  assert.deepEqual(await skipped("phone-app"), []);
});
