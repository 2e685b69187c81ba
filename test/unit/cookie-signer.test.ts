import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createCookieSigner } from "../../src/surfaces/oidc/cookie-signer.ts";

const old = randomBytes(32);
const fresh = randomBytes(32);

test("S05: a cookie signed before a rotation is known after it, and new ones carry the new key", () => {
  const signature = createCookieSigner([old]).sign("session=abc");
  const rotated = createCookieSigner([fresh, old]);
  assert.equal(rotated.index("session=abc", signature), 1);
  assert.equal(rotated.index("session=abc", rotated.sign("session=abc")), 0);
  assert.equal(createCookieSigner([fresh]).verify("session=abc", signature), false);
});

test("S05: another value, a cut signature and junk are no signatures", () => {
  const signer = createCookieSigner([fresh]);
  const signature = signer.sign("session=abc");
  assert.equal(signer.verify("session=abd", signature), false);
  for (const wrong of ["", signature.slice(1), `${signature}A`, "é".repeat(43), signature.toLowerCase()])
    assert.equal(signer.verify("session=abc", wrong), false, wrong);
});
