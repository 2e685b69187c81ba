/** HMAC-SHA-256 as everybody else computes it: RFC 4231's answers, and Node's own for whatever else. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { hmac, hmacText } from "../../src/core/mac.ts";

const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");

test("the test cases of RFC 4231", () => {
  const cases: readonly (readonly [key: Uint8Array, data: string | Uint8Array, answer: string])[] = [
    [bytes("0b".repeat(20)), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      Buffer.from("Jefe"),
      "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      bytes("aa".repeat(20)),
      bytes("dd".repeat(50)),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ],
    [
      bytes("aa".repeat(131)),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [key, data, answer] of cases) {
    assert.equal(hmac(key, data).toString("hex"), answer);
    assert.equal(hmacText(key, data), Buffer.from(answer, "hex").toString("base64url"));
  }
});

test("whatever the key and the message, and whatever was computed before, it is what Node's own says", () => {
  const keys = [new Uint8Array(), randomBytes(1), randomBytes(32), randomBytes(64), randomBytes(65)];
  const message = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3_000 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.uint8Array({ maxLength: 9_000 }),
    fc.constantFrom("", "\ud800 a lone surrogate", "x".repeat(1_365), "x".repeat(1_366), "ß".repeat(5_000)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...keys), message, (key, data) => {
      const wanted = createHmac("sha256", key).update(data).digest("base64url");
      assert.equal(hmacText(key, data), wanted);
      assert.equal(hmac(key, data).toString("base64url"), wanted);
    }),
    { numRuns: 300 },
  );
});
