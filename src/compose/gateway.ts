/** Opens the SMS gateway that the settings describe, and knows which country an installation is at home in. */
import { catalog } from "../catalog.ts";
import type { BootConfig } from "../config.ts";
import { Secret } from "../core/secret.ts";
import type { ScriptEntry } from "../core/settings.ts";
import type { SmsGateway } from "../core/sms.ts";
import type { Phones } from "../kits/phone/phones.ts";
import { propertiesOf } from "./scripts.ts";

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

/** The properties of the enabled script that sends; undefined where none does. */
const sendingProperties = (scripts: readonly ScriptEntry[]): Record<string, string> | undefined => {
  const entry = scripts.find(({ name, enabled }) => enabled && name === "twilio_sms");
  return entry === undefined ? undefined : propertiesOf(entry.configurationProperties);
};

/**
 * One gateway that follows the settings: a change of the properties opens another at the next send, and whatever is on
 * its way ends where it began. `apiBase`: where the demo's texts go.
 */
export function createGateways(scripts: () => readonly ScriptEntry[], apiBase: URL | undefined): SmsGateway {
  let opened: { readonly properties: string; readonly gateway: Promise<SmsGateway> } | undefined;

  function current(): Promise<SmsGateway> {
    const given = sendingProperties(scripts());
    if (given === undefined) return Promise.resolve(none);
    const properties = JSON.stringify(given);
    if (opened?.properties !== properties) {
      const plugin = catalog.gateways.twilio;
      const gateway = plugin.open(plugin.schema.parse(given), { proxies: process.env, apiBase });
      opened = { properties, gateway };
    }
    return opened.gateway;
  }

  return {
    send: async (message) => (await current()).send(message),
    check: async () => (await current()).check(),
    warm: async () => (await current()).warm?.(),
  };
}

/** The country of the sender's number; undefined where it has none (short code, sender name, messaging service). */
export function homeCountry(scripts: readonly ScriptEntry[], phones: Phones): string | undefined {
  const given = sendingProperties(scripts);
  if (given === undefined) return "US";
  return given.from_number === undefined ? undefined : phones.countryOf(given.from_number);
}

export const NO_HOME =
  "is missing; without a from_number of one country say which countries may receive texts, for example [DE, AT], or all";
