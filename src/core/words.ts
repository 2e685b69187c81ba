/**
 * The words every room uses. Plain data only: whatever is named here may travel to a worker thread,
 * into a record and back without losing anything.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. Core is handed `now`, it never reads a clock. */
export type EpochMs = number;
/** A length of time in whole seconds. */
export type Seconds = number;
/** The stable id of a person: the `sub` claim (OIDC Core §2). Survives a change of username. */
export type Subject = string;
/** An authentication context class reference (OIDC Core §2, `acr`). */
export type Acr = string;
/** A kind of authenticator: `password`, `sms`, … One plug-in folder per kind. */
export type FactorKind = string;
/** An authentication method reference (RFC 8176). */
export type Amr = "pwd" | "sms" | "tel" | "otp" | "hwk" | "swk" | "pin" | "kba";

/** That a person has shown one factor. The session keeps these; acr, amr and auth_time are derived from them. */
export type Proof = {
  readonly factor: FactorKind;
  /** `none`: nothing was shown, a remembered device has stood in. */
  readonly method: Amr | "none";
  readonly at: EpochMs;
  /** The authenticator has checked a second factor itself before it answered (NIST SP 800-63B-4 §3.1.7: user verification). */
  readonly multi?: boolean | undefined;
  /** Of a remembered device alone: the acr for whose further factors it has stood in. */
  readonly standsFor?: Acr | undefined;
};

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Who tells the time. Passed in everywhere, so that a test can move it. */
export type Clock = () => EpochMs;
