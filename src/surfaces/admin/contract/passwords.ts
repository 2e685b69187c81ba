/** Passwords that an administrator sets, and tickets with which a person sets a new one. No password is ever read. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart, reason } from "./shapes.ts";

const TAG = "Passwords";
const BASE = "/mgt/configuser/{inum}";
const inum = z.object({ inum: pathPart("User identifier") });

export const postPassword = operation({
  id: "post-user-password",
  method: "POST",
  path: `${BASE}/password`,
  tag: TAG,
  summary: "Sets a password that the person has to change, or says that the present one has to be changed",
  scope: scopes.usersWrite,
  params: inum,
  body: name(
    "NewPassword",
    z.strictObject({
      password: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe("Left out: the present one stays, or with temporary one is made"),
      temporary: z
        .boolean()
        .default(false)
        .describe("Make a password, good for 72 hours, for nothing but setting another one"),
      mustChange: z
        .boolean()
        .default(true)
        .describe("Whether the person sets another one at the next sign-in"),
      reason: reason.min(1),
    }),
  ),
  status: 200,
  answer: name(
    "PasswordSet",
    z.object({
      mustChange: z.boolean(),
      temporaryPassword: z.string().optional().describe("Only in this answer; hand it to the person"),
      until: z.iso.datetime().optional(),
    }),
  ),
  problems: [404, 409],
  mayWait: true,
});
export const postPasswordTicket = operation({
  id: "post-user-password-ticket",
  method: "POST",
  path: `${BASE}/password-ticket`,
  tag: TAG,
  summary: "Makes a ticket with which the person, and the second factor they have, set a new password, once",
  scope: scopes.enrolmentWrite,
  params: inum,
  body: name("NewPasswordTicket", z.strictObject({ reason: reason.min(1) })),
  status: 201,
  answer: name(
    "PasswordTicket",
    z.object({
      ticket: z.string().describe("Only in this answer; hand it to the person"),
      until: z.iso.datetime(),
      url: z.url().describe("Where the person types it"),
    }),
  ),
  mayWait: true,
  problems: [404, 409],
});

/** All of this file, in the order they are listed. */
export const passwordOperations = [postPassword, postPasswordTicket] as const;
