/** A passkey without a browser: an ES256 key that is bound to a person and answers the challenge of a page (WebAuthn §7.2). */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { PasskeyData } from "../../src/core/authenticators.ts";
import type { Subject } from "../../src/core/words.ts";
import type { TestServer } from "./server.ts";
import type { Seen } from "./visitor.ts";

const UP_UV = 0x05;
const sha256 = (bytes: string | Buffer): Buffer => createHash("sha256").update(bytes).digest();

/** Binds it, as if long ago; answers what the field `passkey` of a page's form has to hold. */
export async function softPasskey(server: TestServer, subject: Subject): Promise<(page: Seen) => string> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  // A COSE key (RFC 9053 §7.1): kty EC2, alg ES256, crv P-256, x, y.
  const cose = Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"),
    Buffer.from(x, "base64url"),
    Buffer.from("225820", "hex"),
    Buffer.from(y, "base64url"),
  ]);
  const credential = randomBytes(16).toString("base64url");
  const data: PasskeyData = {
    credential,
    publicKey: cose.toString("base64url"),
    counter: 0,
    transports: [],
    label: "Soft key",
    backupEligible: false,
    backedUp: false,
    aaguid: "00000000-0000-0000-0000-000000000000",
  };
  await server.parts.authenticators.bind({
    subject,
    kind: "passkey",
    key: credential,
    data,
    boundBy: "demo",
  });

  return ({ body }) => {
    const challenge = /data-challenge="([^"]+)"/.exec(body)?.[1] ?? assert.fail("no challenge on the page");
    const { origin, hostname } = new URL(server.issuer);
    const client = Buffer.from(
      JSON.stringify({ type: "webauthn.get", challenge, origin, crossOrigin: false }),
    );
    // No counter: as of a key that is kept in several places.
    const known = Buffer.concat([sha256(hostname), Buffer.from([UP_UV, 0, 0, 0, 0])]);
    const signature = sign("sha256", Buffer.concat([known, sha256(client)]), privateKey);
    return JSON.stringify({
      id: credential,
      rawId: credential,
      type: "public-key",
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: known.toString("base64url"),
        signature: signature.toString("base64url"),
        userHandle: Buffer.from(subject).toString("base64url"),
      },
    });
  };
}
