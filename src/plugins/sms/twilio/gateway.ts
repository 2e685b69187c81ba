/**
 * Texts and calls through Twilio, by the official SDK. Called by core/delivery through the SmsGateway port; opened by
 * compose. It decides nothing about a login, tries nothing twice but what Twilio promises not to have done, logs
 * nothing, and throws nothing: what goes wrong comes back as a refusal within its time.
 */
import type { Twilio } from "twilio";
import type { GatewayPlugin, Receipt, SmsGateway } from "../../../core/sms.ts";
import { checkTwilio } from "./check.ts";
import { priceOf } from "./price.ts";
import { DESCRIPTIONS, SECRETS, TARGETS, type TwilioConfig, twilioSchema } from "./properties.ts";
import { readAnswer, readFailure } from "./refusals.ts";
import { readTwilioReport, stateOf } from "./reports.ts";
import { openSdk } from "./sdk.ts";
import { toTwiml } from "./twiml.ts";

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
/** How long it rings before nobody is there. */
const RING_SECONDS = 40;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

interface Taken {
  readonly sid: string;
  readonly status: string;
  readonly errorCode?: number | null | undefined;
}

/** Those that are set. */
const set = <T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

const ENDED_BADLY: readonly string[] = ["failed", "undelivered", "canceled"];

function createGateway(config: TwilioConfig, { timeoutMs = 4000, proxies }: TwilioDeps): SmsGateway {
  let loading: Promise<Twilio> | undefined;
  let skewMs: number | undefined;
  const heard = (date: string | undefined): void => {
    const at = Date.parse(date ?? "");
    if (!Number.isNaN(at)) skewMs = at - Date.now();
  };
  const sdk = (): Promise<Twilio> => {
    loading ??= openSdk(config, { timeoutMs, proxies, heard }).catch((problem: unknown) => {
      loading = undefined;
      throw problem;
    });
    return loading;
  };

  /** Twilio refuses a callback it cannot reach; only a simulator on this machine can reach this machine. */
  const callback = (report: URL | undefined): string | undefined => {
    if (report === undefined) return undefined;
    const isPublic = report.protocol === "https:" && !LOOPBACK.test(report.hostname);
    const isNear = config.apiBase !== undefined && LOOPBACK.test(config.apiBase.hostname);
    return (isPublic || isNear) && !report.hostname.includes("_") ? report.href : undefined;
  };

  async function exchange(
    sid: RegExp,
    report: URL | undefined,
    act: (client: Twilio, statusCallback: string | undefined) => Promise<Taken>,
  ): Promise<Receipt> {
    try {
      const statusCallback = callback(report);
      const taken = await act(await sdk(), statusCallback);
      // A captive portal or a proxy may answer 200 to anything.
      if (!sid.test(taken.sid ?? "")) return { kind: "refused", reason: "other" };
      if (ENDED_BADLY.includes(taken.status))
        return { kind: "refused", ...readAnswer(200, taken.errorCode ?? undefined) };
      const { sid: id } = taken;
      return statusCallback === undefined
        ? { kind: "accepted", id }
        : { kind: "accepted", id, reports: true };
    } catch (problem) {
      return { kind: "refused", ...readFailure(problem) };
    }
  }

  const { voiceNumber } = config;
  const always = { ...config.sender, ...set(config.privacy) };
  return {
    send: ({ to, text, validFor, report }) =>
      exchange(/^[SM]M[0-9a-f]{32}$/i, report, (client, statusCallback) =>
        client.messages.create({
          ...always,
          ...(statusCallback === undefined ? {} : { statusCallback }),
          to: to.reveal(),
          body: text.reveal(),
          validityPeriod: Math.min(LONGEST_VALIDITY, Math.max(1, Math.floor(validFor))),
        }),
      ),

    call:
      voiceNumber === undefined
        ? undefined
        : ({ to, speech, report }) =>
            exchange(/^CA[0-9a-f]{32}$/i, report, (client, statusCallback) =>
              client.calls.create({
                from: voiceNumber,
                to: to.reveal(),
                twiml: toTwiml(speech),
                timeout: RING_SECONDS,
                ...(statusCallback === undefined
                  ? {}
                  : { statusCallback, statusCallbackEvent: ["ringing", "answered", "completed"] }),
              }),
            ),

    async price(id) {
      try {
        return await priceOf(await sdk(), id);
      } catch {
        return { kind: "away" };
      }
    },

    readReport: (request) => readTwilioReport(config, request),

    async check(wish) {
      try {
        const client = await sdk();
        return await checkTwilio({ client, config, skewMs: () => skewMs, callback, timeoutMs }, wish);
      } catch {
        return [
          { level: "error", message: "The Twilio SDK could not be loaded; install the product again." },
        ];
      }
    },

    async look(id) {
      try {
        const client = await sdk();
        const isCall = id.startsWith("CA");
        const { status, errorCode = undefined } = isCall
          ? { ...(await client.calls(id).fetch()), errorCode: undefined }
          : await client.messages(id).fetch();
        return stateOf(id, status, errorCode ?? undefined);
      } catch {
        // It was accepted; that it cannot be asked about now says nothing of it.
        return undefined;
      }
    },

    async warm() {
      // The SDK loads each of its parts at its first use.
      void (await sdk()).messages;
      void (await sdk()).calls;
    },
  };
}
