/** A self-signed certificate, made here so that no test needs a tool or keeps a key (RFC 5280). */
import { generateKeyPairSync, sign } from "node:crypto";
import { isIP, isIPv4 } from "node:net";

const encode = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const size =
    body.length < 128
      ? Buffer.from([body.length])
      : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, body]);
};
const sequence = (...parts: readonly Uint8Array[]) => encode(0x30, ...parts);
const hex = (text: string) => Buffer.from(text, "hex");
const oid = (text: string) => encode(0x06, hex(text));
const utcTime = (at: Date) =>
  encode(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const TRUE = encode(0x01, hex("ff"));

/** A name as a certificate carries it: a DNS name, or the bytes of an address (RFC 5280 §4.2.1.6). */
function nameOf(host: string): Buffer {
  if (!isIP(host)) return encode(0x82, Buffer.from(host));
  if (isIPv4(host)) return encode(0x87, Buffer.from(host.split(".").map(Number)));
  const [left = "", right = ""] = host.split("::");
  const words = (half: string) => half.split(":").filter((word) => word !== "");
  const gap = Array.from({ length: 8 - words(left).length - words(right).length }, () => "0");
  return encode(
    0x87,
    hex([...words(left), ...gap, ...words(right)].map((word) => word.padStart(4, "0")).join("")),
  );
}

/** PEM of certificate and key (P-256) for these DNS names and addresses, valid from yesterday for two days. */
export function selfSigned(
  host: string,
  ...more: readonly string[]
): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(encode(0x31, sequence(oid("550403"), encode(0x0c, Buffer.from(host)))));
  const day = 86_400_000;
  const validity = sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day)));
  const names = sequence(oid("551d11"), encode(0x04, sequence(...[host, ...more].map(nameOf))));
  const authority = sequence(oid("551d13"), TRUE, encode(0x04, sequence(TRUE)));
  const body = sequence(
    encode(0xa0, encode(0x02, hex("02"))),
    encode(0x02, hex("01")),
    ECDSA_SHA256,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    encode(0xa3, sequence(names, authority)),
  );
  const der = sequence(body, ECDSA_SHA256, encode(0x03, hex("00"), sign("sha256", body, privateKey)));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
