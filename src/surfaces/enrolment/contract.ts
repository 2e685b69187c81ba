/**
 * surfaces/enrolment: the API by which other applications have a phone bound for a person, at the original's paths. This
 * file says what it takes and answers: the checks and the OpenAPI document are made of it. Mounted by compose. It compares
 * no code, sends nothing and binds nothing itself: the step of the factor does, the very one of the sign-in pages
 * (transactions.ts). It never tells anybody a code.
 */
import { z } from "zod";
import { type Described, openApi } from "../../kits/web/openapi.ts";

/** The original's scopes: binding and changing, and the look at what a person has. */
export const ENROL = "https://jans.io/casa.enroll";
export const LOOK = "https://jans.io/casa.2fa";
export const enrolmentScopes = [ENROL, LOOK] as const;

const named = new Map<string, z.ZodType>();
function name<S extends z.ZodType>(id: string, schema: S): S {
  const known = schema.meta({ id });
  named.set(id, known);
  return known;
}

const id = (description: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\w.~-]+$/)
    .describe(description);
const userid = id("Identifier (`sub`, the original's inum) of the person; no username");
const key = z
  .string()
  .regex(/^[\w-]{43}$/)
  .describe("Of the answer to send-code: names this enrolment, for this client and person alone");
const code = z.string().min(1).max(20).describe("What the person has read in the text");
const nickName = z
  .string()
  .max(40)
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, "one line of text")
  .describe("What the person calls it");
const number = z.string().min(1).max(64).describe("As the person types it, best in international form");
const country = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .optional()
  .describe("ISO 3166-1 alpha-2, for a number in national form");

const person = z.object({ userid });
const one = z.object({ userid, id: id("Identifier of the credential") });

name(
  "EnrolmentError",
  z.object({
    code: z.string().describe("A word for programs: the original's, where it has one"),
    cause: z.string().optional().describe("Why, where the word alone does not say"),
    message: z.string().describe("What is wrong and what to do"),
    faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
);

const credential = name(
  "Credential",
  z.object({
    id: z.string(),
    type: z.string().describe("The acr it is asked for by: twilio_sms, otp, fido2, recovery_code"),
    number: z.string().optional().describe("Of a phone; two digits of it"),
    nickName: z.string(),
    addedOn: z.int().describe("Milliseconds since 1970"),
  }),
);
const verifiedMobile = name("VerifiedMobile", credential.omit({ type: true }));

/** One operation of the API. */
export type Operation = Described & {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly scope: typeof ENROL | typeof LOOK;
};
const operation = <const O extends Operation>(declared: O): O => declared;

export const validateNumber = operation({
  id: "post-validate-number",
  method: "POST",
  path: "/enrollment/twilio_sms/validate-number",
  tag: "twilio_sms",
  summary: "Says whether codes can go to a number; never whether anybody has it",
  scope: ENROL,
  body: z.strictObject({ number, country }),
  status: 200,
  answer: z.object({
    code: z.enum(["VALID", "INVALID_NUMBER", "NOT_MOBILE", "COUNTRY_NOT_ALLOWED"]),
    number: z.string().optional().describe("Two digits of it"),
    country: z.string().optional(),
  }),
});

export const sendCode = operation({
  id: "post-send-code",
  method: "POST",
  path: "/enrollment/twilio_sms/send-code",
  tag: "twilio_sms",
  summary: "Sends a code to a number for a person; the same number again sends the same code again",
  scope: ENROL,
  body: z.strictObject({
    userid,
    number,
    country,
    ticket: z
      .string()
      .max(64)
      .optional()
      .describe("The one-time ticket that an administrator gave the person"),
    locale: z
      .string()
      .max(35)
      .optional()
      .describe("Language of the text (BCP 47), unless the person's own is known"),
  }),
  status: 200,
  answer: z.object({
    code: z.literal("SENT"),
    key,
    number: z.string().describe("Two digits of it"),
    digits: z.int(),
    delivery: z.string().describe("What is known of the text: sending, sent, delivered, failed"),
    resendIn: z.int().describe("Seconds until it can be sent again; -1: no more in this enrolment"),
    expiresIn: z.int().describe("Seconds"),
  }),
  problems: [404, 409, 429],
});

export const validateCode = operation({
  id: "post-validate-code",
  method: "POST",
  path: "/enrollment/twilio_sms/validate-code",
  tag: "twilio_sms",
  summary: "Compares the code; the right one binds the phone",
  scope: ENROL,
  body: z.strictObject({ userid, key, code }),
  status: 200,
  answer: z.object({
    code: z.enum(["MATCH", "NO_MATCH_OR_EXPIRED"]),
    left: z.int().optional().describe("Tries that this code has left"),
  }),
  problems: [404, 409, 429],
});

export const postCredential = operation({
  id: "post-twilio-sms-creds",
  method: "POST",
  path: "/enrollment/twilio_sms/creds/{userid}",
  tag: "twilio_sms",
  summary: "Names the phone that was bound; with the code, compares and binds as well",
  scope: ENROL,
  params: person,
  body: z.strictObject({ key, nickName, code: code.optional() }),
  status: 201,
  answer: verifiedMobile,
  problems: [404, 409, 429],
});

export const getCredentials = operation({
  id: "get-creds",
  method: "GET",
  path: "/enrollment/creds/{userid}",
  tag: "creds",
  summary: "What a person signs in with; numbers by two digits, nothing secret",
  scope: ENROL,
  params: person,
  status: 200,
  answer: z.array(credential),
  problems: [404],
});

export const patchCredential = operation({
  id: "patch-creds",
  method: "PATCH",
  path: "/enrollment/creds/{userid}/{id}",
  tag: "creds",
  summary: "Gives a credential another name; by the person's own token",
  scope: ENROL,
  params: one,
  body: z.strictObject({ nickName }),
  status: 200,
  answer: credential,
  problems: [404, 409],
});

export const deleteCredential = operation({
  id: "delete-creds",
  method: "DELETE",
  path: "/enrollment/creds/{userid}/{id}",
  tag: "creds",
  summary: "Removes a credential; by the person's own token, with a proof of the last minutes",
  scope: ENROL,
  params: one,
  status: 204,
  problems: [404, 409],
});

export const getUserInfo = operation({
  id: "get-2fa-user-info",
  method: "GET",
  path: "/2fa/user-info/{userid}",
  tag: "2fa",
  summary: "Whether a person has a second factor, and of which kinds",
  scope: LOOK,
  params: person,
  status: 200,
  answer: z.object({
    code: z.literal("SUCCESS"),
    turned_on: z.boolean(),
    enrolled_methods: z.array(z.string()),
    total_creds: z.int(),
  }),
  problems: [404],
});

/** Every operation; one without a handler keeps the server from starting. */
export const operations: readonly Operation[] = [
  validateNumber,
  sendCode,
  validateCode,
  postCredential,
  getCredentials,
  patchCredential,
  deleteCredential,
  getUserInfo,
];

/** Paths that the original takes by GET, with what nobody may read in them. */
export const BY_ADDRESS: readonly string[] = [sendCode.path, validateCode.path];

const AT_ACCOUNT = "Send the person to /account/add/";

/** What the original has and this server does not: path, and what to do instead. Answered by 501. */
export const NOT_DONE: readonly (readonly [path: string, instead: string])[] = [
  [
    "/util/twilio_sms/send",
    "No code is ever told to whoever asks for one; sign-in codes are sent by the server itself, at a sign-in with acr_values=twilio_sms.",
  ],
  [
    "/enrollment/otp/*",
    `An application that draws the picture of an authenticator app knows its secret for good. ${AT_ACCOUNT}totp.`,
  ],
  [
    "/enrollment/fido2/*",
    `A passkey answers to the server's own pages alone, and never to another application's. ${AT_ACCOUNT}passkey.`,
  ],
  ["/enrollment/super_gluu/*", `Super Gluu is not done here. ${AT_ACCOUNT}passkey.`],
  [
    "/2fa/turn-on",
    "Two steps are no switch of a person: ask with acr_values=twilio_sms, or make it the server's default.",
  ],
  ["/2fa/turn-off", "Two steps are no switch of a person: no application can take the second one away."],
];

/** The document; `server`: where the API is reached. */
export const documentOf = (server: string, version: string) =>
  openApi(operations, {
    title: "Sallyport enrolment API",
    description: "Phones of people, bound by other applications; the original's Casa REST services.",
    version,
    server,
    scopes: enrolmentScopes,
    named,
    error: "EnrolmentError",
  });
