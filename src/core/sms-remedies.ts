/**
 * What each refusal of a provider means and what an operator does about it, as whole sentences for whoever is woken at
 * night. Used by self-checks and by `sallyport doctor`; the person who waits for a code is told by the pages.
 */
import type { SmsRefusal } from "./sms.ts";

interface Words {
  readonly means: string;
  readonly remedy: string;
}

export const SMS_REMEDIES: Readonly<Record<SmsRefusal, Words>> = {
  "number-unusable": {
    means: "the number cannot receive texts",
    remedy: "Ask for another number, or offer a call: set voice_number.",
  },
  "number-unknown": {
    means: "nobody has this number",
    remedy: "Compare the number with the person; the wrong one is removed with sallyport user phone remove.",
  },
  landline: {
    means: "the number is a landline",
    remedy: "Texts do not reach it; a call does: set voice_number, or ask for a mobile number.",
  },
  "number-blocked": {
    means: "the person has answered STOP to this sender",
    remedy: "The person sends START to the sender's number; until then offer a call.",
  },
  unreachable: {
    means: "the phone is off or has no signal",
    remedy:
      "Try again later or call; where it is many phones of one country, ask the provider about the route.",
  },
  "not-answered": {
    means: "nobody took the call",
    remedy: "Try again, or send a text.",
  },
  "carrier-blocked": {
    means: "the carrier blocks messages to this number",
    remedy: "The person asks their carrier; until then offer a call or another number.",
  },
  filtered: {
    means: "the carrier took the text for spam",
    remedy:
      "Look at the text (sallyport messages check), register the sender for the country, and let another gateway stand by (gateways).",
  },
  "not-delivered": {
    means: "the carrier did not deliver it and does not say why",
    remedy: "Send once more; where it stays, ask the provider with the message's id.",
  },
  "risk-blocked": {
    means: "the provider took it for SMS pumping",
    remedy:
      "Look at sallyport cli --operation-id get-sms-decisions for who asks; where it was a person, put the number on the provider's safe list.",
  },
  "no-route": {
    means: "there is no way from this sender to this number",
    remedy: "Use a sender that the country takes, or a messaging service with one for each country.",
  },
  "region-not-enabled": {
    means: "the account may not send to this country",
    remedy:
      "Enable the country in the Twilio console (Messaging, Settings, Geo permissions), or take it out of countries.",
  },
  "trial-account": {
    means: "a trial account reaches numbers only that were verified in its console",
    remedy: "Upgrade the account in the Twilio console, or verify this number there.",
  },
  suspended: {
    means: "the account is suspended and sends nothing",
    remedy:
      "See the Twilio console for why: most often the money has run out. Recharge, or write to its support.",
  },
  credentials: {
    means: "the credentials are refused",
    remedy:
      "Compare twilio_sid and twilio_token (or api_key_sid and api_key_secret) with the Twilio console, and region where one is set; after a rotation give the new token.",
  },
  sender: {
    means: "the sender is refused",
    remedy:
      "Give from_number a number of this account that can send texts; in the United States register it (A2P 10DLC, toll-free verification).",
  },
  message: {
    means: "our own text is refused",
    remedy: "Shorten the text of messages (sallyport messages check counts segments).",
  },
  busy: {
    means: "the provider limits the requests of this account just now",
    remedy:
      "Wait a minute; where it comes back, let another gateway stand by (gateways) or ask for a higher limit.",
  },
  "provider-down": {
    means: "the provider could not be reached",
    remedy: "Check the network and the proxy of this host, and status.twilio.com.",
  },
  "no-answer": {
    means: "the provider did not answer in time",
    remedy: "Check the network and the proxy of this host, and status.twilio.com.",
  },
  other: {
    means: "the provider refused, and the code says nothing that is known here",
    remedy: "Look the code up under https://www.twilio.com/docs/api/errors and in the provider's console.",
  },
};
