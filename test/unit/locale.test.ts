import assert from "node:assert/strict";
import { it } from "node:test";
import { wantedLocale } from "../../src/kits/web/locale.ts";

it("the language of a page: the application's word, then the browser's, by weight, and never junk", () => {
  assert.equal(wantedLocale("de en", "fr"), "de");
  assert.equal(wantedLocale(undefined, "en;q=0.5, pt-BR, *;q=0.1"), "pt-BR");
  assert.equal(wantedLocale(undefined, "de;q=0, fr;q=0.2"), "fr");
  assert.equal(wantedLocale("../../etc", "<script>"), undefined);
  assert.equal(wantedLocale(undefined, undefined), undefined);
});
