/**
 * What a failed send means: by Twilio's error code first, then by HTTP status, then by what happened on the network.
 * Only numbers leave this file, and Node's names for what happened on the network: Twilio's messages repeat telephone numbers, and an error of the SDK holds them.
 */
import type { SmsRefusal } from "../../../core/sms.ts";

export interface Failure {
  readonly reason: SmsRefusal;
  readonly providerCode?: number | undefined;
  readonly network?: string | undefined;
}

/** https://www.twilio.com/docs/api/errors */
const BY_CODE: Readonly<Record<number, SmsRefusal>> = {
  10002: "trial-account" /* not in a trial account */,
  20003: "credentials",
  20005: "suspended" /* the account is not active */,
  20404: "credentials" /* no such account */,
  20429: "busy",
  21611: "busy" /* the sender's queue is full */,
  30001: "busy",
  30002: "suspended",
  21211: "number-unusable",
  21217: "number-unusable",
  21614: "number-unusable",
  21635: "landline",
  60205: "landline",
  30003: "unreachable",
  30004: "carrier-blocked",
  30005: "number-unknown",
  30006: "landline",
  30007: "filtered",
  30008: "not-delivered",
  30410: "no-answer",
  30450: "risk-blocked",
  60410: "risk-blocked",
  21612: "no-route" /* no way from this sender to this number */,
  21610: "number-blocked",
  21408: "region-not-enabled",
  21215: "region-not-enabled" /* the same for calls */,
  13227: "region-not-enabled",
  21608: "trial-account",
  21219: "trial-account" /* the same for calls */,
  21617: "message",
  21212: "sender",
  21601: "sender",
  21603: "sender",
  21606: "sender",
  21210: "sender" /* the number that calls is not verified */,
  21659: "sender",
  21660: "sender",
  21701: "sender",
  21703: "sender",
  21705: "sender",
  30032: "sender",
  30034: "sender",
};

/** Code of the error with which the transport ends a request that took too long. */
export const OVERDUE = "SALLYPORT_OVERDUE";

/** Reads whatever the SDK or the transport threw. */
export function readFailure(problem: unknown): Failure {
  const { code, status } = (problem ?? {}) as { code?: unknown; status?: unknown };
  if (typeof status === "number") return readAnswer(status, typeof code === "number" ? code : undefined);
  if (code === OVERDUE) return { reason: "no-answer" };
  if (code === "ETIMEDOUT") return { reason: "no-answer", network: code };
  // Node names what happens on a connection by words: ECONNRESET, CERT_HAS_EXPIRED, HPE_INVALID_CONSTANT.
  return typeof code === "string" ? { reason: "provider-down", network: code } : { reason: "other" };
}

/** Reads an answer that is not an acceptance. */
export function readAnswer(status: number, providerCode: number | undefined): Failure {
  const known = providerCode === undefined ? undefined : BY_CODE[providerCode];
  return { reason: known ?? byStatus(status), providerCode };
}

function byStatus(status: number): SmsRefusal {
  if (status === 401 || status === 403 || status === 404) return "credentials";
  if (status === 429) return "busy";
  if (status === 408) return "no-answer";
  return status >= 500 ? "provider-down" : "other";
}
