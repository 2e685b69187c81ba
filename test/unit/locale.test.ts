import assert from "node:assert/strict";
import { it } from "node:test";
import { chooseLocale, fallbacksOf, wantedLocales } from "../../src/kits/web/locale.ts";

it("the languages of a page: the application's word, then the browser's, by weight, and never junk", () => {
  assert.deepEqual(wantedLocales("de en", "fr"), ["de", "en", "fr"]);
  assert.deepEqual(wantedLocales(undefined, "en;q=0.5, pt-BR, *;q=0.1"), ["pt-BR", "en"]);
  assert.deepEqual(wantedLocales(undefined, "de;q=0, fr;q=0.2"), ["fr"]);
  assert.deepEqual(wantedLocales("../../etc", "<script>"), []);
  assert.deepEqual(wantedLocales(undefined, undefined), []);
  assert.equal(wantedLocales("aa ".repeat(500), undefined).length, 20);
});

it("of the languages that are wanted the first that there is, or what it falls back to", () => {
  const there = ["de", "en", "pt-BR", "zh-Hant"];
  assert.equal(chooseLocale(["fi", "de-AT", "en"], there), "de");
  assert.equal(chooseLocale(["PT-br"], there), "pt-BR");
  assert.equal(chooseLocale(["zh-Hant-TW"], there), "zh-Hant");
  assert.equal(chooseLocale(["pt", "fi"], there), undefined);
  assert.deepEqual(fallbacksOf("de-CH-1996"), ["de-CH-1996", "de-CH", "de"]);
});
