/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot digests. Node's Hmac object costs three times what it computes, in native
 * memory that the collector has to come back for, and a sign-in makes some forty of them.
 */
import { hash } from "node:crypto";

const BLOCK = 64;
/** Bytes of a message that need no memory of their own. */
const ROOM = 4_096;

interface Pads {
  /** The inner pad, and behind it room for a message. */
  readonly inner: Buffer;
  /** The outer pad, and behind it the inner digest. */
  readonly outer: Buffer;
}

const made = new WeakMap<Uint8Array, Pads>();

function padsOf(key: Uint8Array): Pads {
  const known = made.get(key);
  if (known !== undefined) return known;
  const short = key.length > BLOCK ? hash("sha256", key, "buffer") : key;
  const pads = {
    inner: Buffer.alloc(BLOCK + ROOM),
    outer: Buffer.alloc(BLOCK + 32),
  };
  for (let at = 0; at < BLOCK; at += 1) {
    pads.inner[at] = (short[at] ?? 0) ^ 0x36;
    pads.outer[at] = (short[at] ?? 0) ^ 0x5c;
  }
  made.set(key, pads);
  return pads;
}

/** What the inner digest is of. */
function innerOf({ inner }: Pads, message: string | Uint8Array): Buffer {
  if (typeof message === "string") {
    if (message.length * 3 <= ROOM) return inner.subarray(0, BLOCK + inner.write(message, BLOCK));
    return Buffer.concat([inner.subarray(0, BLOCK), Buffer.from(message)]);
  }
  if (message.length > ROOM) return Buffer.concat([inner.subarray(0, BLOCK), message]);
  inner.set(message, BLOCK);
  return inner.subarray(0, BLOCK + message.length);
}

/** What the outer digest is of. */
function outerOf(key: Uint8Array, message: string | Uint8Array): Buffer {
  const pads = padsOf(key);
  pads.outer.write(hash("sha256", innerOf(pads, message), "binary"), BLOCK, "binary");
  return pads.outer;
}

/** The 32 bytes of an HMAC under `key`, whose bytes must never change afterwards. A string counts as its UTF-8. */
export const hmac = (key: Uint8Array, message: string | Uint8Array): Buffer =>
  // By way of a string: a buffer that Node makes costs as much as the digest, for memory that is not of the pool.
  Buffer.from(hash("sha256", outerOf(key, message), "binary"), "binary");

/** The same in base64url, 43 characters. */
export const hmacText = (key: Uint8Array, message: string | Uint8Array): string =>
  hash("sha256", outerOf(key, message), "base64url");
