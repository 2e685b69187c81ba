/** HMAC-SHA-256 with keys that are used again and again. */
import { createHmac, createSecretKey, type Hmac, type KeyObject } from "node:crypto";

// Node imports a key given as bytes anew at each use, which costs six times the HMAC itself.
const imported = new WeakMap<Uint8Array, KeyObject>();

/** Begins an HMAC-SHA-256 (RFC 2104) under `key`, whose bytes must never change afterwards. */
export function hmac(key: Uint8Array): Hmac {
  let object = imported.get(key);
  if (object === undefined) {
    object = createSecretKey(key);
    imported.set(key, object);
  }
  return createHmac("sha256", object);
}
