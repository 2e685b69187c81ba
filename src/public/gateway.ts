/** `sallyport/gateway`: the port that whoever brings messages to phones implements, and the types that cannot be printed. */
export { PhoneNumber, Secret } from "../core/secret.ts";
export type { Finding, Receipt, SmsGateway, SmsMessage, SmsRefusal, Speech, VoiceCall } from "../core/sms.ts";
