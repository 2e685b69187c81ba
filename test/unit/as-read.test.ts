/** A value as it is shared among its readers is the one that would come out of its text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asRead } from "../../src/core/as-read.ts";
import type { Json } from "../../src/core/words.ts";

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, undefined, true, 0, 1.5, "", "text", Number.NaN, Number.POSITIVE_INFINITY),
    fc.array(tie("value").map((value) => value ?? null)),
    fc.dictionary(fc.constantFrom("a", "b", "c", "1", "__proto__", "constructor"), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

test("whatever the value, it is what JSON makes of it, and the value given stays as it was", () => {
  fc.assert(
    fc.property(values, (value) => {
      if (value === undefined) return;
      const before = structuredClone(value);
      assert.deepEqual(asRead(value as Json), JSON.parse(JSON.stringify(value)));
      assert.deepEqual(value, before);
    }),
    { numRuns: 2_000 },
  );
});

test("what nothing is missing from is not copied", () => {
  const whole = { list: [1, { two: 2 }], text: "" };
  assert.equal(asRead(whole), whole);
  const read = asRead({ whole, gone: undefined });
  assert.deepEqual(Object.keys(read), ["whole"]);
  assert.equal(read.whole, whole);
});

test("a name from outside becomes no prototype", () => {
  const given = JSON.parse('{"__proto__":{"admin":true}}') as { admin?: boolean; gone?: string | undefined };
  given.gone = undefined;
  const read = asRead(given);
  assert.equal(read.admin, undefined);
  assert.deepEqual(Object.keys(read), ["__proto__"]);
});
