/** Opens the SMS gateway that the settings describe, and knows which country an installation is at home in. */
import { catalog } from "../catalog.ts";
import type { BootConfig } from "../config.ts";
import type { GatewayEntry } from "../core/gateway-line.ts";
import { Secret } from "../core/secret.ts";
import type { GatewaySettings, ScriptEntry, SettingsDocument } from "../core/settings.ts";
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

/** What the line is told of the settings. */
export type GatewaySources = Pick<SettingsDocument, "scripts" | "gateways">;

/** Name of the gateway that the script's properties configure. */
const FIRST = "twilio_sms";

/**
 * The gateways in their order, following the settings: a change of one's own settings opens another at the next send,
 * and whatever is on its way ends where it began. `apiBase`: where the demo's texts go.
 */
export function createGateways(
  sources: () => GatewaySources,
  apiBase: URL | undefined,
): () => Promise<readonly GatewayEntry[]> {
  const opened = new Map<string, { readonly print: string; readonly entry: Promise<GatewayEntry> }>();
  let last: { readonly of: GatewaySources; readonly entries: Promise<readonly GatewayEntry[]> } | undefined;

  function open(name: string, print: string, make: () => Promise<GatewayEntry>): Promise<GatewayEntry> {
    const known = opened.get(name);
    if (known?.print === print) return known.entry;
    const entry = make();
    opened.set(name, { print, entry });
    return entry;
  }

  function first(scripts: readonly ScriptEntry[]): Promise<GatewayEntry> {
    const given = sendingProperties(scripts);
    if (given === undefined) return open(FIRST, "", async () => ({ name: FIRST, gateway: none }));
    const plugin = catalog.gateways.twilio;
    return open(FIRST, JSON.stringify(given), async () => ({
      name: FIRST,
      gateway: await plugin.open(plugin.schema.parse(given), { proxies: process.env, apiBase }),
    }));
  }

  const further = (settings: GatewaySettings): Promise<GatewayEntry> =>
    open(settings.name, JSON.stringify(settings), async () => {
      const { name, type, perSecond, perMinute, breakAfter, restSeconds } = settings;
      const breaker = { failures: breakAfter, restMs: restSeconds * 1000 };
      const gateway = await openGateway(type, propertiesOf(settings.configurationProperties), apiBase);
      return { name, gateway, perSecond, perMinute, breaker };
    });

  return () => {
    const of = sources();
    // The settings are one frozen document per revision: the same object is the same line.
    if (last?.of !== of) {
      // With no script that sends there is nobody to stand behind.
      const behind =
        sendingProperties(of.scripts) === undefined ? [] : of.gateways.filter(({ enabled }) => enabled);
      last = { of, entries: Promise.all([first(of.scripts), ...behind.map(further)]) };
    }
    return last.entries;
  };
}

function openGateway(
  type: string,
  given: Readonly<Record<string, string>>,
  apiBase: URL | undefined,
): Promise<SmsGateway> {
  const { twilio, webhook } = catalog.gateways;
  if (type === webhook.type) return webhook.open(webhook.schema.parse(given), {});
  return twilio.open(twilio.schema.parse(given), { proxies: process.env, apiBase });
}

/** The kind of gateway of this name; undefined where there is none. */
export const gatewayOf = (type: string) =>
  Object.values(catalog.gateways).find((plugin) => plugin.type === type);

/** The country of the sender's number; undefined where it has none (short code, sender name, messaging service). */
export function homeCountry(scripts: readonly ScriptEntry[], phones: Phones): string | undefined {
  const given = sendingProperties(scripts);
  if (given === undefined) return "US";
  return given.from_number === undefined ? undefined : phones.countryOf(given.from_number);
}

export const NO_HOME =
  "is missing; without a from_number of one country say which countries may receive texts, for example [DE, AT], or all";
