/**
 * The gateway's self-check: asks Twilio about the account and says in words what to do. Without a wish one request that
 * tells whether Twilio knows us; with one everything a code needs on its way, from the sender to the status callback
 * (check-sender.ts, check-countries.ts, check-callback.ts). Sends no message and changes nothing at Twilio.
 */
import type { Finding } from "../../../core/finding.ts";
import type { CheckWish } from "../../../core/sms.ts";
import { SMS_REMEDIES } from "../../../core/sms-remedies.ts";
import { checkAccount } from "./check-account.ts";
import { checkCallback } from "./check-callback.ts";
import { checkCountries } from "./check-countries.ts";
import type { CheckDeps } from "./check-deps.ts";
import { checkSender, checkVoice } from "./check-sender.ts";
import type { TwilioConfig } from "./properties.ts";
import { type Failure, readFailure } from "./refusals.ts";

/** Never throws for what Twilio answers. */
export async function checkTwilio(deps: CheckDeps, wish?: CheckWish): Promise<readonly Finding[]> {
  const { config } = deps;
  const findings: Finding[] = [];
  if (config.apiBase !== undefined)
    findings.push({
      level: "warning",
      check: "twilio.api_base",
      message: `api_base is set: texts go to ${config.apiBase.host} and not to Twilio.`,
      remedy: "Remove api_base, unless this is a test or a gateway of your own.",
    });
  const account = await looked("twilio.account", config, () => checkAccount(deps, wish !== undefined));
  findings.push(...account);
  if (wish === undefined) return findings;
  findings.push(...clock(deps.skewMs()));
  // Whom Twilio does not answer it tells nothing else either: one finding says it, not eight.
  if (account.some(({ level }) => level === "error")) {
    const message = "Sender and countries were not looked at: first mend what is wrong with the account.";
    return [...findings, { level: "skipped", check: "twilio.sender", message }];
  }
  const looks: readonly Promise<readonly Finding[]>[] = [
    looked("twilio.sender", config, () => checkSender(deps, wish.countries)),
    looked("twilio.voice", config, () => checkVoice(deps)),
    ...checkCountries(deps, wish.countries).map(({ check, act }) => looked(check, config, act)),
    checkCallback(deps, wish.report),
  ];
  return [...findings, ...(await Promise.all(looks)).flat()];
}

/** What is looked at, or what Twilio's refusal to tell means. */
async function looked(
  check: string,
  config: TwilioConfig,
  act: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await act();
  } catch (problem) {
    return [failed(check, config, readFailure(problem))];
  }
}

function failed(check: string, { credentials }: TwilioConfig, { reason, providerCode }: Failure): Finding {
  const code = providerCode === undefined ? "" : ` Its error code is ${providerCode}.`;
  // The account itself has been read by then, or could not be: a key may be kept from some resources and be right.
  if (reason === "credentials" && credentials.by === "key" && check !== "twilio.account")
    return {
      level: "skipped",
      check,
      message: `${WHAT[check] ?? check} could not be looked at: this API key may not read it.${code}`,
      remedy: "Look in the Twilio console, or run doctor with twilio_token in place of the key.",
    };
  const { means, remedy } = SMS_REMEDIES[reason];
  const names =
    credentials.by === "key" ? "twilio_sid, api_key_sid and api_key_secret" : "twilio_sid and twilio_token";
  if (reason === "credentials")
    return {
      level: "error",
      check,
      message: `Twilio refused the credentials; compare ${names} with the Twilio console, and region where one is set.${code}`,
      remedy,
    };
  return { level: "error", check, message: `Twilio: ${means}.${code}`, remedy };
}

const WHAT: Readonly<Record<string, string>> = {
  "twilio.sender": "The sender",
  "twilio.voice": "The number that calls",
  "twilio.countries": "The countries that texts may go to",
  "twilio.dialing": "The countries that may be called",
};

/** Seconds of tolerance for times in tokens (docs/security.md), and from where on nothing fits any more. */
const TOLERATED = 15;
const TOO_MUCH = 60;

function clock(skewMs: number | undefined): readonly Finding[] {
  if (skewMs === undefined) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds <= TOLERATED)
    return [{ level: "ok", check: "clock", message: "This host's clock agrees with Twilio's." }];
  return [
    {
      level: seconds > TOO_MUCH ? "error" : "warning",
      check: "clock",
      message: `This host's clock is ${seconds} s ${skewMs > 0 ? "behind" : "ahead of"} Twilio's: tokens and codes are taken for too old or too new.`,
      remedy: "Set the clock and let it be kept by NTP: timedatectl set-ntp true.",
    },
  ];
}
