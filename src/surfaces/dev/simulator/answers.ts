/** How Twilio answers: resources and errors as the JSON its clients expect. */
import type { FastifyReply } from "fastify";
import type { EpochMs } from "../../../core/words.ts";
import type { Item } from "./book.ts";

/** An error answer: Twilio's code, the HTTP status, and what it says. */
export interface Refusal {
  readonly code: number;
  readonly status: number;
  readonly message: string;
}

interface Subject {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly path?: string | undefined;
}

// Twilio repeats numbers in its messages; so does this, that a gateway which lets them through is found out.
const SAYS: Readonly<Record<number, (about: Subject) => string>> = {
  20003: () => "Authenticate",
  20404: ({ path }) => `The requested resource ${path ?? ""} was not found`,
  20405: () => "Method Not Allowed",
  20429: () => "Too Many Requests",
  20500: () => "An internal server error has occurred",
  20503: () => "Service Unavailable",
  21205: () => "Url is not valid",
  21211: ({ to }) => `The 'To' number ${to} is not a valid phone number.`,
  21212: ({ from }) =>
    `The 'From' number ${from} is not a valid phone number, shortcode, or alphanumeric sender ID.`,
  21266: () => "'To' and 'From' number cannot be the same",
  21408: ({ to }) =>
    `Permission to send an SMS has not been enabled for the region indicated by the 'To' number: ${to}.`,
  21602: () => "Message body is required.",
  21603: () => "A 'From' phone number is required.",
  21604: () => "A 'To' phone number is required.",
  21606: ({ from }) =>
    `The 'From' phone number provided (${from}) is not a valid message-capable Twilio phone number for this destination.`,
  21608: ({ to }) =>
    `The number ${to} is unverified. Trial accounts cannot send messages to unverified numbers.`,
  21609: () => "The 'StatusCallback' URL is not a valid URL.",
  21610: () => "Attempt to send to unsubscribed recipient",
  21611: ({ from }) => `This 'From' number ${from} has exceeded the maximum number of queued messages`,
  21612: ({ to, from }) =>
    `Message cannot be sent with the current combination of 'To' (${to}) and/or 'From' (${from}) parameters`,
  21614: ({ to }) => `'To' number is not a valid mobile number: ${to}`,
  21617: () => "The concatenated message body exceeds the 1600 character limit.",
  21624: () => "The 'ValidityPeriod' value is invalid.",
  30409: () => "This message cannot be canceled",
};

export function refusal(code: number, status = 400, about: Subject = {}): Refusal {
  return { code, status, message: SAYS[code]?.(about) ?? `Error ${code}` };
}

export function send(reply: FastifyReply, { code, status, message }: Refusal): FastifyReply {
  return reply
    .code(status)
    .send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

/** RFC 2822, as the 2010-04-01 API writes times. */
const date = (at: EpochMs | undefined): string | null =>
  at === undefined ? null : new Date(at).toUTCString().replace("GMT", "+0000");

const errorMessages: Readonly<Record<number, string>> = {
  30003: "Unreachable destination handset",
  30005: "Unknown destination handset",
  30006: "Landline or unreachable carrier",
  30007: "Message filtered",
  30008: "Unknown error",
};

/** As Twilio tells it: nothing before the end, and then with a minus. */
const priceOf = ({ kind, status, segments }: Item): string | null => {
  if (kind === "call") return status === "completed" ? "-0.01300" : null;
  return status === "delivered" || status === "undelivered" ? `-${(0.0079 * segments).toFixed(5)}` : null;
};

/** The Message resource. */
export function messageJson(item: Item) {
  const uri = `/2010-04-01/Accounts/${item.account}/Messages/${item.sid}`;
  // A messaging service picks its sender and counts segments after it has answered.
  const undecided = item.status === "accepted";
  return {
    account_sid: item.account,
    api_version: "2010-04-01",
    body: item.body,
    date_created: date(item.createdAt),
    date_sent: date(item.sentAt),
    date_updated: date(item.updatedAt),
    direction: "outbound-api",
    error_code: item.errorCode ?? null,
    error_message: item.errorCode === undefined ? null : (errorMessages[item.errorCode] ?? null),
    from: undecided ? null : item.from,
    messaging_service_sid: item.service ?? null,
    num_media: "0",
    num_segments: undecided ? "0" : String(item.segments),
    price: priceOf(item),
    price_unit: "USD",
    sid: item.sid,
    status: item.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: item.to,
    uri: `${uri}.json`,
  };
}

/** The Call resource. */
export function callJson(item: Item) {
  const uri = `/2010-04-01/Accounts/${item.account}/Calls/${item.sid}`;
  return {
    account_sid: item.account,
    annotation: null,
    answered_by: null,
    api_version: "2010-04-01",
    caller_name: null,
    date_created: date(item.createdAt),
    date_updated: date(item.updatedAt),
    direction: "outbound-api",
    duration: item.status === "completed" ? "12" : null,
    end_time: item.status === "completed" ? date(item.updatedAt) : null,
    forwarded_from: null,
    from: item.from,
    from_formatted: item.from,
    group_sid: null,
    parent_call_sid: null,
    phone_number_sid: null,
    price: priceOf(item),
    price_unit: "USD",
    queue_time: "0",
    sid: item.sid,
    start_time: date(item.sentAt),
    status: item.status,
    subresource_uris: { recordings: `${uri}/Recordings.json`, notifications: `${uri}/Notifications.json` },
    to: item.to,
    to_formatted: item.to,
    trunk_sid: null,
    uri: `${uri}.json`,
  };
}

/** The Account resource of one that is in order. */
export function accountJson(sid: string) {
  const uri = `/2010-04-01/Accounts/${sid}`;
  return {
    auth_token: null,
    date_created: "Fri, 01 Jan 2027 00:00:00 +0000",
    date_updated: "Fri, 01 Jan 2027 00:00:00 +0000",
    friendly_name: "Phone simulator",
    owner_account_sid: sid,
    sid,
    status: "active",
    subresource_uris: { calls: `${uri}/Calls.json`, messages: `${uri}/Messages.json` },
    type: "Full",
    uri: `${uri}.json`,
  };
}

/** A page of a list; there is no second page. */
export function pageJson(name: string, uri: string, items: readonly unknown[], size: number) {
  return {
    [name]: items,
    end: Math.max(0, items.length - 1),
    first_page_uri: `${uri}?PageSize=${size}&Page=0`,
    next_page_uri: null,
    page: 0,
    page_size: size,
    previous_page_uri: null,
    start: 0,
    uri: `${uri}?PageSize=${size}&Page=0`,
  };
}
