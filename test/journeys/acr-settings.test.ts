/** T13, T15: acrs that are switched, levelled and renamed while the server runs, and what that does to sign-ins. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { ScriptEntry, SettingsDocument } from "../../src/core/settings.ts";
import { claimsOf, createRelyingParty, post, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { type TestVisitor, textOf } from "../kit/visitor.ts";

const PASSWORD = "simple_password_auth";
const SMS = "twilio_sms";
const client = (client_id: string, over: Record<string, unknown> = {}) => ({
  client_id,
  trusted: true,
  redirect_uris: [CALLBACK],
  ...over,
});
const server = await startServer({
  hashCost: { memory: 256, passes: 1, lanes: 1 },
  clients: [
    client("wants-password", { default_acr_values: [PASSWORD] }),
    client("wants-sms", { default_acr_values: [SMS] }),
    client("only-password", { default_acr_values: [PASSWORD], allowed_acr_values: [PASSWORD] }),
    client("only-sms", { default_acr_values: [SMS], allowed_acr_values: [SMS] }),
    client("by-alias", {
      default_acr_values: ["urn:example:two-steps"],
      allowed_acr_values: ["urn:example:two-steps"],
    }),
    client("unheard-of", { allowed_acr_values: ["urn:example:nobody"] }),
  ],
});
const party = (clientId: string) => createRelyingParty(server, { clientId });
const spa = await party("spa");
const asks = await party("asks");

type Change = Partial<ScriptEntry>;
const settings = (scripts: Readonly<Record<string, Change>>, defaultAcr: string) =>
  server.parts.settings.change({
    by: "test",
    what: "acrs",
    change: (document: SettingsDocument) => ({
      ...document,
      defaultAcr,
      scripts: document.scripts.map((entry) => ({ ...entry, ...scripts[entry.name] })),
    }),
  });
async function set(scripts: Readonly<Record<string, Change>>, defaultAcr = SMS): Promise<void> {
  const result = await settings(scripts, defaultAcr);
  assert.notEqual(result.kind, "faulty", JSON.stringify(result));
}
const smsOff = () => set({ [SMS]: { enabled: false } }, PASSWORD);
const passwordOff = () => set({ [PASSWORD]: { enabled: false } });

beforeEach(() =>
  set({
    [PASSWORD]: { enabled: true, level: 10, aliases: [] },
    [SMS]: { enabled: true, level: 40, aliases: [] },
  }),
);

const discovery = async () =>
  (await (await fetch(new URL("/.well-known/openid-configuration", server.issuer))).json()) as {
    acr_values_supported: string[];
    auth_level_mapping: Record<string, string[]>;
  };
const essential = (...values: string[]) => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
});
/** The page that a request leads to: which field it asks for. */
const field = async (visitor: TestVisitor, url: URL) => {
  const seen = await visitor.get(url.href);
  return /name="(password|code)"/.exec(seen.body)?.[1] ?? seen.url.searchParams.get("error") ?? "no page";
};

test("T15: discovery follows every change at once: names, aliases, levels", async () => {
  assert.deepEqual((await discovery()).auth_level_mapping, { 10: [PASSWORD], 40: [SMS] });
  await set({ [SMS]: { level: 60, aliases: ["urn:example:two-steps", "sms"] } });
  let found = await discovery();
  assert.deepEqual(found.acr_values_supported, [PASSWORD, SMS, "urn:example:two-steps", "sms"]);
  assert.deepEqual(found.auth_level_mapping, { 10: [PASSWORD], 60: [SMS, "urn:example:two-steps", "sms"] });
  await smsOff();
  found = await discovery();
  assert.deepEqual(found.acr_values_supported, [PASSWORD], "the aliases go with their mechanism");
  assert.deepEqual(found.auth_level_mapping, { 10: [PASSWORD] });
});

test("T15: what is switched off cannot be forced by URL, by its name or an alias, and comes back with the switch", async () => {
  await set({ [PASSWORD]: { enabled: false, aliases: ["basic"] } });
  for (const acr_values of [PASSWORD, "basic", `${PASSWORD} basic`]) {
    const visitor = server.visitor();
    const begun = await spa.begin({ acr_values });
    const tokens = await spa.redeem(
      begun,
      await twoSteps(server, visitor, await visitor.get(begun.url.href)),
    );
    assert.equal(claimsOf(tokens).acr, SMS, acr_values);
    for (const prompt of ["", "none", "login"])
      assert.equal(
        (await spa.refusal(visitor, { ...essential(acr_values), prompt })).get("error"),
        "unmet_authentication_requirements",
      );
  }
  await set({ [PASSWORD]: { enabled: true, aliases: ["basic"] } });
  const claims = claimsOf(await spa.byPassword(server.visitor(), "grace", { acr_values: "basic" }));
  assert.equal(claims.acr, PASSWORD, "a wish is answered by the mechanism's own name");
});

test("T15: a client whose default is switched off goes on with the server's", async () => {
  const rp = await party("wants-password");
  const visitor = server.visitor();
  assert.equal(claimsOf(await rp.byPassword(visitor, "grace", { acr_values: "" })).acr, PASSWORD);
  await passwordOff();
  const begun = await rp.begin();
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="code"/, "the session's password still counts, one factor is missing");

  await set({ [PASSWORD]: { enabled: true } });
  await smsOff();
  assert.equal(
    claimsOf(await (await party("wants-sms")).byPassword(server.visitor(), "ada", { acr_values: "" })).acr,
    PASSWORD,
  );
});

test("T15: it never goes on with something weaker than its allowed acrs, and may with something stronger", async () => {
  const [onlySms, onlyPassword] = [await party("only-sms"), await party("only-password")];
  await smsOff();
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  for (const parameters of [{}, { acr_values: PASSWORD }, { acr_values: SMS }, { prompt: "none" }])
    for (const who of [visitor, server.visitor()])
      assert.equal(
        (await onlySms.refusal(who, parameters)).get("error"),
        "unmet_authentication_requirements",
        JSON.stringify(parameters),
      );

  await set({ [SMS]: { enabled: true } });
  await passwordOff();
  const begun = await onlyPassword.begin();
  const other = server.visitor();
  const tokens = await onlyPassword.redeem(
    begun,
    await twoSteps(server, other, await other.get(begun.url.href)),
  );
  assert.equal(claimsOf(tokens).acr, SMS);
});

test("a client is held by an alias as by the name; one whose allowed acrs nobody knows gets nothing", async () => {
  const byAlias = await party("by-alias");
  assert.equal(
    await field(server.visitor(), (await byAlias.begin()).url),
    "unmet_authentication_requirements",
    "nobody goes by that name yet",
  );
  await set({ [SMS]: { aliases: ["urn:example:two-steps"] } });
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  assert.equal(await field(visitor, (await byAlias.begin({ acr_values: PASSWORD })).url), "code");
  assert.equal(await field(visitor, (await byAlias.begin({ acr_values: SMS })).url), "code");
  const required = await byAlias.begin(essential("urn:example:two-steps"));
  assert.equal(await field(visitor, required.url), "code", "and may require it by that name");
  const unheard = await party("unheard-of");
  assert.equal(await field(visitor, (await unheard.begin()).url), "unmet_authentication_requirements");
});

test("T13: whoever is on the code page when the acr is switched off still finishes, truthfully; the next request does not", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin(essential(SMS));
  const before = (await server.simulator.messages()).length;
  const codePage = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  await smsOff();
  const code = await server.simulator.codeAfter(before, "+12025550143");
  const claims = claimsOf(await spa.redeem(begun, await visitor.submit(codePage, { code })));
  assert.equal(claims.acr, SMS);
  assert.deepEqual(claims.amr, ["pwd", "sms", "mfa"]);

  const next = claimsOf(await spa.silently(visitor, { acr_values: SMS }));
  assert.equal(next.acr, PASSWORD, "what is switched off is told to nobody any more");
  assert.deepEqual(next.amr, ["pwd"]);
  const refused = await spa.refusal(visitor, essential(SMS));
  assert.equal(refused.get("error"), "unmet_authentication_requirements");

  await set({ [SMS]: { enabled: true } });
  const again = claimsOf(await spa.silently(visitor, { acr_values: SMS }));
  assert.equal(again.acr, SMS, "the session has shown both all the while");
});

test("T13: the consent that follows such a login belongs to it", async () => {
  const visitor = server.visitor();
  const begun = await asks.begin(essential(SMS));
  const before = (await server.simulator.messages()).length;
  const codePage = await typePassword(visitor, await visitor.get(begun.url.href), "grace");
  const code = await server.simulator.codeAfter(before, "+12025550143");
  await smsOff();
  const consent = await visitor.submit(codePage, { code });
  assert.match(textOf(consent.body), /Asks/, textOf(consent.body));
  assert.equal(claimsOf(await asks.redeem(begun, await visitor.submit(consent, {}))).acr, SMS);
});

test("a requirement that can no longer be met when its page is opened goes back to the application", async () => {
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  const begun = await spa.begin(essential(SMS));
  const { headers } = await visitor.hop(begun.url.href);
  await smsOff();
  const refused = refusalOf(await visitor.get(String(headers.location)), begun);
  assert.equal(refused.get("error"), "unmet_authentication_requirements");
});

test("M08: a password that is given the higher level does not stand for two steps", async () => {
  const visitor = server.visitor();
  await spa.byPassword(visitor, "grace");
  for (const level of [40, 90]) {
    await set({ [PASSWORD]: { level } });
    for (const parameters of [{}, { acr_values: SMS }, essential(SMS)]) {
      assert.equal(await field(visitor, (await spa.begin(parameters)).url), "code");
      assert.equal(
        (await spa.refusal(visitor, { ...parameters, prompt: "none" })).get("error"),
        "login_required",
      );
    }
  }
  const begun = await spa.begin({ acr_values: SMS, prompt: "login" });
  const tokens = await spa.redeem(begun, await twoSteps(server, visitor, await visitor.get(begun.url.href)));
  assert.equal(claimsOf(tokens).acr, SMS, "and whoever has shown both is told to have");
});

test("T13: a session tells an acr by the gate of now, its refreshed tokens by the sign-in they came from", async () => {
  const visitor = server.visitor();
  await spa.byTwoSteps(visitor);
  const begun = await spa.begin({ scope: "openid offline_access", prompt: "consent" });
  const first = await spa.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  assert.equal(claimsOf(first).acr, SMS);
  await smsOff();
  const refreshed = await spa.refresh(String(first.refresh_token));
  assert.equal(claimsOf(refreshed).acr, SMS);
  assert.equal(claimsOf(await spa.silently(visitor)).acr, PASSWORD);
});

test("of several requirements the strongest that the session has shown is told; with none of them shown the first is asked", async () => {
  const visitor = server.visitor();
  assert.equal(await field(visitor, (await spa.begin(essential("urn:no", PASSWORD, SMS))).url), "password");
  await spa.byPassword(visitor, "grace");
  assert.equal(claimsOf(await spa.silently(visitor, essential(SMS, PASSWORD))).acr, PASSWORD);
  const both = server.visitor();
  await spa.byTwoSteps(both);
  assert.equal(claimsOf(await spa.silently(both, essential(PASSWORD, SMS))).acr, SMS);
  const one = claimsOf(await spa.silently(both, essential(PASSWORD)));
  assert.equal(one.acr, PASSWORD);
  const row = await server.parts.storage
    .records<{ acr?: string }>("oidc.Session")
    .get(both.cookie("sallyport_session") ?? "");
  assert.equal(row?.acr, SMS, "who looks at the sessions sees what was shown");
  assert.equal(
    claimsOf(await spa.silently(both)).acr,
    SMS,
    "the answer to one request is no mark on the session",
  );
});

test("an acr claim that cannot be read is refused, not passed over: a requirement would become a wish", async () => {
  for (const acr of [
    { essential: true, values: SMS },
    { essential: true, values: [SMS, 1] },
    { essential: true, value: [SMS] },
    { essential: "true", values: [SMS] },
  ]) {
    const claims = JSON.stringify({ id_token: { acr } });
    const refused = await spa.refusal(server.visitor(), { claims });
    assert.equal(refused.get("error"), "invalid_request", claims);
    const { parameters } = await spa.begin({ claims });
    const pushed = await post(server, "/par", { ...parameters, client_id: "spa", response_type: "code" });
    assert.equal(pushed.body.error, "invalid_request", claims);
  }
  const claims = JSON.stringify({ id_token: { acr: null } });
  assert.equal(await field(server.visitor(), (await spa.begin({ claims })).url), "password");
});

test("a name stands once: an alias that another acr has as name or alias is refused", async () => {
  for (const scripts of [
    { [SMS]: { aliases: [PASSWORD] } },
    { [SMS]: { aliases: ["mfa"] }, [PASSWORD]: { aliases: ["mfa"] } },
    { [SMS]: { aliases: [SMS] } },
    { [SMS]: { aliases: ["two words"] } },
  ])
    assert.equal((await settings(scripts, SMS)).kind, "faulty", JSON.stringify(scripts));
  assert.equal(
    (await settings({ [SMS]: { enabled: false } }, SMS)).kind,
    "faulty",
    "the default stays enabled",
  );
});
