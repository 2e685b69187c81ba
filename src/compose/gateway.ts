/** Opens the configured SMS gateway, and knows which country an installation is at home in. */
import { catalog } from "../catalog.ts";
import { type BootConfig, invalid, sentences } from "../config.ts";
import { Secret } from "../core/secret.ts";
import type { SmsGateway } from "../core/sms.ts";
import type { Phones } from "../kits/phone/phones.ts";

/** A gateway for installations that offer no factor that sends. */
const none: SmsGateway = {
  send: async () => ({ kind: "refused", reason: "other" }),
  check: async () => [
    { level: "ok", message: "No SMS gateway is configured, and no enabled acr needs one." },
  ],
};

/** The properties as the gateway's schema takes them. */
export const plainProperties = (twilio: NonNullable<BootConfig["twilio"]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(twilio).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );

export async function openGateway(config: BootConfig): Promise<SmsGateway> {
  if (config.twilio === undefined) return none;
  const plugin = catalog.gateways.twilio;
  const parsed = plugin.schema.safeParse(plainProperties(config.twilio));
  if (!parsed.success) throw invalid("twilio_sms", sentences(parsed.error));
  return plugin.open(parsed.data, { proxies: process.env });
}

/** The country of `from_number`, where no list of countries is given (requirement O14). */
export function homeCountry(config: BootConfig, phones: Phones): readonly string[] {
  const from = config.twilio?.from_number;
  if (config.twilio === undefined) return ["US"];
  const country = typeof from === "string" ? phones.countryOf(from) : undefined;
  if (country === undefined)
    throw invalid("countries", [
      "is missing; without a from_number of one country say which countries may receive texts, for example [DE, AT], or all",
    ]);
  return [country];
}
