/** In which words, in which language and by which way people are told what was done behind their back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { resetPhone } from "../../src/surfaces/admin/host/people.ts";
import { changeSettings } from "../kit/gateways.ts";
import { startMailbox } from "../kit/mailbox.ts";
import { CALLBACK, GRACE, startServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const { mailbox, smtp } = await startMailbox();
const server = await startServer({
  pace: 0.1,
  config: { smtp },
  hashCost: { memory: 256, passes: 1, lanes: 1 },
  settings: { brand: "Hafen" },
  clients: [
    {
      client_id: "harbour",
      client_name: "Hafenamt",
      trusted: true,
      redirect_uris: [CALLBACK],
      texts: {
        "notice-password-known": { de: "{brand}: Mann über Bord!" },
        "subject-password-known": { de: "Alarm bei {brand}" },
      },
    },
  ],
});
const { parts, simulator } = server;
const subject = async (name: string) => (await parts.directory.find(name))?.id ?? assert.fail(name);
const ada = await subject("ada");
await parts.directory.write?.setClaims(ada, { email: "ada@example.org" });
const request = (client_id: string) =>
  server.authorizeUrl({
    client_id,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
const speaking = (language: string) => server.visitor({ headers: { "accept-language": language } });

/** Waits for the next notice of this kind to a person; answers the newest letter. */
async function told(kind: string, to: string) {
  for (let tries = 0; tries < 150; tries += 1) {
    const events = await parts.audit.query({ kind: "notice-sent", subject: to, limit: 20 });
    const event = events.find(({ facts }) => facts?.notice === kind);
    if (event !== undefined) return { facts: event.facts, letter: mailbox.letters().at(-1) };
    await pause(100);
  }
  throw new Error(`no notice ${kind}`);
}
const noticesOf = async (number: string) =>
  (await simulator.messages()).filter(({ to, body }) => to === number && !/#\d+$/.test(body));

async function enrol(language: string, number: string) {
  const visitor = speaking(language);
  const page = await typePassword(visitor, await visitor.get(request("spa")), "ada");
  const before = (await simulator.messages()).length;
  const code = await visitor.submit(page, { phone: number });
  const done = await visitor.submit(code, { code: await simulator.codeAfter(before, number) });
  assert.ok(done.url.searchParams.has("code"), textOf(done.body));
}
async function guess(visitor: ReturnType<typeof speaking>, client: string, name: string, number: string) {
  const before = (await simulator.messages()).length;
  let page = await typePassword(visitor, await visitor.get(request(client)), name);
  const right = await simulator.codeAfter(before, number);
  for (let n = 0; n < 3; n += 1)
    page = await visitor.submit(page, { code: `${right.startsWith("0") ? 1 : 0}${right.slice(1)}` });
}
const FIRST = "+4915112345678";
const SECOND = "+4915112345679";

describe("notices", () => {
  it("S20: a first phone: a letter in the language of the sign-in, and no text to the phone that has just come", async () => {
    await enrol("de", FIRST);
    const { facts, letter } = await told("phone-added", ada);
    assert.deepEqual(facts, { notice: "phone-added", mail: "sent", phones: 0, messageIds: [], refused: [] });
    assert.equal(letter?.to, "ada@example.org");
    assert.equal(letter?.subject, "Ihrem Konto wurde ein Telefon hinzugefügt (Hafen)");
    assert.match(letter?.text ?? "", /^Hafen: Ihrem Konto wurde ein Telefon hinzugefügt\./);
    assert.deepEqual(await noticesOf(FIRST), []);
  });

  it("O23: the person's language counts, not that of whoever guesses; the relying party's words go first", async () => {
    await guess(speaking("tr"), "harbour", "ada", FIRST);
    const { letter } = await told("password-known", ada);
    assert.equal(letter?.subject, "Alarm bei Hafen");
    assert.match(letter?.text ?? "", /^Hafen: Mann über Bord!/);
  });

  it("O23: a claim `locale` of the directory counts before everything; without any it is the login's", async () => {
    const grace = await subject("grace");
    await guess(speaking("it"), "spa", "grace", GRACE);
    const { letter } = await told("password-known", grace);
    assert.equal(letter?.subject, "Qualcuno conosce la Sua password (Hafen)");
    const before = (await parts.directory.get(grace))?.claims ?? {};
    await parts.directory.write?.setClaims(grace, { ...before, locale: "ru" });
    await parts.notices.send(grace, { kind: "phone-changed", locale: "it" });
    assert.equal(
      (await told("phone-changed", grace)).letter?.subject,
      "Телефон Вашей учётной записи изменён (Hafen)",
    );
    assert.match((await noticesOf(GRACE)).at(-1)?.body ?? "", /^Hafen: телефон Вашей/);
  });

  it("a phone that is taken away on the host: the number is told once more, in the person's language", async () => {
    const said = await resetPhone(parts, "ada", "window", "lost phone, seen in person");
    assert.ok(said.ok, said.text);
    const { facts, letter } = await told("access-recovered", ada);
    assert.deepEqual([facts?.mail, facts?.phones], ["sent", 1]);
    assert.match(letter?.text ?? "", /^Hafen: Ein Administrator hat Ihr Konto/);
    const [text, ...more] = await noticesOf(FIRST);
    assert.match(text?.body ?? "", /^Hafen: Ein Administrator hat Ihr Konto für ein neues Telefon/);
    assert.deepEqual(more, []);
    await enrol("fr", SECOND);
    assert.match(
      (await told("phone-changed", ada)).letter?.subject ?? "",
      /^Le téléphone de votre compte a été changé/,
    );
  });

  it("the site's own words for text and subject, from its settings, at once", async () => {
    await changeSettings(server, (document) => ({
      ...document,
      texts: {
        "notice-phone-removed": { fr: "{brand} : adieu, mobile." },
        "subject-phone-removed": { en: "not this", fr: "Adieu ({brand})" },
      },
    }));
    await parts.notices.send(ada, { kind: "phone-removed" });
    const { letter } = await told("phone-removed", ada);
    assert.equal(letter?.subject, "Adieu (Hafen)");
    assert.match(letter?.text ?? "", /^Hafen : adieu, mobile\./);
    assert.equal((await noticesOf(SECOND)).at(-1)?.body, "Hafen : adieu, mobile.");
  });

  it("the emergency switch holds for notices: the letter goes, the text waits until it is turned back", async () => {
    const stopped = (is: boolean) =>
      changeSettings(server, (document) => ({ ...document, sending: { ...document.sending, stopped: is } }));
    await stopped(true);
    const [texts, letters] = [(await noticesOf(SECOND)).length, mailbox.letters().length];
    await parts.notices.send(ada, { kind: "factor-disabled" });
    for (let tries = 0; tries < 150 && mailbox.letters().length === letters; tries += 1) await pause(100);
    assert.equal(mailbox.letters().length, letters + 1);
    assert.equal((await noticesOf(SECOND)).length, texts);
    await stopped(false);
    server.advance(60_000);
    const { facts } = await told("factor-disabled", ada);
    assert.deepEqual([facts?.mail, facts?.phones], ["sent", 1]);
    assert.equal(mailbox.letters().length, letters + 1, "no second letter");
  });
});
