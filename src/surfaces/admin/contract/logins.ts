/** What happened in a login, for whoever helps the person in front of it. Made of the audit: nothing secret is in it. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart } from "./shapes.ts";

const TAG = "Logins";

const step = name(
  "LoginStep",
  z.object({
    at: z.iso.datetime(),
    afterMs: z.int().describe("Milliseconds since the first step"),
    kind: z.string().describe("As in the audit"),
    client: z.string().optional(),
    address: z.string().optional(),
    facts: z.record(z.string(), z.unknown()).optional(),
  }),
);

const about = {
  login: z.string(),
  subject: z.string().optional().describe("The person's inum"),
  username: z.string().optional().describe("As they are called now"),
  client: z.string().optional(),
  begun: z.iso.datetime().describe("When the first step was"),
  outcome: z
    .enum(["signed-in", "login-cancelled", "login-stopped", "open"])
    .describe("open: it has not come to an end, and may never"),
};

export const getLogin = operation({
  id: "get-login-trace",
  method: "GET",
  path: "/api/v1/logins/{login}",
  tag: TAG,
  summary: "One login from the password to the tokens, oldest step first",
  scope: scopes.loginsRead,
  params: z.object({
    login: pathPart("The login's id: the reference on the person's page, login in the audit"),
  }),
  status: 200,
  answer: name(
    "LoginTrace",
    z.object({
      ...about,
      steps: z.array(step),
      more: z.boolean().describe("There are older steps than the first that is shown"),
    }),
  ),
  problems: [404],
});

export const getLogins = operation({
  id: "get-logins",
  method: "GET",
  path: "/api/v1/logins",
  tag: TAG,
  summary: "The latest logins of a person, newest first",
  scope: scopes.loginsRead,
  query: z.object({
    subject: z.string().min(1).max(300).describe("The person's inum"),
    limit: z.int().min(1).max(100).default(20),
  }),
  status: 200,
  answer: z.object({ entries: z.array(name("LoginSummary", z.object(about))) }),
});

/** All of this file, in the order they are listed. */
export const loginOperations = [getLogin, getLogins] as const;
