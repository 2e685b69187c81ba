/**
 * The properties of a Twilio gateway, checked whole: every fault at once, each a sentence that follows its property's
 * name. No message repeats a value, for a secret may stand in the wrong place.
 */
import { z } from "zod";
import { Secret } from "../../../core/secret.ts";

/** Checked properties. Basic credentials are an API key where one is given, else account SID and token. */
export interface TwilioConfig {
  readonly accountSid: string;
  readonly credentials: {
    readonly by: "token" | "key";
    readonly username: string;
    readonly password: Secret;
  };
  readonly sender: { readonly from: string } | { readonly messagingServiceSid: string };
  readonly region: string | undefined;
  readonly edge: string | undefined;
  readonly apiBase: URL | undefined;
  /** With these Twilio signs what it reports: the auth token and, while it is rotated, the other one. None: it cannot be told. */
  readonly authTokens: readonly Secret[];
  /** The number that calls; undefined: this gateway cannot call. */
  readonly voiceNumber: string | undefined;
  readonly privacy: {
    readonly contentRetention: "discard" | "retain" | undefined;
    readonly addressRetention: "obfuscate" | "retain" | undefined;
    readonly riskCheck: "enable" | "disable" | undefined;
  };
}

const property = (description: string) => z.string("must be a text").optional().describe(description);

const properties = z.strictObject({
  twilio_sid: property("Account SID: AC and 32 hexadecimal digits"),
  twilio_token: property("Auth token of the account"),
  twilio_token_secondary: property("Secondary auth token, while tokens are rotated"),
  from_number: property("Sender: number in international form, short code, or sender name"),
  messaging_service_sid: property("Messaging service instead of from_number: MG and 32 hexadecimal digits"),
  api_key_sid: property("API key instead of the auth token: SK and 32 hexadecimal digits"),
  api_key_secret: property("Secret of the API key"),
  voice_number: property("Number that calls, where from_number is none that can: international form"),
  content_retention: property("discard: Twilio keeps no text; retain"),
  address_retention: property("obfuscate: Twilio keeps no full number; retain"),
  risk_check: property("enable or disable: Twilio's own check for SMS pumping"),
  region: property("Twilio region that processes requests, such as ie1; needs edge"),
  edge: property("Twilio edge that takes requests, such as dublin"),
  api_base: property("Base URL of a server that speaks Twilio's API; for tests and gateways of one's own"),
  phone_attribute: property(
    "Attribute that holds a person's phone, where people live in a directory of the site",
  ),
});
type Properties = z.infer<typeof properties>;

type Name = keyof Properties;
type Complain = (name: Name, message: string) => void;

/** What is never shown again once it is set. */
export const SECRETS: readonly string[] = ["twilio_token", "twilio_token_secondary", "api_key_secret"];
/** Where secrets are sent: who changes one of these has to give the secrets anew (CVE-2026-15943). */
export const TARGETS: readonly string[] = ["twilio_sid", "api_base", "region", "edge"];
/** What each property is, by its name. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(properties.shape).map(([name, { description = "" }]) => [name, description]),
);

/** The gateway's zod schema: properties in, TwilioConfig out. An empty text is a property that is not set. */
export const twilioSchema = properties
  // `when`: faults of the shape do not hide the others.
  .superRefine(
    (given, context) => {
      const set = settled(given);
      const complain: Complain = (name, message) =>
        context.addIssue({ code: "custom", path: [name], message });
      checkShapes(set, complain);
      checkCredentials(set, complain);
      checkSender(set, complain);
      checkRoute(set, complain);
    },
    { when: ({ value }) => typeof value === "object" && value !== null },
  )
  .transform(toConfig);

/** Only the texts that say something. */
function settled(given: Properties): Properties {
  const entries = Object.entries(given).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(entries);
}

const SENDER = /^(\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11})$/;

const SHAPES: readonly (readonly [Name, RegExp, string])[] = [
  ["twilio_sid", /^AC[0-9a-f]{32}$/i, "must be an Account SID: AC and 32 hexadecimal digits"],
  ["twilio_token", /^[\x21-\x7e]+$/, "must not contain spaces, line ends or letters outside ASCII"],
  ["twilio_token_secondary", /^[\x21-\x7e]+$/, "must not contain spaces, line ends or letters outside ASCII"],
  ["voice_number", /^\+[1-9]\d{6,14}$/, "must be a number in international form such as +12025550100"],
  ["content_retention", /^(discard|retain)$/, "must be discard or retain"],
  ["address_retention", /^(obfuscate|retain)$/, "must be obfuscate or retain"],
  ["risk_check", /^(enable|disable)$/, "must be enable or disable"],
  [
    "messaging_service_sid",
    /^MG[0-9a-f]{32}$/i,
    "must be a Messaging Service SID: MG and 32 hexadecimal digits",
  ],
  ["api_key_sid", /^SK[0-9a-f]{32}$/i, "must be an API key SID: SK and 32 hexadecimal digits"],
  ["api_key_secret", /^[\x21-\x7e]+$/, "must not contain spaces, line ends or letters outside ASCII"],
  [
    "from_number",
    SENDER,
    "must be a number in international form such as +12025550100, a short code, or a sender name of up to 11 letters and digits",
  ],
  // They become part of a host name that is sent the credentials.
  ["region", /^[a-z]{2}\d{1,2}$/, "must be a Twilio region such as us1, ie1 or au1"],
  ["edge", /^[a-z]+(-[a-z0-9]+)*$/, "must be a Twilio edge such as ashburn, dublin or sydney"],
];

function checkShapes(set: Properties, complain: Complain): void {
  for (const [name, shape, message] of SHAPES) {
    const value = set[name];
    if (value !== undefined && !shape.test(value)) complain(name, message);
  }
}

function checkCredentials(set: Properties, complain: Complain): void {
  if (set.twilio_sid === undefined)
    complain("twilio_sid", "is missing; it stands on the first page of the Twilio console");
  const { twilio_token, api_key_sid, api_key_secret } = set;
  if (twilio_token === undefined && api_key_sid === undefined && api_key_secret === undefined)
    complain("twilio_token", "is missing; give it, or api_key_sid and api_key_secret");
  if (set.twilio_token_secondary !== undefined && twilio_token === undefined)
    complain("twilio_token_secondary", "is given without twilio_token; give the one in use as well");
  if (api_key_sid !== undefined && api_key_secret === undefined)
    complain("api_key_secret", "is missing; api_key_sid needs it");
  if (api_key_secret !== undefined && api_key_sid === undefined)
    complain("api_key_sid", "is missing; api_key_secret needs it");
}

function checkSender({ from_number, messaging_service_sid }: Properties, complain: Complain): void {
  if (from_number === undefined && messaging_service_sid === undefined)
    complain("from_number", "is missing; give it, or messaging_service_sid");
  if (from_number !== undefined && messaging_service_sid !== undefined)
    complain("messaging_service_sid", "is given beside from_number; remove one of the two");
}

function checkRoute({ region, edge, api_base }: Properties, complain: Complain): void {
  // api.<region>.twilio.com is switched off since 28 April 2026.
  if (region !== undefined && edge === undefined)
    complain(
      "region",
      "is given without edge; Twilio no longer answers there, so add the region's edge (dublin for ie1, sydney for au1)",
    );
  if (api_base === undefined) return;
  const fault = baseFault(api_base);
  if (fault !== undefined) complain("api_base", fault);
  if (region !== undefined || edge !== undefined)
    complain(
      "api_base",
      "is given beside region or edge, which only Twilio's own host has; remove one or the other",
    );
}

function baseFault(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL such as https://sms-gateway.example.org";
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback))
    return "must begin with https:// (http:// is for this machine only), for it is sent the credentials";
  if (username !== "" || password !== "") return "must not contain a user name or password";
  if (search !== "" || hash !== "") return "must not have a query or fragment";
  return undefined;
}

function toConfig(given: Properties): TwilioConfig {
  const set = settled(given);
  const accountSid = set.twilio_sid ?? "";
  const { api_key_sid, messaging_service_sid } = set;
  return {
    accountSid,
    credentials:
      api_key_sid === undefined
        ? { by: "token", username: accountSid, password: new Secret(set.twilio_token ?? "") }
        : { by: "key", username: api_key_sid, password: new Secret(set.api_key_secret ?? "") },
    sender:
      messaging_service_sid === undefined
        ? { from: set.from_number ?? "" }
        : { messagingServiceSid: messaging_service_sid },
    region: set.region,
    edge: set.edge,
    apiBase: set.api_base === undefined ? undefined : new URL(set.api_base),
    authTokens: [set.twilio_token, set.twilio_token_secondary].flatMap((token) =>
      token === undefined ? [] : new Secret(token),
    ),
    voiceNumber: set.voice_number ?? (/^\+/.test(set.from_number ?? "") ? set.from_number : undefined),
    privacy: {
      contentRetention: set.content_retention as "discard" | "retain" | undefined,
      addressRetention: set.address_retention as "obfuscate" | "retain" | undefined,
      riskCheck: set.risk_check as "enable" | "disable" | undefined,
    },
  };
}
