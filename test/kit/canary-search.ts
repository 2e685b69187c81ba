/**
 * Looks for a secret in bytes, in every form in which software lets one slip: as it is, percent- or form-encoded, in
 * base64 at each of the three alignments, in hex, in UTF-16, escaped in JSON, and as an unkeyed hash of itself.
 */
import { createHash } from "node:crypto";

/** Name of the form in which `secret` stands in `bytes`; undefined when it does not. */
export function findSecret(bytes: Buffer, secret: string): string | undefined {
  for (const [name, form] of formsOf(secret)) if (bytes.includes(form)) return name;
  return undefined;
}

const cache = new Map<string, readonly (readonly [string, Buffer])[]>();

function formsOf(secret: string): readonly (readonly [string, Buffer])[] {
  const known = cache.get(secret);
  if (known !== undefined) return known;
  const plain = Buffer.from(secret);
  const forms: [string, Buffer][] = [
    ["plain", plain],
    ["percent", Buffer.from(encodeURIComponent(secret))],
    ["form", Buffer.from(new URLSearchParams({ s: secret }).toString().slice(2))],
    ["json", Buffer.from(JSON.stringify(secret).slice(1, -1))],
    ["hex", Buffer.from(plain.toString("hex"))],
    ["HEX", Buffer.from(plain.toString("hex").toUpperCase())],
    ["utf-16", Buffer.from(secret, "utf16le")],
    ["reversed", Buffer.from([...secret].reverse().join(""))],
  ];
  for (const offset of [0, 1, 2]) {
    // What comes before shifts the alignment; the symbols that also carry a neighbour's bits are left out.
    const text = Buffer.concat([Buffer.alloc(offset), plain]).toString("base64url");
    const middle = text.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + plain.length) * 8) / 6));
    if (middle.length < 8) continue;
    forms.push([`base64 at ${offset}`, Buffer.from(middle)]);
    forms.push([`base64 at ${offset}`, Buffer.from(middle.replaceAll("-", "+").replaceAll("_", "/"))]);
  }
  for (const algorithm of ["md5", "sha1", "sha256", "sha512"]) {
    const digest = createHash(algorithm).update(secret).digest();
    forms.push([algorithm, digest], [`${algorithm} hex`, Buffer.from(digest.toString("hex"))]);
    forms.push([`${algorithm} base64`, Buffer.from(digest.toString("base64").replace(/=+$/, ""))]);
    forms.push([`${algorithm} base64url`, Buffer.from(digest.toString("base64url"))]);
  }
  cache.set(secret, forms);
  return forms;
}
