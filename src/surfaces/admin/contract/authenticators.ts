/** Everything a person signs in with beside the password: phones, apps, passkeys, recovery codes. No secret is ever shown. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart, reason } from "./shapes.ts";

const TAG = "Authenticators";
const BASE = "/mgt/configuser/{inum}/authenticators";

const authenticator = name(
  "Authenticator",
  z.object({
    id: z.string(),
    kind: z.string().describe("sms, totp, passkey, recovery-code, or the kind of a script's factor"),
    label: z.string().optional().describe("What the person calls it; of a phone its masked number"),
    boundAt: z.iso.datetime(),
    boundBy: z
      .string()
      .describe("By whose authority: password-once, two-factors, window, ticket, administrator"),
    usedAt: z.iso.datetime().optional().describe("The last sign-in with it, where that is kept"),
    backedUp: z.boolean().optional().describe("A passkey that is on more than one device"),
    counterBackAt: z.iso
      .datetime()
      .optional()
      .describe("A passkey that looked copied, since when; it is not taken any more"),
    pausedUntil: z.iso.datetime().optional().describe("Too many wrong answers: it is not taken before that"),
    disabled: z.boolean().optional().describe("Far too many wrong answers: it is not taken any more"),
    left: z.int().optional().describe("Recovery codes that are not used yet"),
  }),
);

export const getAuthenticators = operation({
  id: "get-user-authenticators",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Lists everything a person signs in with beside the password",
  scope: scopes.phonesRead,
  params: z.object({ inum: pathPart("User identifier") }),
  status: 200,
  answer: z.array(authenticator),
  problems: [404],
});
export const deleteAuthenticator = operation({
  id: "delete-user-authenticator",
  method: "DELETE",
  path: `${BASE}/{id}`,
  tag: TAG,
  summary: "Removes one of them; every session of the person ends, and wrong codes are forgotten",
  scope: scopes.phonesDelete,
  params: z.object({ inum: pathPart("User identifier"), id: pathPart("Authenticator identifier") }),
  query: z.object({ reason: reason.min(1) }),
  status: 204,
  problems: [404, 409],
  mayWait: true,
});

/** All of this file, in the order they are listed. */
export const authenticatorOperations = [getAuthenticators, deleteAuthenticator] as const;
