/**
 * Random names: of challenges, of a browser, what a code is derived from. They are drawn for many at once, for a draw
 * from the generator costs twenty times what is done with it, and a sign-in wants several. Each byte is given out once.
 */
import { randomFillSync } from "node:crypto";

const SIZE = 16;
const supply = Buffer.alloc(64 * SIZE);
let next = supply.length;

/** 128 random bits as 22 characters of base64url. */
export function randomName(): string {
  if (next === supply.length) {
    randomFillSync(supply);
    next = 0;
  }
  const from = next;
  next += SIZE;
  const name = supply.toString("base64url", from, next);
  supply.fill(0, from, next);
  return name;
}
