/**
 * Settings: what an administrator may change while the server runs, as one revision. (Where the server listens and
 * keeps its data is boot configuration, see config.ts.) A login keeps the revision it began on.
 */
import { z } from "zod";
import { redirectUriProblem } from "./client-uri.ts";
import { factorPolicySchema } from "./factor-policy-settings.ts";
import { helpDeskSchema } from "./help-desk-settings.ts";
import { messageTextsSchema } from "./message-texts.ts";
import { passwordsSchema } from "./password-settings.ts";
import { portalSchema } from "./portal-settings.ts";
import { pumpingSchema } from "./pumping-settings.ts";
import { rememberedSchema } from "./remembered-settings.ts";
import { retentionSchema } from "./retention.ts";
import { manifestSchema } from "./script.ts";
import { sendingSchema } from "./sending-settings.ts";
import { spendSchema } from "./spend.ts";
import { testNumbersSchema } from "./test-numbers.ts";
import type { EpochMs } from "./words.ts";

/** What a person or the server is sent to for a client, never in the clear. */
const url = z.url({ protocol: /^https$/ });

/** Members of a JWK that only its owner may have (RFC 7518 §6). */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** The fields of a relying party, each by itself. Names follow OpenID Connect Dynamic Client Registration 1.0 §2. */
export const clientFields = z.strictObject({
  client_id: z.string().regex(/^[\x21-\x7e]{1,128}$/, "1 to 128 visible ASCII characters, no spaces"),
  client_secret: z.string().min(16, "at least 16 characters").optional(),
  client_name: z.string().min(1).max(200).optional(),
  application_type: z.enum(["web", "native"]).default("web"),
  /** At least one, unless the client never sends anybody to sign in. */
  redirect_uris: z.array(z.string()).default([]),
  post_logout_redirect_uris: z.array(z.string()).default([]),
  token_endpoint_auth_method: z
    .enum(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
    .optional(),
  jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
  jwks_uri: url.optional(),
  grant_types: z
    .array(
      z.enum([
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
      ]),
    )
    .optional(),
  scope: z.string().optional(),
  id_token_signed_response_alg: z.enum(["RS256", "ES256"]).default("RS256"),
  default_acr_values: z.array(z.string()).default([]),
  /** Given: a sign-in to this client reaches one of these or something stronger, whatever its requests ask for. */
  allowed_acr_values: z.array(z.string()).min(1).optional(),
  require_pushed_authorization_requests: z.boolean().default(false),
  policy_uri: url.optional(),
  tos_uri: url.optional(),
  /** Where it is told that a session has ended (OpenID Connect Back-Channel Logout 1.0), and whether by the session's name. */
  backchannel_logout_uri: url.optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  /** `waived`: a confidential client may leave PKCE out and must then send a nonce. */
  pkce: z.enum(["required", "waived"]).default("required"),
  /** Skips the consent page. */
  trusted: z.boolean().default(false),
  /** Texts of messages in this relying party's own words. */
  texts: messageTextsSchema.optional(),
  /** Known, and good for nothing: whatever it asks is refused, and its tokens have ended for good. */
  disabled: z.boolean().default(false),
  /** For those who look after it; shown to nobody else. */
  description: z.string().max(1000).optional(),
  contacts: z.array(z.string().min(1).max(200)).max(20).optional(),
});

/** One relying party, its fields suiting each other. */
export const clientSchema = clientFields.superRefine((client, context) => {
  const grants = client.grant_types ?? ["authorization_code"];
  if (client.redirect_uris.length === 0 && grants.includes("authorization_code"))
    context.addIssue({
      code: "custom",
      path: ["redirect_uris"],
      message: "is missing; at least one redirect URI",
    });
  for (const name of ["redirect_uris", "post_logout_redirect_uris"] as const)
    for (const [index, uri] of client[name].entries()) {
      const problem = redirectUriProblem(uri, client.application_type);
      if (problem !== undefined) context.addIssue({ code: "custom", path: [name, index], message: problem });
    }
  for (const [index, key] of (client.jwks?.keys ?? []).entries())
    if (PRIVATE_MEMBERS.some((member) => member in key))
      context.addIssue({
        code: "custom",
        path: ["jwks", "keys", index],
        message: "is a private key; give the public one alone, and take this one out of use",
      });
  const method =
    client.token_endpoint_auth_method ??
    (client.client_secret === undefined ? "none" : "client_secret_basic");
  if (method.startsWith("client_secret") && client.client_secret === undefined)
    context.addIssue({
      code: "custom",
      path: ["client_secret"],
      message: `is missing; ${method} needs it`,
    });
  if (method === "none" && client.pkce === "waived")
    context.addIssue({
      code: "custom",
      path: ["pkce"],
      message: "cannot be waived for a public client; give it a client_secret or remove the line",
    });
  if (method === "none" && client.client_secret !== undefined)
    context.addIssue({
      code: "custom",
      path: ["client_secret"],
      message: "is given although token_endpoint_auth_method is none; remove one of the two",
    });
});
export type ClientSettings = z.infer<typeof clientSchema>;

const limitFields = z.strictObject({
  codeDigits: z.int().min(6).max(10).default(6),
  codeLife: z.int().min(60).max(600).default(300),
  codeLongestLife: z.int().min(60).max(600).default(600),
  triesPerCode: z.int().min(1).max(10).default(5),
  sendsPerLogin: z.int().min(1).max(10).default(5),
  resendAfter: z.array(z.int().min(10).max(600)).min(1).default([30, 60, 120]),
  pauseAfter: z.int().min(3).max(50).default(10),
  /** Minutes of the first, the second, … pause, one at each fifth failure. */
  pauses: z.array(z.int().min(1).max(60)).min(1).max(10).default([15, 30, 60]),
  disableAfter: z.int().min(10).max(100).default(50),
  /** Wrong codes in a row after which the person is told that somebody knows their password. */
  noticeAfter: z.int().min(1).max(10).default(3),
  /** Wrong codes in ten minutes, over all accounts, and their share in percent, that pull the brake; minutes of quiet that release it. */
  brakeFailures: z.int().min(10).max(1_000).default(100),
  brakeShare: z.int().min(1).max(60).default(30),
  brakeQuiet: z.int().min(10).max(1_440).default(30),
  loginLife: z.int().min(120).max(3600).default(600),
  sessionLife: z.int().min(300).max(86_400).default(86_400),
  sessionIdle: z.int().min(60).max(86_400).default(3600),
  proofLife: z.int().min(300).max(43_200).default(43_200),
  freshProof: z.int().min(60).max(900).default(300),
  /** Days after which somebody who signs in by text is offered a passkey again; 0: never. */
  passkeyOfferDays: z.int().min(0).max(365).default(30),
});
/** Bounds that no configuration may loosen: NIST SP 800-63B-4 §3.1.3.2 (600 s), §3.2.2 (100 failures, an hour's delay). */
export const limitsSchema = limitFields.superRefine(({ pauseAfter, disableAfter }, context) => {
  if (pauseAfter > disableAfter)
    context.addIssue({
      code: "custom",
      path: ["pauseAfter"],
      message: `must not be above disableAfter (${disableAfter}), or no pause ever comes`,
    });
});
export type Limits = z.infer<typeof limitsSchema>;

/** When a message counts as lost, so that the next gateway brings the code. */
export const deliverySchema = z.strictObject({
  /** Seconds without the receipt; 0: receipts move nothing. */
  receiptWithin: z.int().min(0).max(120).default(20),
  /** What has to come: that the carrier took it, or (many never say) that the phone got it. */
  receipt: z.enum(["sent", "delivered"]).default("sent"),
});
export type DeliverySettings = z.infer<typeof deliverySchema>;

/** How much is logged, and how; changed while the server runs. */
export const loggingSchema = z.strictObject({
  level: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  layout: z.enum(["text", "json"]).default("text"),
  /** A line per request, without its query. */
  http: z.boolean().default(false),
  /** Paths that get no such line; what begins with one is meant too. */
  httpExcludePaths: z
    .array(z.string().regex(/^\/[^\s?#]{0,199}$/, "must be a path such as /assets"))
    .max(50)
    .default([]),
  /** A line per event of the audit as well; the audit itself is always written. */
  audit: z.boolean().default(false),
});
export type Logging = z.infer<typeof loggingSchema>;

/** One name of a script's configuration, as in the original; `hide` marks a secret, which is never shown again. */
export const propertySchema = z.strictObject({
  value1: z.string().min(1).max(100),
  value2: z.string().max(10_000).default(""),
  hide: z.boolean().default(false),
  description: z.string().max(500).default(""),
});
export type Property = z.infer<typeof propertySchema>;

const moduleProperty = z.strictObject({
  value1: z.string().min(1).max(100),
  value2: z.string().max(1000).default(""),
  description: z.string().max(500).default(""),
});

/** A script entry: a mechanism under its acr name, with the level and the properties an administrator gave it. */
export const scriptSchema = z.strictObject({
  inum: z.string().min(1).max(100),
  /** The acr. */
  name: z.string().regex(/^[a-zA-Z0-9_\-:/.]{2,60}$/, "2 to 60 letters, digits or one of _ - : / ."),
  aliases: z
    .array(z.string().regex(/^[\x21-\x7e]{1,200}$/, "visible ASCII characters without spaces"))
    .default([]),
  description: z.string().max(1000).default(""),
  level: z.int().min(-1).max(1000),
  /** Rises with every change of this entry. */
  revision: z.int().min(1).default(1),
  enabled: z.boolean(),
  modified: z.int().min(0),
  configurationProperties: z.array(propertySchema).default([]),
  moduleProperties: z.array(moduleProperty).default([]),
  /** Source of an entry that is none of the built-in ones, or of a built-in one that was changed. */
  source: z.string().max(1_000_000).optional(),
  /** What its source exports, as it was found when it was looked at; absent: it never was, and cannot be enabled. */
  manifest: manifestSchema.optional(),
});
export type ScriptEntry = z.infer<typeof scriptSchema>;

/**
 * A gateway that stands by behind the one of the `twilio_sms` script, in the order of the list. Its properties are
 * those of its type, and as write-only where they are secrets as a script's.
 */
export const gatewaySchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "must be 1 to 31 lower-case letters, digits or hyphens"),
  type: z.string().min(1).max(30),
  enabled: z.boolean().default(true),
  configurationProperties: z.array(propertySchema).default([]),
  /** Its own limits, per node. */
  perSecond: z.int().min(1).max(1000).optional(),
  perMinute: z.int().min(1).max(60_000).optional(),
  /** After so many failures within a minute it is left alone for `restSeconds`; then one send tries it again. */
  breakAfter: z.int().min(1).max(100).default(5),
  restSeconds: z.int().min(5).max(3600).default(30),
});
export type GatewaySettings = z.infer<typeof gatewaySchema>;

const countryList = z
  .array(z.string().regex(/^[A-Z]{2}$/, "must be ISO country codes such as DE"))
  .min(1)
  .readonly();

/**
 * The settings as they are stored: one document, one revision. `home` is the country of the sender's number. What
 * depends on plug-ins (whether a script's properties suit its gateway) is judged by compose before a change is taken.
 */
export const documentSchema = z.strictObject({
  brand: z.string().min(1).max(60).default("Sallyport"),
  scripts: z.array(scriptSchema).default([]),
  defaultAcr: z.string(),
  clients: z.array(clientSchema).default([]),
  enrolment: z.enum(["password-once", "ticket", "off"]).default("password-once"),
  countries: z.union([z.enum(["all", "home"]), countryList]).default("home"),
  limits: limitsSchema.prefault({}),
  sending: sendingSchema.prefault({}),
  pumping: pumpingSchema.prefault({}),
  spend: spendSchema.prefault({}),
  portal: portalSchema.prefault({}),
  helpDesk: helpDeskSchema.prefault({}),
  passwords: passwordsSchema.prefault({}),
  rememberedDevices: rememberedSchema.prefault({}),
  factorPolicy: factorPolicySchema.prefault({}),
  testNumbers: testNumbersSchema.default([]),
  /** Texts of messages in this site's own words. */
  texts: messageTextsSchema.default({}),
  logging: loggingSchema.prefault({}),
  delivery: deliverySchema.prefault({}),
  retention: retentionSchema.prefault({}),
  /** Behind the gateway of the script, in this order. */
  gateways: z.array(gatewaySchema).max(5).default([]),
  /** Clients that were disabled or taken away: the second up to which their tokens have ended, by client_id. */
  ended: z.record(z.string(), z.int()).default({}),
  /** What the boot file said when it was last taken in: digests by name (compose/seed.ts). */
  fromFile: z.record(z.string(), z.string()).default({}),
});
export type SettingsDocument = z.infer<typeof documentSchema>;

export const settingsSchema = z.strictObject({
  brand: z.string().min(1).max(60).default("Sallyport"),
  acrs: z.strictObject({
    enabled: z.array(z.string()).min(1),
    default: z.string(),
  }),
  clients: z.array(clientSchema).default([]),
  enrolment: z.enum(["password-once", "ticket", "off"]).default("password-once"),
  /** ISO 3166-1 alpha-2 codes, or `all`. */
  countries: z.union([z.literal("all"), countryList]),
  limits: limitsSchema.prefault({}),
  sending: sendingSchema.prefault({}),
  pumping: pumpingSchema.prefault({}),
  spend: spendSchema.prefault({}),
  portal: portalSchema.prefault({}),
  passwords: passwordsSchema.prefault({}),
  rememberedDevices: rememberedSchema.prefault({}),
  factorPolicy: factorPolicySchema.prefault({}),
  texts: messageTextsSchema.default({}),
});

/** One revision as the rooms read it. */
export type Snapshot = z.infer<typeof settingsSchema> & {
  readonly revision: number;
  readonly scripts: readonly ScriptEntry[];
  readonly logging: Logging;
  readonly ended: Readonly<Record<string, number>>;
};

/** Something wrong with a change: where in the document, and half a sentence that says what and what to do. */
export type Fault = { readonly path: string; readonly message: string };

/** A revision with when and by whom it was made. */
export interface Revision {
  readonly revision: number;
  readonly at: EpochMs;
  readonly by: string;
  readonly what: string;
}

export type Changed =
  | { readonly kind: "changed"; readonly revision: number; readonly document: SettingsDocument }
  /** The change left everything as it was; no revision is made of it. */
  | { readonly kind: "same"; readonly revision: number; readonly document: SettingsDocument }
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] }
  /** Somebody else has changed the settings since `ifRevision`. */
  | { readonly kind: "lost"; readonly revision: number };

export interface ChangeRequest {
  /** Pure; may run twice. Faults: it cannot be made of this document. `lost`: what it was made for has changed since. */
  readonly change: (document: SettingsDocument) => SettingsDocument | readonly Fault[] | "lost";
  readonly by: string;
  /** Where it was asked from, for the audit; undefined on the host itself. */
  readonly address?: string | undefined;
  /** What was done, in a few words for the history; never a secret. */
  readonly what: string;
  /** Refused as `lost` unless this is the newest revision. */
  readonly ifRevision?: number | undefined;
  /** Answers what would be, and changes nothing: `changed` then stands with the revision as it is. */
  readonly dryRun?: boolean | undefined;
}

/** The settings of this deployment: one revision at a time, changed whole or not at all, the same in every node. */
export interface Settings {
  readonly revision: number;
  document(): SettingsDocument;
  change(request: ChangeRequest): Promise<Changed>;
  /** A revision as it was; undefined when there is none. */
  at(revision: number): Promise<SettingsDocument | undefined>;
  /** Newest first, from before a revision. */
  history(limit: number, before?: number): Promise<readonly Revision[]>;
  /** Looks whether another node has made a revision; answers whether one was. */
  refresh(): Promise<boolean>;
  /** Called with each revision that is served from then on, whoever made it. */
  watch(listener: (document: SettingsDocument, revision: number) => void): void;
}

/** Where revisions are kept, sealed. Implemented by store plug-ins. */
export interface SettingsStore {
  newest(): Promise<number>;
  read(revision: number): Promise<(Revision & { readonly sealed: Uint8Array }) | undefined>;
  /** False when this revision is there already: somebody was faster. */
  add(row: Revision & { readonly sealed: Uint8Array }): Promise<boolean>;
  list(limit: number, before: number): Promise<readonly Revision[]>;
}
