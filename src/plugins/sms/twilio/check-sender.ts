/** The sender: whether it is this account's, and can do what it is to do. Used by check.ts; throws what the SDK throws. */
import type { Finding } from "../../../core/finding.ts";
import type { CheckDeps } from "./check-deps.ts";

const CHECK = "twilio.sender";
const VOICE = "twilio.voice";
/** Countries that refuse a sender name (Twilio's guide to alphanumeric sender ids names more; these are the large ones). */
const NO_NAMES = ["US", "CA", "CN", "IN", "BR", "MX", "KR"];
const MOST_SENDERS = 50;

const error = (message: string, remedy: string, check = CHECK): readonly Finding[] => [
  { level: "error", check, message, remedy },
];
const ok = (message: string, check = CHECK): readonly Finding[] => [{ level: "ok", check, message }];

/** The number of this account that is exactly this; Twilio's own filter takes patterns. */
async function owned({ client }: CheckDeps, number: string) {
  const found = await client.incomingPhoneNumbers.list({ phoneNumber: number, limit: 5 });
  return found.find(({ phoneNumber }) => phoneNumber === number);
}

export async function checkSender(deps: CheckDeps, countries: readonly string[] | "all") {
  const { sender } = deps.config;
  if ("messagingServiceSid" in sender) return service(deps, sender.messagingServiceSid);
  const { from } = sender;
  if (/^\d{3,8}$/.test(from)) {
    const codes = await deps.client.shortCodes.list({ shortCode: from, limit: 5 });
    return codes.some(({ shortCode }) => shortCode === from)
      ? ok("The short code from_number belongs to the account.")
      : error(
          "from_number is a short code that this account does not have.",
          "Give a sender of this account: Twilio console, Phone numbers, Short codes.",
        );
  }
  if (!from.startsWith("+")) return senderName(countries);
  const number = await owned(deps, from);
  if (number === undefined)
    return error(
      "from_number is no number of this account: Twilio refuses every text from it (error 21606).",
      "Give a number of this account (Twilio console, Phone numbers, Active numbers), or the account that has it.",
    );
  return number.capabilities.sms
    ? ok("from_number belongs to the account and can send texts.")
    : error(
        "from_number cannot send texts.",
        "Give a number with the capability SMS, or a messaging service that holds one.",
      );
}

function senderName(countries: readonly string[] | "all"): readonly Finding[] {
  const refused = NO_NAMES.filter((code) => countries === "all" || countries.includes(code));
  if (refused.length === 0) return ok("from_number is a sender name, which the allowed countries take.");
  return [
    {
      level: "warning",
      check: CHECK,
      message: `from_number is a sender name, and networks of ${refused.join(", ")} take none.`,
      remedy: "Use a messaging service with a number for those countries, or take them out of countries.",
    },
  ];
}

async function service({ client }: CheckDeps, sid: string): Promise<readonly Finding[]> {
  const it = client.messaging.v1.services(sid);
  try {
    await it.fetch();
  } catch (problem) {
    if ((problem as { status?: number }).status !== 404) throw problem;
    return error(
      "messaging_service_sid is no messaging service of this account.",
      "Copy it from the Twilio console: Messaging, Services.",
    );
  }
  // One each: the SDK keeps its own state in the object, and two lists of one object never end.
  const limit = () => ({ limit: MOST_SENDERS });
  const [numbers, codes, names] = await Promise.all([
    it.phoneNumbers.list(limit()),
    it.shortCodes.list(limit()),
    it.alphaSenders.list(limit()),
  ]);
  const able = numbers.filter(({ capabilities }) => capabilities.some((one) => /^sms$/i.test(one)));
  const senders = able.length + codes.length + names.length;
  return senders > 0
    ? ok(`The messaging service has ${senders} ${senders === 1 ? "sender" : "senders"} that can send texts.`)
    : error(
        "The messaging service has no sender that can send texts (Twilio answers 21703).",
        "Add a number with the capability SMS to its sender pool.",
      );
}

export async function checkVoice(deps: CheckDeps): Promise<readonly Finding[]> {
  const { voiceNumber } = deps.config;
  if (voiceNumber === undefined)
    return ok("Codes are not called through: there is no voice_number, so nobody is offered a call.", VOICE);
  const number = await owned(deps, voiceNumber);
  if (number?.capabilities.voice === true) return ok("The number that calls can call.", VOICE);
  if (number !== undefined)
    return error(
      "The number that calls has no voice: people are offered a call that never comes.",
      "Give voice_number a number with the capability Voice.",
      VOICE,
    );
  const verified = await deps.client.outgoingCallerIds.list({ phoneNumber: voiceNumber, limit: 5 });
  return verified.some(({ phoneNumber }) => phoneNumber === voiceNumber)
    ? ok("The number that calls is a verified caller id of the account.", VOICE)
    : error(
        "The number that calls is neither a number nor a verified caller id of this account.",
        "Give voice_number a number of this account with the capability Voice.",
        VOICE,
      );
}
