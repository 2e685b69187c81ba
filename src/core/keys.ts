import type { EpochMs } from "./words.ts";

/**
 * The keys of this deployment: made on first start, kept in the store sealed under the master key, shared by all
 * nodes. Rotation adds a key that is published first, used from `activeFrom` on, and keeps the old one for
 * verification until `expiresAt`. Keys of the purpose `seal`
 * open what they sealed for good, since permanent rows stay under them; the keys that name rows and that sign the audit
 * are never rotated.
 */
export type KeyPurpose = "signing-rs256" | "signing-es256" | "cookie" | "code" | "seal" | "csrf" | "callback";

/** What a stored key is for: a purpose that rotates, the names of the rows, or the audit. */
export type StoredPurpose = KeyPurpose | "lookup" | "audit";

/** One stored key. `material` is sealed under the master key before it reaches a `KeyStore`. */
export interface KeyRow {
  readonly id: string;
  readonly purpose: StoredPurpose;
  readonly createdAt: EpochMs;
  readonly activeFrom: EpochMs;
  /** null: still the newest of its purpose. */
  readonly expiresAt: EpochMs | null;
  readonly material: Uint8Array;
}

/** Where keys are kept. Implemented by store plug-ins. */
export interface KeyStore {
  all(): Promise<readonly KeyRow[]>;
  /** Inserts the row unless a key with this id is there; two nodes that start at once end with one set. */
  addUnlessPresent(row: KeyRow): Promise<void>;
  /** Adds the successor and gives the predecessors of its purpose their end, in one transaction. */
  rotate(successor: KeyRow, predecessorsExpireAt: EpochMs): Promise<void>;
}

export interface NamedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What the rest of the server sees of the keys. */
export interface Keys {
  /** Private signing keys as JWK (RFC 7517): all that verify, the one that signs first per algorithm. */
  signing(): readonly Readonly<Record<string, unknown>>[];
  /** Symmetric keys of a purpose, the current one first. */
  secrets(purpose: Exclude<StoredPurpose, "signing-rs256" | "signing-es256">): readonly NamedKey[];
}
