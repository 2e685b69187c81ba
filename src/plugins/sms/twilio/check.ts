/** The gateway's self-check: asks Twilio about the account and says in words what to do. Sends nothing. */
import type { Twilio } from "twilio";
import type { Finding, SmsRefusal } from "../../../core/sms.ts";
import type { TwilioConfig } from "./properties.ts";
import { readFailure } from "./refusals.ts";

/** Never throws for what Twilio answers. */
export async function checkTwilio(client: Twilio, config: TwilioConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (config.apiBase !== undefined)
    findings.push({
      level: "warning",
      message: `api_base is set: texts go to ${config.apiBase.host} and not to Twilio.`,
    });
  try {
    findings.push(await account(client, config));
  } catch (problem) {
    const { reason, providerCode } = readFailure(problem);
    const code = providerCode === undefined ? "" : ` Its error code is ${providerCode}.`;
    findings.push({ level: "error", message: `${sentences(config)[reason] ?? OTHER}${code}` });
  }
  return findings;
}

async function account(client: Twilio, { credentials, accountSid }: TwilioConfig): Promise<Finding> {
  if (credentials.by === "key") {
    // A standard API key may not read the account itself (error 20003 although it is right).
    await client.messages.list({ limit: 1, pageSize: 1 });
    return { level: "ok", message: "Twilio accepts the API key." };
  }
  const { status, type } = await client.api.v2010.accounts(accountSid).fetch();
  if (status !== "active")
    return {
      level: "error",
      message: `The Twilio account is ${status}: it sends nothing. See the Twilio console.`,
    };
  if (type === "Trial")
    return {
      level: "warning",
      message:
        "Twilio accepts the credentials, but this is a trial account: it sends to verified numbers only.",
    };
  return { level: "ok", message: "Twilio accepts the credentials, and the account is active." };
}

const OTHER = "Twilio refused the check; see the Twilio console.";

function sentences({ credentials }: TwilioConfig): Partial<Record<SmsRefusal, string>> {
  const names =
    credentials.by === "key" ? "twilio_sid, api_key_sid and api_key_secret" : "twilio_sid and twilio_token";
  return {
    credentials: `Twilio refused the credentials; compare ${names} with the Twilio console, and region where one is set.`,
    busy: "Twilio limits the requests of this account just now; try again in a minute.",
    "provider-down": "Twilio could not be reached; check the network, the proxy and status.twilio.com.",
    "no-answer": "Twilio did not answer in time; check the network, the proxy and status.twilio.com.",
  };
}
