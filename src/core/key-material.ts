/** What the keys of each purpose are made of. Used by keyring.ts alone. */
import { createHash, createPrivateKey, generateKeyPair, type JsonWebKey, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { StoredPurpose } from "./keys.ts";

const makePair = promisify(generateKeyPair);

/** A new private key in PKCS #8 for signing (RSA 2048, P-256), 32 random bytes for everything else. */
export async function generate(purpose: StoredPurpose): Promise<Uint8Array> {
  if (purpose === "signing-rs256")
    return exported(await makePair("rsa", { modulusLength: 2048, publicExponent: 65_537 }));
  if (purpose === "signing-es256") return exported(await makePair("ec", { namedCurve: "P-256" }));
  return randomBytes(32);
}

/** The private JWK (RFC 7517) of a signing key: `kid` is its thumbprint (RFC 7638), `alg` and `use` are set. */
export function toJwk(
  purpose: "signing-rs256" | "signing-es256",
  pkcs8: Uint8Array,
): Readonly<Record<string, unknown>> {
  const jwk = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }).export({
    format: "jwk",
  });
  const alg = purpose === "signing-rs256" ? "RS256" : "ES256";
  return Object.freeze({ ...jwk, kid: thumbprint(jwk), alg, use: "sig" });
}

/** RFC 7638 §3: SHA-256 over the required members in lexical order. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

function exported({ privateKey }: Awaited<ReturnType<typeof makePair>>): Uint8Array {
  return privateKey.export({ format: "der", type: "pkcs8" });
}
