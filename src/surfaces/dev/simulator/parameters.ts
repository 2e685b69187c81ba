/** What Twilio refuses at once: missing and malformed parameters, and the magic numbers of its test credentials. */
import { type Refusal, refusal } from "./answers.ts";

export type Fields = Readonly<Record<string, string | undefined>>;

const E164 = /^\+[1-9]\d{6,14}$/;
const SENDER = /^(\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11})$/;

/** https://www.twilio.com/docs/iam/test-credentials */
const MAGIC_FROM: Readonly<Record<string, number>> = {
  "+15005550001": 21212,
  "+15005550007": 21606,
  "+15005550008": 21611,
};
const MAGIC_TO: Readonly<Record<string, number>> = {
  "+15005550001": 21211,
  "+15005550002": 21612,
  "+15005550003": 21408,
  "+15005550004": 21610,
  "+15005550009": 21614,
};

/** What is wrong with a new message; the first fault, as Twilio answers. */
export function messageFault(fields: Fields): Refusal | undefined {
  const { To, From, Body, MessagingServiceSid, ValidityPeriod, StatusCallback } = fields;
  const about = { to: To, from: From };
  const no = (code: number) => refusal(code, 400, about);
  if (!To) return no(21604);
  if (!E164.test(To)) return no(21211);
  if (!From && !MessagingServiceSid) return no(21603);
  if (From && !SENDER.test(From)) return no(21212);
  if (MessagingServiceSid && !/^MG[0-9a-f]{32}$/i.test(MessagingServiceSid)) return no(21606);
  if (From === To) return no(21266);
  if (!Body) return no(21602);
  if (Body.length > 1600) return no(21617);
  if (ValidityPeriod !== undefined && !isWithin(ValidityPeriod, 1, 36_000)) return no(21624);
  if (StatusCallback && !isCallback(StatusCallback)) return no(21609);
  const magic = MAGIC_FROM[From ?? ""] ?? MAGIC_TO[To];
  return magic === undefined ? undefined : no(magic);
}

/** What is wrong with a new call. */
export function callFault(fields: Fields): Refusal | undefined {
  const { To, From, Twiml, Url, StatusCallback } = fields;
  const no = (code: number) => refusal(code, 400, { to: To, from: From });
  if (!To || !E164.test(To) || To === "+15005550001") return no(21211);
  if (!From || !E164.test(From) || From === "+15005550001") return no(21212);
  if (!Twiml && !(Url && isCallback(Url))) return no(21205);
  if (StatusCallback && !isCallback(StatusCallback)) return no(21609);
  return undefined;
}

const isWithin = (text: string, least: number, most: number): boolean =>
  /^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most;

function isCallback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && !hostname.includes("_");
}
