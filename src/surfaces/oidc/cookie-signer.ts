/**
 * Signs the engine's cookies with HMAC-SHA-256 in place of its own signer, which uses SHA-1 and imports each key at each
 * use. The first key signs; every one verifies, so cookies outlive a rotation.
 */
import { timingSafeEqual } from "node:crypto";
import { hmacText } from "../../core/mac.ts";

/** The part of a Keygrip that the engine uses. `index`: which key signed, -1 for none. */
export interface CookieSigner {
  sign(data: string): string;
  verify(data: string, digest: string): boolean;
  index(data: string, digest: string): number;
}

/** Makes the signer; `keys` newest first, at least one. */
export function createCookieSigner(keys: readonly Uint8Array[]): CookieSigner {
  const mac = (key: Uint8Array, data: string) => hmacText(key, `cookie\0${data}`);
  const index = (data: string, digest: string) => {
    const given = Buffer.from(digest);
    return keys.findIndex((key) => {
      const wanted = Buffer.from(mac(key, data));
      return wanted.length === given.length && timingSafeEqual(wanted, given);
    });
  };
  const [first] = keys;
  if (first === undefined) throw new Error("there is no key to sign cookies with");
  return { sign: (data) => mac(first, data), verify: (data, digest) => index(data, digest) >= 0, index };
}
