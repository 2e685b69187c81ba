import assert from "node:assert/strict";
import { test } from "node:test";
import { randomName } from "../../src/core/random.ts";

test("S11: a random name is 128 bits that nobody was given before, however many are drawn", () => {
  const names = Array.from({ length: 1000 }, randomName);
  for (const name of names) assert.match(name, /^[\w-]{22}$/);
  const bytes = names.map((name) => Buffer.from(name, "base64url"));
  assert.ok(bytes.every(({ length }) => length === 16));
  // No half of one is a half of another: bytes are given out once.
  const halves = bytes.flatMap((one) => [one.toString("hex", 0, 8), one.toString("hex", 8)]);
  assert.equal(new Set(halves).size, 2000);
});
