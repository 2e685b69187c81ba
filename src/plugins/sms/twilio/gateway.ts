/**
 * Texts through Twilio's Programmable Messaging, by the official SDK. Called by core/delivery through the SmsGateway
 * port; opened by compose. It decides nothing about a login, tries nothing twice, logs nothing, and throws nothing: what
 * goes wrong comes back as a refusal within its time.
 */
import type { Twilio } from "twilio";
import type { Finding, GatewayPlugin, SmsGateway } from "../../../core/sms.ts";
import { checkTwilio } from "./check.ts";
import { DESCRIPTIONS, SECRETS, TARGETS, type TwilioConfig, twilioSchema } from "./properties.ts";
import { readAnswer, readFailure } from "./refusals.ts";
import { openSdk } from "./sdk.ts";

export interface TwilioDeps {
  /** Milliseconds for one exchange, from the first byte out to the last one in; 4000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** HTTPS_PROXY, NO_PROXY and their like. Not used where `api_base` is set. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where requests go when no property says so: the demo's simulator. */
  readonly apiBase?: URL | undefined;
}

/** The Twilio gateway of the catalogue; properties as in the reference page, see properties.ts. */
export const twilioGateway: GatewayPlugin<TwilioConfig, TwilioDeps> = {
  type: "twilio",
  schema: twilioSchema,
  secrets: SECRETS,
  targets: TARGETS,
  descriptions: DESCRIPTIONS,
  open: async (config, { apiBase = undefined, ...deps }) =>
    createGateway({ ...config, apiBase: config.apiBase ?? apiBase }, deps),
};

/** Twilio's own limits of ValidityPeriod, in seconds. */
const LONGEST_VALIDITY = 36_000;
const ENDED_BADLY: readonly string[] = ["failed", "undelivered", "canceled"];

function createGateway(config: TwilioConfig, { timeoutMs = 4000, proxies }: TwilioDeps): SmsGateway {
  let loading: Promise<Twilio> | undefined;
  const sdk = (): Promise<Twilio> => {
    loading ??= openSdk(config, { timeoutMs, proxies }).catch((problem: unknown) => {
      loading = undefined;
      throw problem;
    });
    return loading;
  };

  return {
    async send({ to, text, validFor }) {
      try {
        const client = await sdk();
        const message = await client.messages.create({
          ...config.sender,
          to: to.reveal(),
          body: text.reveal(),
          validityPeriod: Math.min(LONGEST_VALIDITY, Math.max(1, Math.floor(validFor))),
        });
        // A captive portal or a proxy may answer 200 to anything.
        if (!/^[SM]M[0-9a-f]{32}$/i.test(message.sid ?? "")) return { kind: "refused", reason: "other" };
        if (ENDED_BADLY.includes(message.status))
          return { kind: "refused", ...readAnswer(200, message.errorCode ?? undefined) };
        return { kind: "accepted", id: message.sid };
      } catch (problem) {
        return { kind: "refused", ...readFailure(problem) };
      }
    },

    async check(): Promise<readonly Finding[]> {
      try {
        return await checkTwilio(await sdk(), config);
      } catch {
        return [
          { level: "error", message: "The Twilio SDK could not be loaded; install the product again." },
        ];
      }
    },

    async warm() {
      // The SDK loads each of its parts at its first use.
      void (await sdk()).messages;
    },
  };
}
