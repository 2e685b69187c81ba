/** The first administrator: the one operation that takes no access token, but a token of its own in the body. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { name } from "./shapes.ts";

const bootstrap = name(
  "Bootstrap",
  z.strictObject({
    token: z
      .string()
      .min(1)
      .max(200)
      .describe("What stands in the file bootstrap.token of the server's data folder"),
    userId: z.string().min(1).max(500).describe("The username"),
    userPassword: z.string().min(1).max(1000).describe("Written, never read"),
    mail: z.email().max(300).optional(),
    displayName: z.string().min(1).max(300).optional(),
  }),
);

const bootstrapped = name(
  "Bootstrapped",
  z.object({
    inum: z.string().describe("The person's id, which is the sub claim"),
    userId: z.string(),
    acrs: z
      .array(z.string())
      .describe("Acrs with a second factor that can be signed in by now; empty: enable one first"),
  }),
);

export const postBootstrap = operation({
  id: "post-bootstrap",
  method: "POST",
  path: "/api/v1/bootstrap",
  tag: "Bootstrap",
  summary: "Creates the first administrator, once, by the token of the data folder",
  scope: "open",
  body: bootstrap,
  status: 201,
  answer: bootstrapped,
  problems: [403, 409],
});

export const bootstrapOperations = [postBootstrap];
