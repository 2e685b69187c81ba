/** `sallyport/gateway`: the port that whoever brings messages to phones implements, and the types that cannot be printed. */

export type { Finding } from "../core/finding.ts";
export { PhoneNumber, Secret } from "../core/secret.ts";
export type { Receipt, SmsGateway, SmsMessage, SmsRefusal, Speech, VoiceCall } from "../core/sms.ts";
