/** The Twilio gateway with the real SDK against the phone simulator. */
import { type TwilioDeps, twilioGateway } from "../../src/plugins/sms/twilio/gateway.ts";
import {
  type GatewayUnderTest,
  type ProviderFailure,
  smsGatewayContract,
} from "../../src/public/gateway-contract.ts";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { freePort } from "../kit/free-port.ts";
import { startSimulator, type TestPhones } from "../kit/simulator.ts";

type Reason = ProviderFailure["reason"];

const FAULTS: readonly (readonly [string, FaultRequest, Reason, number?])[] = [
  ["401", { status: 401 }, "credentials", 20003],
  ["403 without a code of Twilio's", { status: 403, code: 1 }, "credentials", 1],
  ["404: no such account", { status: 404 }, "credentials", 20404],
  ["429 with a long Retry-After", { status: 429, retryAfter: 30 }, "busy", 20429],
  ["21611: the sender's queue is full", { code: 21611 }, "busy", 21611],
  ["500", { status: 500 }, "provider-down", 20500],
  ["503", { status: 503 }, "provider-down", 20503],
  ["21211: no valid number", { code: 21211 }, "number-unusable", 21211],
  ["21614: no mobile", { code: 21614 }, "number-unusable", 21614],
  ["21612: no route", { code: 21612 }, "no-route", 21612],
  ["21635: a landline", { code: 21635 }, "landline", 21635],
  ["30002: suspended", { code: 30002 }, "suspended", 30002],
  ["30450: taken for pumping", { code: 30450 }, "risk-blocked", 30450],
  ["21408: region not enabled", { code: 21408, status: 403 }, "region-not-enabled", 21408],
  ["21608: trial account", { code: 21608 }, "trial-account", 21608],
  ["21610: the person sent STOP", { code: 21610 }, "number-blocked", 21610],
  ["21212: sender is no number", { code: 21212 }, "sender", 21212],
  ["21606: sender is not ours", { code: 21606 }, "sender", 21606],
  ["a code nobody knows", { code: 29999 }, "other", 29999],
  ["reset before the answer", { then: "reset" }, "provider-down"],
  ["bytes that are no HTTP", { then: "garbage" }, "provider-down"],
];

async function underTest(phones: TestPhones, credentials: "token" | "key"): Promise<GatewayUnderTest> {
  const { sid, token, apiKey } = phones.account;
  const open = (changes: Record<string, string> = {}, deps: TwilioDeps = {}) =>
    twilioGateway.open(
      twilioGateway.schema.parse({
        twilio_sid: sid,
        from_number: "+12025550100",
        api_base: phones.url,
        ...(credentials === "token"
          ? { twilio_token: token }
          : { api_key_sid: apiKey.sid, api_key_secret: apiKey.secret }),
        ...changes,
      }),
      deps,
    );
  const port = await freePort();
  const wrong = "f".repeat(32);
  return {
    open: (timeoutMs) => open({}, timeoutMs === undefined ? {} : { timeoutMs }),
    openNowhere: () => open({ api_base: `http://127.0.0.1:${port}` }),
    openStranger: () => open(credentials === "token" ? { twilio_token: wrong } : { api_key_secret: wrong }),
    taken: async () => (await phones.messages()).map(({ to, body }) => ({ to, body })),
    called: async () =>
      ((await (await fetch(`${phones.url}/calls`)).json()) as { to: string; said: string }[]).map(
        ({ to, said }) => ({ to, said }),
      ),
    async clear() {
      await fetch(`${phones.url}/calls`, { method: "DELETE" });
      await phones.clearFaults();
      await phones.clear();
    },
    hang: (delayMs) => phones.fault({ delayMs }),
    tellsPrices: true,
    failures: [
      ...FAULTS.map(
        ([name, fault, reason, providerCode]): ProviderFailure => ({
          name,
          reason,
          arrange: () => phones.fault(fault),
          ...(providerCode === undefined ? {} : { providerCode }),
        }),
      ),
      {
        name: "accepted, then dropped",
        reason: "provider-down",
        taken: true,
        arrange: () => phones.fault({ then: "drop-after-accept" }),
      },
    ],
    secrets: [token, apiKey.secret, Buffer.from(`${sid}:${token}`).toString("base64")],
    close: () => phones.close(),
  };
}

smsGatewayContract("Twilio with account SID and token", async () =>
  underTest(await startSimulator(), "token"),
);
smsGatewayContract("Twilio with an API key", async () => underTest(await startSimulator(), "key"));
