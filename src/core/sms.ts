/**
 * The port of a gateway: whoever brings a code to a phone. Words and rules of refusals stand here too: which of them are
 * worth another gateway, and which an operator has to mend.
 */
import type { Finding } from "./finding.ts";
import type { Plugin } from "./plugin.ts";
import type { PhoneNumber, Secret } from "./secret.ts";
import type { Seconds } from "./words.ts";

/** One text on its way. */
export interface SmsMessage {
  readonly to: PhoneNumber;
  readonly text: Secret;
  /** Ours, the same for every retry of the same message. */
  readonly key: string;
  readonly validFor: Seconds;
  /** Where the provider may tell what becomes of it. */
  readonly report?: URL | undefined;
}

/** What is said on the phone, sentence by sentence; the code stands between them, digit by digit. */
export interface Speech {
  /** BCP 47, with its region: `de-DE`. */
  readonly language: string;
  readonly intro: string;
  readonly again: string;
  readonly bye: string;
  readonly code: Secret;
}

/** One call on its way. */
export interface VoiceCall {
  readonly to: PhoneNumber;
  readonly speech: Speech;
  readonly key: string;
  readonly report?: URL | undefined;
}

/** `pending`: on its way to the provider; `unknown`: it gave no answer, so it may have been taken. The rest is its word. */
export type DeliveryState =
  | "pending"
  | "unknown"
  | "accepted"
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "canceled";

/** Why a provider did not bring a message; decides what the person is told and what the operator must see. */
export type SmsRefusal =
  | "number-unusable" /* 21211, 21614: the number cannot receive texts */
  | "number-unknown" /* 30005: nobody has this number */
  | "landline" /* 21635, 30006: a call reaches it */
  | "number-blocked" /* 21610: the person has sent STOP */
  | "unreachable" /* 30003: the phone is off or has no signal */
  | "not-answered" /* a call that nobody took */
  | "carrier-blocked" /* 30004 */
  | "filtered" /* 30007: the carrier took it for spam */
  | "not-delivered" /* 30008: the carrier does not say why */
  | "risk-blocked" /* 30450, 60410: the provider takes it for pumping */
  | "no-route" /* 21612: not from this sender to this number */
  | "region-not-enabled" /* 21408 */
  | "trial-account" /* 21608 */
  | "suspended" /* 30002 */
  | "credentials" /* 401, 20003 */
  | "sender" /* 21212, 21606, 30034, … */
  | "message" /* 21617: our own text is wrong */
  | "busy" /* 429: never processed, safe to send again */
  | "provider-down" /* 5xx, reset, refused connection */
  | "no-answer" /* time-out: may or may not have been sent */
  | "other";

/** `number`: no gateway can mend it; `operator`: somebody must mend the gateway; `gateway`: another one may do better. */
type Fault = "number" | "operator" | "gateway";
const FAULT_OF: Readonly<Record<SmsRefusal, Fault>> = {
  "number-unusable": "number",
  "number-unknown": "number",
  landline: "number",
  "number-blocked": "number",
  unreachable: "number",
  "not-answered": "number",
  "carrier-blocked": "gateway",
  filtered: "gateway",
  "not-delivered": "gateway",
  // Sent by another gateway, the same fraud would go on there.
  "risk-blocked": "number",
  "no-route": "gateway",
  "region-not-enabled": "operator",
  "trial-account": "operator",
  suspended: "operator",
  credentials: "operator",
  sender: "operator",
  message: "operator",
  busy: "gateway",
  "provider-down": "gateway",
  "no-answer": "gateway",
  other: "gateway",
};

/** Whether another gateway may bring what this one did not. */
export const worthAnother = (reason: SmsRefusal): boolean => FAULT_OF[reason] !== "number";

/** Whether an operator has to mend something, and the person can do nothing about it. */
export const isOperators = (reason: SmsRefusal): boolean => FAULT_OF[reason] === "operator";

/** Whether the gateway itself did badly, and is better left alone for a while. */
export const speaksAgainst = (reason: SmsRefusal): boolean =>
  ["busy", "provider-down", "no-answer", "credentials", "sender", "suspended"].includes(reason);

/** Whether the message may have been taken all the same. */
export const isUncertain = (reason: SmsRefusal): boolean =>
  reason === "no-answer" || reason === "provider-down";

export type Receipt =
  /** `reports`: the provider will tell what becomes of it. */
  | { readonly kind: "accepted"; readonly id: string; readonly reports?: boolean | undefined }
  /** `network`: what happened on the connection, by Node's name for it: `ECONNREFUSED`. For the log alone. */
  | {
      readonly kind: "refused";
      readonly reason: SmsRefusal;
      readonly providerCode?: number | undefined;
      readonly network?: string | undefined;
    };

/** A provider's word on one attempt, as it came in over HTTP. */
export interface ReportRequest {
  /** The public URL it was sent to: the issuer's, with path and query as they came. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What a provider has said; `forged`: it was not the provider; `nothing`: it said nothing of use. */
export type Report =
  | "forged"
  | "nothing"
  | {
      readonly id: string;
      readonly state: DeliveryState;
      readonly reason?: SmsRefusal | undefined;
      readonly providerCode?: number | undefined;
    };

/** `later`: not known yet; `gone`: it will never be; `away`: the provider gave no answer. `currency`: ISO 4217. */
export type ProviderPrice =
  | { readonly kind: "known"; readonly amount: number; readonly currency: string }
  | { readonly kind: "later" | "gone" | "away" };
/** What becomes of a message, as its provider tells. */
export type Fate = Exclude<Report, string>;

/** What a thorough self-check looks at, beyond whether the provider knows us. */
export interface CheckWish {
  /** Where texts are to go: ISO codes, or everywhere. */
  readonly countries: readonly string[] | "all";
  /** A URL of ours for reports of a message that nobody has sent: asked as the provider would ask it. */
  readonly report?: URL | undefined;
}

export interface SmsGateway {
  /** Never throws for what a provider does: every failure is a refusal. Answers within its configured time (4 s). */
  send(message: SmsMessage): Promise<Receipt>;
  /** The same by voice; absent where this gateway cannot. */
  call?: ((call: VoiceCall) => Promise<Receipt>) | undefined;
  /** Reads a provider's word, and whether it is the provider's; absent where it sends none. */
  readReport?: ((request: ReportRequest) => Promise<Report>) | undefined;
  /** What the provider asks for one that it took, by the id of its receipt; absent where it never tells. Never throws. */
  price?: ((id: string) => Promise<ProviderPrice>) | undefined;
  /** Without a wish whether the provider knows us, by one request. Sends no message, changes nothing, never throws. */
  check(wish?: CheckWish): Promise<readonly Finding[]>;
  /** Asks the provider what has become of a message; undefined: it does not say now. Absent where it cannot be asked. */
  look?: ((id: string) => Promise<Fate | undefined>) | undefined;
  /** Loads what is heavy ahead of the first send; called when the server is up. */
  warm?(): Promise<void>;
}

/** A kind of gateway, with what an administrator has to know of its properties. */
export interface GatewayPlugin<Config, Deps> extends Plugin<SmsGateway, Config, Deps> {
  /** Properties that are never shown again once they are set. */
  readonly secrets: readonly string[];
  /** Properties that say where secrets are sent; a change of one voids the secrets. */
  readonly targets: readonly string[];
  readonly descriptions: Readonly<Record<string, string>>;
}
