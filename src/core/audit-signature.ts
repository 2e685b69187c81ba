/**
 * Signs each event of the audit before a store gets it: whoever can write to the database but has no key can neither
 * make an event up nor change one. That none is taken away is what seals are for (audit-seals.ts).
 */
import { randomBytes } from "node:crypto";
import type { Audit, AuditEvent, AuditRow, AuditStore, SignedEvent } from "./audit.ts";
import type { Keys } from "./keys.ts";
import { hmac } from "./mac.ts";

/** What a signature is about: everything that is stored of an event but its place. */
export type Signed = Omit<AuditRow, "seq" | "signature">;

const MAC = 16;
const NO_KEY = new Uint8Array();

/** HMAC-SHA-256 under the key of the purpose `audit`; of a server that has none, one that nobody else would take. */
export const auditMac = (keys: Pick<Keys, "secrets">, message: string | Uint8Array): Buffer =>
  hmac(keys.secrets("audit")[0]?.bytes ?? NO_KEY, message);

/** An event as a store writes it. */
export function toSigned(event: AuditEvent): Signed {
  const { at, kind, subject, login, client, address, facts } = event;
  // A lone surrogate would be stored as another character than was signed.
  const text = (value: string | undefined) => value?.toWellFormed() ?? null;
  return {
    at,
    kind,
    subject: text(subject),
    login: text(login),
    client: text(client),
    address: text(address),
    facts: facts === undefined ? null : JSON.stringify(facts),
  };
}

export interface AuditSigner {
  /** The event as a store has to get it, alone or in a commit with the act it tells of. */
  signed(event: AuditEvent): SignedEvent;
  isSound(row: AuditRow): boolean;
  /** A signature for what is left of an event, whose digest under its seal was this (audit-erasure.ts). */
  erased(row: Omit<AuditRow, "signature">, digest: Uint8Array): string;
  /** Whether the server itself has left this of the event with this digest. */
  isErasure(row: AuditRow, digest: Uint8Array): boolean;
}

/** With what the signature of an erased event begins; no other one does. */
export const ERASED = "~";

/** Signs with the key of the purpose `audit`, HMAC-SHA-256 cut to 128 bits (RFC 2104 §5). */
export function createSigner(keys: Pick<Keys, "secrets">): AuditSigner {
  // Equal events get different signatures: a prefix of this process and a count.
  const prefix = randomBytes(6).toString("base64url");
  let count = 0;

  function macOf(mark: string, { at, kind, subject, login, client, address, facts }: Signed): Buffer {
    const text = JSON.stringify([mark, at, kind, subject, login, client, address, facts]);
    return auditMac(keys, text).subarray(0, MAC);
  }

  function erasureOf(row: Omit<AuditRow, "signature">, digest: Uint8Array): string {
    const { seq, at, kind, subject, login, client, address, facts } = row;
    const was = Buffer.from(digest).toString("base64url");
    const text = JSON.stringify(["erased", seq, was, at, kind, subject, login, client, address, facts]);
    const mac = auditMac(keys, text).subarray(0, MAC);
    return `${ERASED}${mac.toString("base64url")}`;
  }

  return {
    erased: erasureOf,
    isErasure: (row, digest) => row.signature === erasureOf(row, digest),
    signed(event) {
      count += 1;
      const mark = `${prefix}${count.toString(36)}`;
      return { ...event, signature: `${mark}.${macOf(mark, toSigned(event)).toString("base64url")}` };
    },
    isSound(row) {
      const [mark = "", mac = ""] = (row.signature ?? "").split(".");
      // Its time tells nothing: the row comes from the database, and the verdict from `verify` on the host.
      return mac === macOf(mark, row).toString("base64url");
    },
  };
}

/** The audit as every room gets it. */
export const signedAudit = (store: AuditStore, signer: AuditSigner): Audit => ({
  append: (event) => store.append(signer.signed(event)),
  query: store.query,
  page: store.page,
});
