/** What the looks of the self-check share. */
import type { Twilio } from "twilio";
import type { TwilioConfig } from "./properties.ts";

/** A client of Twilio's API, what it was made of, and what has been learned on the way. */
export interface CheckDeps {
  readonly client: Twilio;
  readonly config: TwilioConfig;
  /** Milliseconds by which Twilio's clock was ahead of ours in its latest answer. */
  readonly skewMs: () => number | undefined;
  /** The URL as it may be given to Twilio; undefined where Twilio could not reach it. */
  readonly callback: (report: URL | undefined) => string | undefined;
  readonly timeoutMs: number;
}
