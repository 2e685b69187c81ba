/** Seals keys under the master key before they reach a store. Used by keyring.ts alone. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Breakage } from "./errors.ts";
import type { KeyRow } from "./keys.ts";
import type { Secret } from "./secret.ts";

type Place = Pick<KeyRow, "id" | "purpose">;

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces: a deployment makes tens of keys, not the 2^32 where that
 * would end. The place of the key is authenticated, so rows cannot be swapped.
 */
export function createMasterBox(masterKey: Secret) {
  const master = decode(masterKey);
  const place = ({ id, purpose }: Place) => Buffer.from(`sallyport key v1\0${purpose}\0${id}`);
  return {
    /** Version 1 · 12 bytes nonce · ciphertext · 16 bytes tag. */
    seal(row: Place, bytes: Uint8Array): Uint8Array {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", master, nonce).setAAD(place(row));
      const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]);
    },
    /** Throws Breakage `key-unavailable` if the master key is another one or the row was changed. */
    open(row: Place & Pick<KeyRow, "material">): Uint8Array {
      const sealed = Buffer.from(row.material);
      try {
        if (sealed[0] !== VERSION) throw new Error("unknown version");
        const nonce = sealed.subarray(1, 1 + NONCE);
        const decipher = createDecipheriv("aes-256-gcm", master, nonce, { authTagLength: TAG });
        decipher.setAAD(place(row)).setAuthTag(sealed.subarray(-TAG));
        return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE, -TAG)), decipher.final()]);
      } catch (cause) {
        const message =
          "The master key does not open the keys in the store; use the master key that this store was made with.";
        throw new Breakage("key-unavailable", message, { cause });
      }
    },
  };
}

function decode(masterKey: Secret): Buffer {
  const text = masterKey.reveal().trim();
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || !/^[A-Za-z0-9+/_-]{43}=?$/.test(text))
    throw new Breakage(
      "key-unavailable",
      "The master key must be 32 random bytes in base64: openssl rand -base64 32",
    );
  return bytes;
}
