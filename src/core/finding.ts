/**
 * What a self-check says of one thing it looked at. Gateways, directories, pages and the checks of the host answer lists of
 * them; `sallyport doctor` puts them together.
 */
export interface Finding {
  /** `skipped`: it could not be looked at, and the message says why. */
  readonly level: "ok" | "warning" | "error" | "skipped";
  readonly message: string;
  /** What to do about it; absent where the message says it, or where nothing is to be done. */
  readonly remedy?: string | undefined;
  /** What was looked at, for programs that watch it: `twilio.account`. The same from version to version. */
  readonly check?: string | undefined;
}
