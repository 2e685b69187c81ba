/** Phones of a person, and the ways an administrator opens for a new one. Numbers are shown masked, whoever asks. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart, reason } from "./shapes.ts";

const TAG = "Phones";
const BASE = "/mgt/configuser/{inum}";
const inum = z.object({ inum: pathPart("User identifier") });
const why = reason.min(1);

const phone = name(
  "Phone",
  z.object({
    id: z.string(),
    number: z.string().describe("Masked: the last two digits"),
    country: z.string().describe("ISO 3166-1 alpha-2"),
    verifiedAt: z.iso.datetime(),
    boundAt: z.iso.datetime(),
    boundBy: z.string().describe("By whose authority: password-once, window, ticket, administrator"),
  }),
);

export const getPhones = operation({
  id: "get-user-phones",
  method: "GET",
  path: `${BASE}/phones`,
  tag: TAG,
  summary: "Lists the phones of a person, masked",
  scope: scopes.phonesRead,
  params: inum,
  status: 200,
  answer: z.array(phone),
  problems: [404],
});
export const postPhone = operation({
  id: "post-user-phone",
  method: "POST",
  path: `${BASE}/phones`,
  tag: TAG,
  summary: "Adds a phone that the administrator has verified",
  scope: scopes.phonesWrite,
  params: inum,
  body: name(
    "NewPhone",
    z.strictObject({
      number: z.string().min(1).max(40).describe("In international form, or national with country"),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .optional(),
      verified: z.boolean().describe("Must be true: the administrator answers for whose phone it is"),
      reason: why,
    }),
  ),
  status: 201,
  answer: phone,
  problems: [404, 409],
  mayWait: true,
});
export const deletePhone = operation({
  id: "delete-user-phone",
  method: "DELETE",
  path: `${BASE}/phones/{id}`,
  tag: TAG,
  summary: "Removes a phone; every session of the person ends, and wrong codes are forgotten",
  scope: scopes.phonesDelete,
  params: z.object({ inum: pathPart("User identifier"), id: pathPart("Phone identifier") }),
  query: z.object({ reason: why }),
  status: 204,
  problems: [404, 409],
  mayWait: true,
});

const by = z.enum(["window", "ticket"]);
const factor = z.enum(["sms", "totp", "passkey", "recovery-code"]);
const opening = name(
  "EnrolmentOpening",
  z.object({
    by,
    factor: z.string().describe("What may be bound"),
    until: z.iso.datetime(),
    openedBy: z.string(),
    reason: z.string(),
    ticket: z.string().optional().describe("Only in the answer that opens it; hand it to the person"),
  }),
);

export const getEnrolment = operation({
  id: "get-user-enrolment",
  method: "GET",
  path: `${BASE}/enrolment`,
  tag: TAG,
  summary: "Lists the ways that stand open for a new phone or another factor",
  scope: scopes.phonesRead,
  params: inum,
  status: 200,
  answer: z.array(opening),
  problems: [404],
});
export const postEnrolment = operation({
  id: "post-user-enrolment",
  method: "POST",
  path: `${BASE}/enrolment`,
  tag: TAG,
  summary: "Lets a person without a phone, or without any factor, bind one, once, within 24 hours",
  scope: scopes.enrolmentWrite,
  params: inum,
  body: name(
    "NewEnrolmentOpening",
    z.strictObject({
      by: by.describe("window: whoever knows the password; ticket: who also holds the ticket"),
      factor: factor
        .default("sms")
        .describe("What may be bound; any but a phone only where nothing else is held"),
      lost: z.boolean().default(false).describe("Everything of this kind is lost: it is taken away first"),
      reason: why,
    }),
  ),
  status: 201,
  answer: opening,
  problems: [404, 409],
  mayWait: true,
});
export const deleteEnrolment = operation({
  id: "delete-user-enrolment",
  method: "DELETE",
  path: `${BASE}/enrolment`,
  tag: TAG,
  summary: "Closes every way that stands open",
  scope: scopes.enrolmentWrite,
  params: inum,
  query: z.object({ reason: why }),
  status: 204,
  problems: [404],
});

/** All of this file, in the order they are listed. */
export const phoneOperations = [
  getPhones,
  postPhone,
  deletePhone,
  getEnrolment,
  postEnrolment,
  deleteEnrolment,
] as const;
