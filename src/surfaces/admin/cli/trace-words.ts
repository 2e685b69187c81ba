/** The steps of a login in words that can be read to a person on the phone. */
import type { AuditKind } from "../../../core/audit.ts";
import type { SendRefusal } from "../../../core/sending.ts";
import type { SmsRefusal } from "../../../core/sms.ts";
import { shownAs } from "./verb.ts";

type Facts = Readonly<Record<string, unknown>>;

const REASONS: Readonly<Record<SmsRefusal, string>> = {
  "number-unusable": "the number cannot receive texts",
  "number-unknown": "nobody has this number",
  landline: "it is a landline",
  "number-blocked": "the person has answered STOP; START brings the texts back",
  unreachable: "the phone is off or has no signal",
  "not-answered": "nobody took the call",
  "carrier-blocked": "the carrier blocks it",
  filtered: "the carrier took it for spam",
  "not-delivered": "the carrier does not say why",
  "risk-blocked": "the provider takes it for pumping",
  "no-route": "the sender cannot reach this number",
  "region-not-enabled": "the country is not enabled at the provider",
  "trial-account": "the provider's account is a trial one",
  suspended: "the provider's account is suspended",
  credentials: "the provider refuses our credentials",
  sender: "the provider refuses our sender",
  message: "the provider refuses our text",
  busy: "the provider has no room at the moment",
  "provider-down": "the provider cannot be reached",
  "no-answer": "the provider gave no answer in time",
  other: "the provider gave another reason",
};

/** Why a text was not sent (core/sending.ts). */
const REFUSED: Readonly<Record<SendRefusal, string>> = {
  phone: "too many texts to this phone",
  account: "too many texts for this account",
  address: "too many texts from this address",
  network: "too many texts from this network",
  block100: "too many texts to numbers beside this one",
  block10000: "too many texts to numbers like this one",
  country: "too many texts to this country",
  server: "too many texts from this server",
  spend: "the money for texts is used up",
  guard: "the pumping guard",
  stopped: "texts are switched off",
  elsewhere: "the address and the number are of different countries",
};

const RESULTS: Readonly<Record<string, string>> = {
  wrong: "wrong code",
  expired: "the code was over",
  spent: "the code was used up",
  disabled: "the code was not looked at: the factor is disabled",
};

const text = (value: unknown): string => shownAs(value);
const wordIn = (words: Readonly<Record<string, string>>, word: unknown): string | undefined =>
  Object.hasOwn(words, text(word)) ? words[text(word)] : undefined;
const reason = ({ reason: why, providerCode }: Facts): string => {
  const words = wordIn(REASONS, why) ?? text(why);
  return providerCode === null || providerCode === undefined ? words : `${words} (${text(providerCode)})`;
};
const what = ({ channel }: Facts): string => (channel === "call" ? "call" : "text");
const to = ({ phone }: Facts): string => (phone === undefined ? "" : ` to ${text(phone)}`);
const by = ({ gateway }: Facts): string => (gateway === undefined ? "" : ` by ${text(gateway)}`);
const who = ({ by: actor, reason: why }: Facts): string =>
  `${actor === undefined ? "" : ` by ${text(actor)}`}${why === undefined ? "" : `: ${text(why)}`}`;
const after = ({ seconds }: Facts): string =>
  seconds === undefined || seconds === null ? "" : `, ${text(seconds)} s after it was sent`;

const SAID: Partial<Record<AuditKind, (facts: Facts) => string>> = {
  "password-right": () => "password right",
  "password-wrong": () => "password wrong",
  "password-paused": () => "password not looked at: too many were wrong, a pause",
  "code-issued": (facts) => `code made${to(facts).replace(" to ", " for ")} (${text(facts.purpose)})`,
  "code-resent": (facts) =>
    `asked for the same code again, by ${facts.channel === "call" ? "a call" : "text"}`,
  "code-sent": (facts) => `${what(facts)}${to(facts)} taken${by(facts)}`,
  "code-send-failed": (facts) => `${what(facts)}${to(facts)} not taken${by(facts)}: ${reason(facts)}`,
  "code-delivered": (facts) => `${what(facts)}${to(facts)} delivered`,
  "code-undelivered": (facts) => `${what(facts)}${to(facts)} not delivered: ${reason(facts)}`,
  "send-refused": (facts) => `no text was sent: ${wordIn(REFUSED, facts.reason) ?? text(facts.reason)}`,
  "code-right": (facts) => `right code${after(facts)}`,
  "code-wrong": (facts) => `${wordIn(RESULTS, facts.result) ?? text(facts.result)}${after(facts)}`,
  "code-paused": () => "code not looked at: a pause",
  "factor-paused": (facts) =>
    `a pause begins after ${text(facts.failures)} wrong codes, until ${text(facts.until)}`,
  "factor-disabled": (facts) => `the phone is disabled after ${text(facts.failures)} wrong codes`,
  "test-number-used": (facts) => `test number${to(facts)} ${facts.refused === true ? "refused" : "used"}`,
  "authenticator-bound": (facts) => `phone ${text(facts.phone)} bound (${text(facts.authority)})`,
  "number-changed": (facts) => `wants another number than ${text(facts.phone)}`,
  "enrolment-refused": (facts) => `phone not bound: ${text(facts.reason)}`,
  "signed-in": (facts) => `signed in: ${text(facts.acr)} (${text(facts.amr)})`,
  "login-cancelled": () => "gave up",
  "login-stopped": (facts) => `stopped: ${text(facts.reason)}`,
  "tokens-issued": (facts) => `tokens given out (${text(facts.grant)}; ${text(facts.scope)})`,
  "tokens-revoked": (facts) => `tokens taken back: ${text(facts.reason)}`,
  "signed-out": () => "signed out",
  "consent-given": (facts) => `allowed: ${text(facts.scopes)}`,
  "consent-refused": () => "refused what the application asked for",
  "consent-skipped": (facts) => `not asked, trusted: ${text(facts.scopes)}`,
  "notice-sent": (facts) =>
    `told of it (${text(facts.notice)}): mail ${text(facts.mail)}, phones ${text(facts.phones)}`,
};

/** One step as a sentence's piece; a kind without words of its own with its facts. */
export function stepWords(kind: string, facts: Facts = {}): string {
  const said = Object.hasOwn(SAID, kind) ? SAID[kind as AuditKind] : undefined;
  return said === undefined ? `${kind.replaceAll("-", " ")}${who(facts)}` : said(facts);
}
