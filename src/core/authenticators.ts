import type { EpochMs, FactorKind, Json, Subject } from "./words.ts";

/** A bound authenticator (NIST SP 800-63B-4 §4.1): a phone number, later a TOTP seed or a passkey. */
export interface Authenticator {
  readonly id: string;
  readonly subject: Subject;
  readonly kind: FactorKind;
  /** A lookup value that means the same thing for every holder (for a phone: its keyed hash). */
  readonly key: string;
  readonly data: Json;
  readonly boundAt: EpochMs;
  /** Which authority let it be bound: `password-once`, `two-factors`, `window`, `ticket`, `application`, `administrator`, `demo`. */
  readonly boundBy: string;
  readonly version: number;
}

/** What is kept about a bound phone: E.164, ISO 3166-1 country, when the code came back, in which language it was asked for. */
export type PhoneData = {
  readonly number: string;
  readonly country: string;
  readonly verifiedAt: EpochMs;
  readonly locale?: string | undefined;
  /** It stands in the person's directory, which decides whether it is there (directory-phones.ts). */
  readonly inDirectory?: boolean | undefined;
  /** What the person calls it. */
  readonly nickname?: string | undefined;
  /** When the person chose it as the one that codes go to. */
  readonly preferredAt?: EpochMs | undefined;
};

/** A secret in an authenticator app (RFC 6238, SHA-1, 6 digits, 30 s): base 32, sealed like all data. */
export type TotpData = {
  readonly secret: string;
  readonly label: string;
  /** The last time step that a code was accepted of; each counts once. */
  readonly lastStep: number;
  readonly usedAt?: EpochMs | undefined;
};

/** A public-key credential (WebAuthn Level 3 §6.1); bytes are base64url. */
export type PasskeyData = {
  readonly credential: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly label: string;
  /** May be copied to other devices of the person (BE), and has been (BS). */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** Make and model by their own word, unproven: no attestation is asked for. */
  readonly aaguid: string;
  readonly usedAt?: EpochMs | undefined;
  /** When its counter went back, which a copied key does (§6.1.1). */
  readonly counterBackAt?: EpochMs | undefined;
};

/** Recovery codes that are left, as keyed hashes. */
export type RecoveryData = {
  readonly hashes: readonly string[];
  readonly usedAt?: EpochMs | undefined;
};

/** The server's own kinds of second factor, and how strong they are against each other. */
export const STRENGTH: Readonly<Record<string, number>> = { "recovery-code": 1, sms: 1, totp: 2, passkey: 3 };

export interface NewAuthenticator {
  readonly subject: Subject;
  readonly kind: FactorKind;
  readonly key: string;
  readonly data: Json;
  readonly boundBy: string;
}

/** Permanent, unlike Records. Removed authenticators leave a mark, so that `everHad` stays true. */
export interface Authenticators {
  list(subject: Subject, kind?: FactorKind): Promise<readonly Authenticator[]>;
  find(kind: FactorKind, key: string): Promise<readonly Authenticator[]>;
  /** Binding the same key to the same person again answers the authenticator that is there. */
  bind(authenticator: NewAuthenticator): Promise<Authenticator>;
  /** False when the version is no longer current; nothing is written then. */
  update(id: string, version: number, data: Json): Promise<boolean>;
  unbind(id: string, by: string, reason: string): Promise<boolean>;
  /** Whether the person has, or once had, one of any of these kinds. */
  everHad(subject: Subject, ...kinds: readonly FactorKind[]): Promise<boolean>;
}

/** The same port over sealed bytes, as store plug-ins implement it. */
export interface AuthenticatorRow {
  readonly id: string;
  readonly subject: Subject;
  readonly kind: FactorKind;
  readonly key: string;
  readonly data: Uint8Array;
  readonly boundAt: EpochMs;
  readonly boundBy: string;
  readonly version: number;
}

export interface AuthenticatorStore {
  get(id: string): Promise<AuthenticatorRow | undefined>;
  list(subject: Subject, kind?: FactorKind): Promise<readonly AuthenticatorRow[]>;
  find(kind: FactorKind, key: string): Promise<readonly AuthenticatorRow[]>;
  /** Inserts, unless a live row has the same subject, kind and key: then that row is answered. Atomic. */
  add(row: AuthenticatorRow): Promise<AuthenticatorRow>;
  update(
    id: string,
    version: number,
    next: { readonly version: number; readonly data: Uint8Array },
  ): Promise<boolean>;
  remove(id: string, at: EpochMs, by: string, reason: string): Promise<boolean>;
  everHad(subject: Subject, kinds: readonly FactorKind[]): Promise<boolean>;
}
