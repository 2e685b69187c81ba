/** A person's language: what the application asks for, else the browser's; on every page and in the message. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CALLBACK, GRACE, startServer, typePassword } from "../kit/server.ts";

const pages = mkdtempSync(join(tmpdir(), "sallyport-languages-"));
after(() => rmSync(pages, { recursive: true, force: true }));
mkdirSync(join(pages, "messages"));
writeFileSync(
  join(pages, "messages", "fr.json"),
  JSON.stringify({ "sign-in": "{code} : au port avec {app}", enrol: "sans code" }),
);
const server = await startServer({
  config: { pages },
  settings: { texts: { enrol: { de: "{code} bindet dieses Telefon an {app} ({brand})." } } },
  clients: [
    {
      client_id: "harbour",
      client_name: "Hafenamt",
      trusted: true,
      redirect_uris: [CALLBACK],
      texts: { "sign-in": { de: "{code}: Leinen los im {app}, {minutes} Minuten lang!" } },
    },
  ],
});
const begin = (client_id: string, over: Record<string, string> = {}) =>
  server.authorizeUrl({
    client_id,
    acr_values: "twilio_sms",
    nonce: "n",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...over,
  });
const langOf = (body: string) => /<html lang="([^"]+)"/.exec(body)?.[1];

async function textOf(client: string, headers: Record<string, string>, over: Record<string, string> = {}) {
  const visitor = server.visitor({ headers });
  const before = (await server.simulator.messages()).length;
  const password = await visitor.get(begin(client, over));
  const code = await typePassword(visitor, password, "grace");
  await server.simulator.codeAfter(before, GRACE);
  const text = (await server.simulator.messages())[before]?.body ?? "";
  return { langs: [langOf(password.body), langOf(code.body)], text };
}

test("O18: the message comes in the language of the pages, in the words of whoever has some", async () => {
  const german = { "accept-language": "de-AT,de;q=0.9,en;q=0.8" };
  const plain = await textOf("spa", german);
  assert.deepEqual(plain.langs, ["de", "de"]);
  assert.match(plain.text, /^\d{6} ist Ihr Code zur Anmeldung bei Spa\. 5 Minuten gültig\./);
  const own = await textOf("harbour", german);
  assert.match(own.text, /^\d{6}: Leinen los im Hafenamt, 5 Minuten lang!\n\n@localhost #\d{6}$/);
  const asked = await textOf("harbour", german, { ui_locales: "xx tr" });
  assert.deepEqual(asked.langs, ["tr", "tr"]);
  assert.match(asked.text, /^\d{6}: Hafenamt giris kodunuz\./);
  const french = await textOf("spa", { "accept-language": "fi, fr;q=0.5" });
  assert.match(french.text, /^\d{6} : au port avec Spa\n\n@localhost #\d{6}$/);
  const none = await textOf("spa", { "accept-language": "fi, sv;q=0.5" });
  assert.deepEqual(none.langs, ["en", "en"]);
  assert.match(none.text, /^\d{6} is your code to sign in to Spa\./);
});

test("binding a phone: countries and message are in the language the login began in", async () => {
  const headers: Record<string, string> = { "accept-language": "de" };
  const visitor = server.visitor({ headers });
  const before = (await server.simulator.messages()).length;
  const phone = await typePassword(visitor, await visitor.get(begin("spa")), "ada");
  assert.equal(langOf(phone.body), "de");
  assert.match(phone.body, /Vereinigtes Königreich \(\+44\)/);
  assert.doesNotMatch(phone.body, /United Kingdom/);
  // The browser says another language from now on; the login stays in its own.
  headers["accept-language"] = "ru";
  const code = await visitor.submit(phone, { phone: "+44 7911 123456" });
  assert.equal(langOf(code.body), "de");
  await server.simulator.codeAfter(before, "+447911123456");
  const text = (await server.simulator.messages())[before]?.body ?? "";
  assert.match(text, /^\d{6} bindet dieses Telefon an Spa \(Sallyport\)\.\n\n@localhost #\d{6}$/);
});

test("a site's text without the code is never sent, and the operator is told", () => {
  assert.ok(
    server.problems.some((line) => /^messages\/fr\.json: enrol does not show \{code\}/.test(line)),
    server.problems.join("\n"),
  );
});

test("pages that nobody has signed in on speak the browser's language", async () => {
  const visitor = server.visitor({ headers: { "accept-language": "it" } });
  assert.equal(langOf((await visitor.get("/nowhere")).body), "it");
  assert.equal(langOf((await visitor.get(begin("nobody", { ui_locales: "es" }))).body), "es");
  const discovery = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
  assert.deepEqual((discovery as { ui_locales_supported: unknown }).ui_locales_supported, [
    "bg",
    "de",
    "en",
    "es",
    "fr",
    "it",
    "ru",
    "tr",
  ]);
});

test("settings refuse a text that cannot be sent, and say where", async () => {
  const answer = await server.parts.settings.change({
    change: (document) => ({ ...document, texts: { "sign-in": { de: "Ihr Code, {user}" } } }),
    by: "test",
    what: "a text without the code",
  });
  assert.equal(answer.kind, "faulty");
  assert.match(JSON.stringify(answer), /texts\.sign-in\.de.*wants \{user\}, which is not given/);
});
