/** The eight languages of the pages: nothing missing, nothing left in English, each word in the form its number needs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFolder } from "../../src/kits/web/pages-folder.ts";
import { argumentsOf, compileText } from "../../src/kits/web/texts.ts";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { createTestPages, DEFAULT_PAGES } from "../kit/page-server.ts";

const { texts } = readFolder(DEFAULT_PAGES);
const english = texts.get("en") ?? new Map<string, string>();
const others = [...texts].filter(([locale]) => locale !== "en");

/** The same word in both languages. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  de: [
    "device.label",
    "recover.username",
    "phone.ticket",
    "account.kind.passkey",
    "account.codes",
    "account.nickname",
    "desk.way.ticket",
  ],
  fr: [
    "phone.ticket",
    "account.nav.sessions",
    "account.nav.applications",
    "account.codes",
    "account.applications.heading",
    "desk.way.ticket",
  ],
  it: ["password.password", "account.nav.password"],
};
/** Words of English that are none in the other seven. */
const ENGLISH =
  /(?<!\p{L})(?:the|you|your|and|is|were|with|please|again|from|this|that|not|have|has|sign|try|send)(?!\p{L})/iu;

interface Element {
  readonly type: number;
  readonly options?: Readonly<Record<string, { readonly value: readonly Element[] }>>;
}
const SELECT = 5;
const PLURAL = 6;

function choicesOf(text: string, type: number): readonly string[][] {
  const compiled = compileText(text, "en");
  const found: string[][] = [];
  const walk = (parts: readonly Element[]): void => {
    for (const { type: kind, options = {} } of parts) {
      if (kind === type) found.push(Object.keys(options).sort());
      for (const { value } of Object.values(options)) walk(value);
    }
  };
  if (typeof compiled !== "string" && !(compiled instanceof Error))
    walk(compiled.getAst() as unknown as readonly Element[]);
  return found;
}

test("the product speaks eight languages, with the same texts and values in each", () => {
  assert.deepEqual([...texts.keys()], ["bg", "de", "en", "es", "fr", "it", "ru", "tr"]);
  for (const [locale, own] of others) {
    assert.deepEqual(
      [...english.keys()].filter((key) => !own.has(key)),
      [],
      `texts that ${locale}.json lacks`,
    );
    assert.deepEqual(
      [...own.keys()],
      [...english.keys()],
      `${locale}.json has the order of en.json and no more`,
    );
    for (const [key, text] of own) {
      const where = `${locale} ${key}: ${text}`;
      assert.ok(!(compileText(text, locale) instanceof Error), where);
      assert.deepEqual([...argumentsOf(text)].sort(), [...argumentsOf(english.get(key) ?? "")].sort(), where);
      assert.deepEqual(choicesOf(text, SELECT), choicesOf(english.get(key) ?? "", SELECT), where);
      assert.equal(text, text.trim().replace(/ {2,}/g, " "), where);
    }
  }
});

test("every number has its form, in every language", () => {
  for (const [locale, own] of others) {
    const rules = new Intl.PluralRules(locale);
    const needed = [...new Set(Array.from({ length: 201 }, (_none, count) => rules.select(count)))];
    for (const [key, text] of own)
      for (const forms of choicesOf(text, PLURAL))
        for (const form of [...needed, "other"])
          assert.ok(forms.includes(form), `${locale} ${key} has no form for ${form}`);
  }
  const russian = compileText(texts.get("ru")?.get("code.wrong") ?? "", "ru");
  assert.ok(typeof russian !== "string" && !(russian instanceof Error));
  const said = [1, 2, 5, 21].map((left) => String(russian.format({ left })).split(". ")[1]);
  assert.deepEqual(said, [
    "Осталась 1 попытка.",
    "Осталось 2 попытки.",
    "Осталось 5 попыток.",
    "Осталась 21 попытка.",
  ]);
});

test("nothing is left in English", () => {
  for (const [locale, own] of others)
    for (const [key, text] of own) {
      assert.doesNotMatch(text.replace(/\{\w+/g, ""), ENGLISH, `${locale} ${key}`);
      if (SAME[locale]?.includes(key) !== true)
        assert.notEqual(text, english.get(key), `${locale} ${key} is the English text`);
      if (locale === "ru" || locale === "bg")
        assert.match(text.replace(/\{\w+\}/g, ""), /[а-яё]/i, `${locale} ${key}`);
    }
});

test("what a text tells people to press is on the page under that very name", () => {
  const named: readonly (readonly [string, string])[] = [
    ["password.other-person", "password.switch"],
    ["best.change-number", "code.change-number"],
  ];
  for (const [locale, own] of texts)
    for (const [text, button] of named) {
      const quoted = /[“„«]\s?([^”“»]+?)\s?[”“»]/.exec(own.get(text) ?? "")?.[1] ?? "nothing";
      assert.ok(
        own.get(button)?.startsWith(quoted),
        `${locale} ${text} names ${quoted}, the button says ${own.get(button)}`,
      );
    }
});

test("every page in every state is drawn in every language, and says which one it is", async () => {
  const pages = createTestPages(undefined, assert.fail);
  for (const [locale] of texts)
    for (const { name, page } of previewStates()) {
      const { html } = await pages.render(page, { locale });
      assert.ok(html.includes(`<html lang="${locale}" dir="ltr">`), `${locale} ${name}`);
      // A text that nobody has is shown as its key.
      for (const key of [...english.keys()].filter((one) => one.includes(".")))
        assert.ok(!html.includes(`>${key}<`), `${locale} ${name} shows the key ${key}`);
    }
});
