/**
 * Twilio's word on a message or call: whether the request is Twilio's (X-Twilio-Signature over the public URL and every
 * field: by the SDK's own signature of the URL as we gave it, then by its validator, which knows the other ways a URL is
 * signed), and what it says. The URL comes from our configuration, never from a header.
 */
import { timingSafeEqual } from "node:crypto";
import { parse as parseForm } from "node:querystring";
import type TwilioSdk from "twilio";
import type { DeliveryState, Fate, Report, ReportRequest } from "../../../core/sms.ts";
import type { TwilioConfig } from "./properties.ts";
import { readAnswer } from "./refusals.ts";

type Fields = Readonly<Record<string, string | readonly string[]>>;

const MESSAGE_STATES: Readonly<Record<string, DeliveryState>> = {
  accepted: "accepted",
  scheduled: "accepted",
  queued: "queued",
  sending: "sending",
  sent: "sent",
  delivered: "delivered",
  read: "delivered",
  undelivered: "undelivered",
  failed: "failed",
  canceled: "canceled",
};

/** A call that rings is being sent, one that was taken has arrived when it ends. */
const CALL_STATES: Readonly<Record<string, DeliveryState>> = {
  queued: "queued",
  initiated: "queued",
  ringing: "sending",
  "in-progress": "sent",
  answered: "sent",
  completed: "delivered",
  busy: "undelivered",
  "no-answer": "undelivered",
  failed: "failed",
  canceled: "canceled",
};

/** Reads and verifies a report. Nothing of a request that is not Twilio's is looked at further. */
export async function readTwilioReport(config: TwilioConfig, request: ReportRequest): Promise<Report> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const text = request.body.toString("utf8");
  const isJson = type === "application/json";
  if (!isJson && type !== "application/x-www-form-urlencoded") return "forged";
  // A name that came several times has the list of its values, as the signature wants it.
  const fields = isJson ? jsonOf(text) : (parseForm(text) as Fields);
  if (fields === undefined) return "forged";
  sdk ??= (await import("twilio")).default;
  if (!isTwilios(sdk, config, request, isJson ? text : fields)) return "forged";
  const one = (name: string) => {
    const value = fields[name];
    return typeof value === "string" ? value : undefined;
  };
  // Signed with a token of ours, but about an account that is not this gateway's: a sub-account's, or another setting's.
  if (one("AccountSid") !== config.accountSid) return "forged";
  const [id, status, states] =
    one("CallSid") === undefined
      ? [one("MessageSid") ?? one("SmsSid"), one("MessageStatus") ?? one("SmsStatus"), MESSAGE_STATES]
      : [one("CallSid"), one("CallStatus"), CALL_STATES];
  const code = /^\d{1,6}$/.test(one("ErrorCode") ?? "") ? Number(one("ErrorCode")) : undefined;
  return (id === undefined ? undefined : stateOf(id, status, code, states)) ?? "nothing";
}

/** What a status of Twilio's says of the message or call of this id; undefined: nothing that is known. */
export function stateOf(
  id: string,
  status: string | undefined,
  code: number | undefined,
  states = id.startsWith("CA") ? CALL_STATES : MESSAGE_STATES,
): Fate | undefined {
  const state = status !== undefined && Object.hasOwn(states, status) ? states[status] : undefined;
  if (!/^(SM|MM|CA)[0-9a-f]{32}$/i.test(id) || state === undefined) return undefined;
  if (!["undelivered", "failed", "canceled"].includes(state)) return { id, state };
  if (states === CALL_STATES && state === "undelivered") return { id, state, reason: "not-answered" };
  return { id, state, ...readAnswer(200, code) };
}

/** Loaded with the first report; asking for it again at each one costs more than the signature. */
let sdk: typeof TwilioSdk | undefined;

function isTwilios(
  twilio: typeof TwilioSdk,
  { authTokens }: TwilioConfig,
  { url, headers }: ReportRequest,
  body: string | Fields,
): boolean {
  // With API keys alone there is no token to verify by; then our own signature in the URL is all (core/report-url.ts).
  if (authTokens.length === 0) return true;
  const signature = headers["x-twilio-signature"];
  if (signature === undefined) return false;
  // Both are tried in any case: which of them it was takes the same time.
  const given = Buffer.from(signature);
  const results = authTokens.map((token) => {
    const key = token.reveal();
    if (typeof body === "string") return twilio.validateRequestWithBody(key, signature, url, body);
    const fields = body as Record<string, string>;
    // The validator tries an issuer's URL without its port first; signed is nearly always the one we gave.
    const own = Buffer.from(twilio.getExpectedTwilioSignature(key, url, fields));
    return (
      (own.length === given.length && timingSafeEqual(own, given)) ||
      twilio.validateRequest(key, signature, url, fields)
    );
  });
  return results.some(Boolean);
}

function jsonOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, typeof inner === "number" ? String(inner) : inner]),
    ) as Fields;
  } catch {
    return undefined;
  }
}
