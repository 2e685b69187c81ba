/** Puts further gateways behind the first one of a running server. */
import assert from "node:assert/strict";
import type { GatewaySettings, SettingsDocument } from "../../src/core/settings.ts";
import type { TestServer } from "./server.ts";
import type { TestPhones } from "./simulator.ts";

/** A gateway of Twilio's kind at another simulator. */
export const twilioAt = (name: string, phones: TestPhones, more: Partial<GatewaySettings> = {}) => ({
  name,
  type: "twilio",
  enabled: true,
  configurationProperties: Object.entries({
    twilio_sid: phones.account.sid,
    twilio_token: phones.account.token,
    from_number: "+12025550111",
    api_base: phones.url,
  }).map(([value1, value2]) => ({
    value1,
    value2,
    hide: value1 === "twilio_token",
    description: "",
  })),
  breakAfter: 5,
  restSeconds: 30,
  ...more,
});

export async function changeSettings(
  server: TestServer,
  change: (document: SettingsDocument) => SettingsDocument,
): Promise<void> {
  const changed = await server.parts.settings.change({ change, by: "test", what: "test" });
  assert.ok(changed.kind === "changed" || changed.kind === "same", JSON.stringify(changed));
}

export const standBehind = (
  server: TestServer,
  gateways: readonly GatewaySettings[],
  delivery: Partial<SettingsDocument["delivery"]> = {},
): Promise<void> =>
  changeSettings(server, (document) => ({
    ...document,
    gateways: [...gateways],
    delivery: { ...document.delivery, ...delivery },
  }));
