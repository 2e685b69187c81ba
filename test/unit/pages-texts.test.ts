/** Texts: ICU messages in layers, names kept to themselves, nothing that throws. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCatalogue, type TextLayer } from "../../src/kits/web/texts.ts";

const layer = (locale: string, texts: Record<string, string>): TextLayer => ({
  locale,
  texts: new Map(Object.entries(texts)),
});

test("each layer counts in its own language", () => {
  const texts = createCatalogue(
    [
      layer("pl", { a: "{n, plural, one {# próba} few {# próby} other {# prób}}" }),
      layer("en", { b: "{n, plural, one {# try} other {# tries}}" }),
    ],
    assert.fail,
  );
  assert.equal(texts.text("a", { n: 3 }), "3 próby");
  assert.equal(texts.text("b", { n: 3 }), "3 tries");
  assert.equal(texts.text("b", { n: 1 }), "1 try");
});

test("a text that is broken, or wants a value that is not there, gives way to the next and is told of once", () => {
  const told: string[] = [];
  const texts = createCatalogue(
    [layer("en", { a: "{n", b: "hello {name}" }), layer("en", { a: "fine", b: "hello" })],
    (message) => told.push(message),
  );
  for (let turn = 0; turn < 3; turn += 1) assert.equal(texts.text("a", {}), "fine");
  assert.equal(texts.text("b", {}), "hello");
  assert.equal(texts.text("nobody.has.it", {}), "nobody.has.it");
  assert.match(told[0] ?? "", /texts\/en\.json: a: no valid ICU message/);
  assert.equal(told.filter((message) => message.includes(": a:")).length, 1);
});

test("a name that runs from right to left cannot rearrange the sentence around it", () => {
  const texts = createCatalogue([layer("en", { a: "{app} asks {user} to pay" })], assert.fail);
  const isolated = (name: string) => `\u2068${name}\u2069`;
  assert.equal(texts.text("a", { app: "Bank", user: "ada" }), "Bank asks ada to pay");
  assert.equal(texts.text("a", { app: "بنك", user: "ada" }), `${isolated("بنك")} asks ada to pay`);
  assert.equal(
    texts.text("a", { app: "B\u202Eknab", user: "ada" }),
    `${isolated("B\u202Eknab")} asks ada to pay`,
  );
  assert.equal(
    texts.text("a", { app: "B\u2069\u202Eknab", user: "ada" }),
    `${isolated("B\u202Eknab")} asks ada to pay`,
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const text = texts.text("a", { app: name, user: "ada" });
      assert.ok(text.endsWith(" asks ada to pay"));
      const own = text.slice(0, -" asks ada to pay".length);
      assert.equal(
        own.replace(/^\u2068|\u2069$/g, "").search(/[\u2066-\u2069]/),
        -1,
        "something leads out of the isolate",
      );
    }),
  );
});

test("a value is never read as a message", () => {
  const texts = createCatalogue([layer("en", { a: "for {app}" })], assert.fail);
  for (const app of ["{x}", "{n, plural, one {a} other {b}}", "'{'", "<b>#</b>"])
    assert.equal(texts.text("a", { app }), `for ${app}`);
});
