/** Loads the official SDK (40 MB on disk, 150 ms) when it is first needed, and gives it our transport. */
import type { Twilio } from "twilio";
import type { TwilioConfig } from "./properties.ts";
import { createTransport, type Exchange } from "./transport.ts";

export interface SdkOptions {
  readonly timeoutMs: number;
  readonly proxies: Readonly<Record<string, string | undefined>> | undefined;
  /** Told of the `Date` of every answer. */
  readonly heard?: ((date: string | undefined) => void) | undefined;
}

export async function openSdk(
  config: TwilioConfig,
  { timeoutMs, proxies, heard }: SdkOptions,
): Promise<Twilio> {
  const { default: twilio } = await import("twilio");
  const transport = createTransport({ apiBase: config.apiBase, timeoutMs, proxies });
  // The SDK's own way to exchange its HTTP: a subclass with another `request`.
  class Wire extends twilio.RequestClient {
    override async request(exchange: Exchange): Promise<never> {
      const answer = await transport(exchange);
      heard?.(answer.headers.date);
      // `never` stands for the SDK's own answer type, which it does not export.
      return answer as never;
    }
  }
  return new twilio.Twilio(config.credentials.username, config.credentials.password.reveal(), {
    accountSid: config.accountSid,
    httpClient: new Wire({ timeout: timeoutMs }),
    // Set even where empty: else TWILIO_REGION and TWILIO_EDGE of the environment would redirect the credentials.
    region: config.region ?? "",
    edge: config.edge ?? "",
    env: {},
  });
}
