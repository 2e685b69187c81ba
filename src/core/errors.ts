/**
 * A breakage: something that should work did not. Refusals (a wrong code, a full budget) are union values, never
 * errors. People are shown a text chosen by `code`; the log gets the code and the cause.
 */
export type BreakageCode =
  | "store-unavailable"
  | "store-damaged"
  | "store-conflict"
  | "directory-unavailable"
  | "hashing-busy"
  | "configuration-invalid"
  | "key-unavailable"
  | "sealed-value-invalid"
  | "page-invalid"
  | "step-broken"
  /** A script of one's own threw, took too long or grew too large: its login ends, nothing else does. */
  | "script-failed";

export class Breakage extends Error {
  readonly code: BreakageCode;
  /** After how many seconds a retry makes sense; becomes `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfter: number | undefined;
  constructor(code: BreakageCode, message: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = "Breakage";
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}
