/**
 * Texts through Twilio's Programmable Messaging, by the official SDK. Called by core/delivery through the SmsGateway
 * port; opened by compose. It decides nothing about a login, tries nothing twice, logs nothing, and throws nothing: what
 * goes wrong comes back as a refusal within its time.
 */
import type { Twilio } from "twilio";
import type { Plugin } from "../../../core/plugin.ts";
import type { Finding, SmsGateway } from "../../../core/sms.ts";
import { checkTwilio } from "./check.ts";
import { type TwilioConfig, twilioSchema } from "./properties.ts";
import { readAnswer, readFailure } from "./refusals.ts";
import { openSdk } from "./sdk.ts";

export interface TwilioDeps {
  /** Milliseconds for one exchange, from the first byte out to the last one in; 4000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** HTTPS_PROXY, NO_PROXY and their like. Not used where `api_base` is set. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The Twilio gateway of the catalogue; properties as in the reference page, see properties.ts. */
export const twilioGateway: Plugin<SmsGateway, TwilioConfig, TwilioDeps> = {
  type: "twilio",
  schema: twilioSchema,
  open: async (config, deps) => createGateway(config, deps),
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
