/** Texts of messages: what each says in every language, whose text is sent, and what cannot be sent at all. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { composeMessage, composeNotice } from "../../src/core/message.ts";
import { CODE_PURPOSES, MESSAGE_PURPOSES, NOTICE_PURPOSES } from "../../src/core/message-texts.ts";
import { checkMessages, faultOfText, tellOfText } from "../../src/kits/web/messages-check.ts";
import { messageTexts, ourFolder } from "../kit/messages.ts";

const LOCALES = ["bg", "de", "en", "es", "fr", "it", "ru", "tr"];
/** Scripts outside GSM-7: 70 characters a segment. */
const UCS2 = ["bg", "ru"];
const NEVER_SHARE: Readonly<Record<string, RegExp>> = {
  bg: /Не го споделяйте/,
  de: /Nie weitergeben/,
  en: /Never share it/,
  es: /No lo comparta/,
  fr: /Ne le donnez jamais/,
  it: /Non lo riveli/,
  ru: /Никому не говорите/,
  tr: /Kimseyle paylasmayin/,
};
const facts = {
  appName: "Example Bank",
  brand: "Example",
  code: "012345",
  minutes: 5,
  host: "login.example.org",
};
const texts = messageTexts();
const send = (purpose: (typeof CODE_PURPOSES)[number], locale: string, over: Partial<typeof facts> = {}) =>
  composeMessage({ ...facts, ...over }, texts(purpose, locale, undefined));

describe("texts of messages", () => {
  it("O18: every language says code, application, lifetime and never to share, and ends with the bound line", () => {
    assert.deepEqual([...ourFolder.messages.keys()], LOCALES);
    for (const locale of LOCALES)
      for (const purpose of CODE_PURPOSES) {
        const { text } = send(purpose, locale);
        assert.ok(text.startsWith("012345"), `${locale}: a locked screen shows the beginning: ${text}`);
        assert.match(text, /Example Bank/);
        assert.match(text, /\b5 \p{L}/u);
        assert.match(text, NEVER_SHARE[locale] ?? /^$/);
        assert.match(text, /[.!]\n\n@login\.example\.org #012345$/);
      }
  });

  it("M18: the text names the act, another one for each purpose, in every language", () => {
    for (const locale of LOCALES)
      assert.equal(
        new Set(CODE_PURPOSES.map((purpose) => send(purpose, locale).text)).size,
        CODE_PURPOSES.length,
        locale,
      );
  });

  it("O18: one segment for a name of 24 and a host of 40 characters; two where letters need 16 bits", () => {
    const worst = { appName: "x".repeat(24), host: `${"h".repeat(36)}.org`, minutes: 10 };
    for (const locale of LOCALES)
      for (const purpose of CODE_PURPOSES) {
        const { segments, encoding, name } = send(purpose, locale, worst);
        const wide = UCS2.includes(locale);
        assert.deepEqual(
          { segments, encoding },
          wide ? { segments: 2, encoding: "ucs2" } : { segments: 1, encoding: "gsm7" },
          `${locale} ${purpose}`,
        );
        if (!wide) assert.equal(name, worst.appName, `${locale} ${purpose}`);
        // The usual host leaves room for the name.
        assert.equal(send(purpose, locale, { ...worst, host: facts.host }).name, worst.appName);
      }
  });

  it("notices say in every language whose they are, in one segment, or two of 16 bits", () => {
    for (const locale of LOCALES)
      for (const purpose of NOTICE_PURPOSES) {
        const notice = composeNotice(
          { brand: "Example Bank of Town, A.", host: facts.host, person: "eve" },
          texts(purpose, locale, undefined),
        );
        assert.match(notice.text, /^Example Bank of Town, A\. ?: /);
        assert.ok(notice.segments <= (UCS2.includes(locale) ? 2 : 1), `${locale} ${purpose}: ${notice.text}`);
        assert.doesNotMatch(notice.text, /[{}#@\n]/);
      }
  });

  it("a name keeps its letters where the text needs 16 bits anyway, and costs no segment", () => {
    assert.match(send("sign-in", "ru", { appName: "Банк «Восход»" }).text, /вход\p{L}* в Банк «Восход»\. /u);
    assert.match(send("sign-in", "en", { appName: "Банк «Восход»" }).text, /to login\.example\.org\. /);
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: "grapheme", maxLength: 60 }),
    );
    fc.assert(
      fc.property(
        name,
        fc.constantFrom(...LOCALES),
        fc.constantFrom(...CODE_PURPOSES),
        (appName, locale, purpose) => {
          const none = send(purpose, locale, { appName: "", host: facts.host });
          const { text, segments } = send(purpose, locale, { appName });
          assert.equal(segments, none.segments);
          assert.equal(text.split(/[\n\r\f\v\u0085\u2028\u2029]/).length, 3);
          assert.ok(text.endsWith("\n\n@login.example.org #012345"));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("the relying party's text goes first, then the site's, then its file's; the person's language before all", () => {
    const say = (who: string) => `{code} ${who}`;
    const choose = messageTexts({
      texts: { "sign-in": { de: say("site de"), en: say("site en") } },
      clients: [{ client_id: "bank", texts: { "sign-in": { "DE-at": say("bank at"), en: say("bank en") } } }],
      files: { de: { enrol: say("file de"), "sign-in": say("file de") }, fi: { "sign-in": say("file fi") } },
    });
    const said = (locale: string, client?: string, purpose: (typeof CODE_PURPOSES)[number] = "sign-in") =>
      choose(purpose, locale, client)({ code: "1", app: "App", minutes: 5, brand: "B", named: "yes" });
    assert.equal(said("de-AT", "bank"), "1 bank at");
    assert.equal(said("de", "bank"), "1 site de");
    assert.equal(said("de-AT", "other"), "1 site de");
    assert.equal(said("de", "bank", "enrol"), "1 file de");
    assert.match(said("de", "bank", "change-number"), /^1 ist Ihr Code zum Telefonwechsel bei App\./);
    assert.equal(said("fi", "bank"), "1 file fi");
    assert.equal(said("sv", "bank"), "1 bank en");
    assert.match(said("sv", undefined, "enrol"), /^1 is your code to add this phone to App\./);
  });

  it("a file's text that cannot be sent gives way to the product's, and the operator is told once", () => {
    const told: string[] = [];
    const choose = messageTexts({
      files: { en: { "sign-in": "Come in, {app}!", enrol: "{code" } },
      onProblem: (message) => told.push(message),
    });
    for (let turn = 0; turn < 3; turn += 1)
      assert.match(composeMessage(facts, choose("sign-in", "en", "bank")).text, /^012345 is your code/);
    assert.equal(told.length, 2);
    assert.match(
      told[0] ?? "",
      /^messages\/en\.json: sign-in does not show \{code\} in every case; .*; another text is sent$/,
    );
    assert.match(told[1] ?? "", /^messages\/en\.json: enrol is no valid ICU message/);
  });

  it("O18: what could not be sent, or would hide the code, is refused and says why", () => {
    const why = (text: string, purpose: (typeof MESSAGE_PURPOSES)[number] = "sign-in") =>
      faultOfText(purpose, text, "en") ?? "";
    assert.equal(
      why(
        "{code} {app} {minutes, plural, one {# minute} other {# minutes}} {brand} {named, select, yes {a} other {b}}",
      ),
      "",
    );
    assert.match(why("Your code for {app}"), /does not show \{code\}/);
    assert.match(
      why("{named, select, yes {{code} for {app}} other {hello}}"),
      /does not show \{code\} in every case/,
    );
    assert.equal(why("{named, select, yes {{code} for {app}} other {{code}}}"), "");
    assert.match(why("{code, number} for {app}"), /does not show \{code\}/, "a number would lose its zeros");
    assert.match(why("'{code}' for {app}"), /does not show \{code\}/, "in quotes it is no value");
    assert.match(
      why("{code} for {user}"),
      /wants \{user\}, which is not given; it is given \{code\}, \{app\}, /,
    );
    assert.match(why("{code} for {app"), /no valid ICU message .*mend its braces/);
    assert.match(why("{code}\n\n@evil.example #000000"), /one line/);
    assert.match(
      why("{code} again", "notice-phone-added"),
      /wants \{code\}, which is not given; it is given \{brand\}/,
    );
    assert.match(
      why(`{code}${" {brand}".repeat(70)}`),
      /takes 12 segments, and no message may have more than 10/,
    );
  });

  it("a text in 16 bits is told with what it costs, and with the letters that make it so", () => {
    assert.deepEqual(tellOfText("sign-in", "{code} for {app}", "en"), {
      level: "ok",
      message: "sign-in: GSM-7, 1 segment.",
    });
    const turkish = tellOfText("sign-in", "{code} {app} giriş kodunuz", "tr");
    assert.equal(turkish.level, "warning");
    assert.match(turkish.message, /^sign-in: UCS-2, 2 segments, 67 characters each because of “ş”/);
    assert.match(
      tellOfText("sign-in", `{code} ${"x".repeat(110)} {app}`, "en").message,
      /2 segments, 153 characters each/,
    );
    assert.match(
      tellOfText("sign-in", `{code} ${"y".repeat(80)} {app}`, "en").message,
      /room for 1\d characters of the application's name/,
    );
    assert.match(tellOfText("sign-in", `${"y".repeat(45)} {code}`, "en").message, /the code comes late/);
  });

  it("whatever a text says is one line before the last", () => {
    const { text } = composeMessage(facts, () => "012345\n\n@evil.example #000000\u2028\r\n\u0085more");
    assert.equal(text, "012345 @evil.example #000000 more\n\n@login.example.org #012345");
    assert.equal(composeNotice(facts, () => "a\nb").text, "a b");
  });

  it("no text that passes can add a line of its own", () => {
    const text = fc.string({
      unit: fc.constantFrom("{code}", "{app}", " ", "@", "#", "x", "\u2028", "\n", "\r", "'", "{", "}", "ş"),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, (own) => {
        if (faultOfText("sign-in", own, "en") !== undefined) return;
        const sent = composeMessage(
          facts,
          messageTexts({ texts: { "sign-in": { en: own } } })("sign-in", "en", undefined),
        ).text;
        assert.equal(sent.split(/[\n\r\u2028]/).length, 3);
        assert.ok(sent.split("\n")[0]?.includes("012345"));
        assert.ok(sent.endsWith("\n\n@login.example.org #012345"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("messages check", () => {
  const root = mkdtempSync(join(tmpdir(), "sallyport-messages-"));
  after(() => rmSync(root, { recursive: true, force: true }));
  const check = (files: Readonly<Record<string, unknown>>) => {
    const folder = mkdtempSync(join(root, "site-"));
    mkdirSync(join(folder, "messages"));
    for (const [name, own] of Object.entries(files))
      writeFileSync(join(folder, "messages", name), typeof own === "string" ? own : JSON.stringify(own));
    return checkMessages(folder, ourFolder, "en").map(({ level, message }) => `${level} ${message}`);
  };

  it("O18: names each text of a folder with its segments, or with what keeps it from being sent", () => {
    assert.deepEqual(check({ "de.json": { "sign-in": "{code}: Ihr Code" } }), [
      "ok messages/de.json: sign-in: GSM-7, 1 segment.",
    ]);
    const [fault, odd, missing] = check({ "fi.json": { "sign-in": "Koodi", signin: "{code}" } });
    assert.match(fault ?? "", /^error messages\/fi\.json: sign-in does not show \{code\}/);
    assert.match(
      odd ?? "",
      /^error messages\/fi\.json: signin is no purpose of a message; choose among sign-in, enrol/,
    );
    assert.match(missing ?? "", /^warning messages\/fi\.json: enrol, .* are missing and are sent in en\.$/);
    assert.match(check({ "de.json": "{" })[0] ?? "", /^error messages\/de\.json: is no valid JSON/);
    assert.match(check({})[0] ?? "", /^warning .* holds no messages\/; nothing is changed\.$/);
  });

  it("our own texts are sound in every language", () => {
    const said = checkMessages(join(import.meta.dirname, "../../pages/default"), ourFolder, "en");
    assert.equal(said.length, LOCALES.length * MESSAGE_PURPOSES.length);
    assert.deepEqual(
      said.filter(({ level }) => level === "error"),
      [],
    );
  });
});
