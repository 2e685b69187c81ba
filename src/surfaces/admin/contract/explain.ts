/** What would be asked of whom and why, and what a change of the settings would have done to the sign-ins there were. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { settingsShape } from "./settings.ts";
import { name } from "./shapes.ts";

const TAG = "Configuration – Settings";

const reason = z.object({
  level: z.enum(["ok", "warning", "error", "skipped"]).describe("error: the sign-in ends or waits here"),
  check: z
    .string()
    .describe("What it is about: acr, client, person, password, phone, code, sending, guard, device, policy"),
  message: z.string(),
  remedy: z.string().optional(),
});

export const explanation = name(
  "Explanation",
  z.object({
    outcome: z
      .enum(["asked", "refused", "waits"])
      .describe("refused: there is no way through; waits: not before a pause or a budget is over"),
    acr: z.string().optional().describe("The acr that is chosen"),
    level: z.int().optional(),
    by: z
      .enum(["request", "client", "server", "allowed", "nobody"])
      .describe("Whose word chose it; allowed: the first that the client is allowed"),
    considered: z
      .array(z.object({ name: z.string(), verdict: z.string() }))
      .describe("The acrs that were asked for, and what becomes of each"),
    steps: z
      .array(z.object({ factor: z.string(), act: z.enum(["challenge", "enrol"]) }))
      .describe("What is asked, in its order, of somebody without a session"),
    reasons: z.array(reason),
  }),
);
export type Explanation = z.input<typeof explanation>;

export const getExplanation = operation({
  id: "get-config-explain",
  method: "GET",
  path: "/api/v1/config/explain",
  tag: TAG,
  summary: "What would be asked of a sign-in now, and why; changes nothing and sends nothing",
  scope: scopes.loginsRead,
  query: z.object({
    client: z.string().min(1).max(128).describe("The client_id"),
    user: z.string().min(1).max(300).optional().describe("Username; without one, of anybody"),
    acr: z.string().max(1000).optional().describe("acr_values of the request, with spaces between them"),
    ip: z
      .union([z.ipv4(), z.ipv6()])
      .optional()
      .describe("The address it comes from; without one no limit of an address is looked at"),
    browser: z
      .enum(["new", "known"])
      .default("new")
      .describe("known: a browser in which this person has signed in before"),
  }),
  status: 200,
  answer: explanation,
  problems: [404],
});
export type ExplainQuestion = z.output<typeof getExplanation.query>;

const KINDS = ["more", "less", "other", "refused"] as const;

const group = z.object({
  client: z.string(),
  was: z.string().describe("The acr that was reached; enrolment: a phone that was added"),
  now: z.string().optional().describe("The acr that would be asked for"),
  kind: z.enum(KINDS).describe("more or less is asked, something else, or it is refused"),
  why: z.string(),
  count: z.int(),
});

export const postDryRun = operation({
  id: "post-config-settings-dry-run",
  method: "POST",
  path: "/api/v1/config/settings/dry-run",
  tag: TAG,
  summary: "What a change would have done to the sign-ins of the last hours, a page of them; changes nothing",
  scope: scopes.settingsWrite,
  query: z.object({
    hours: z.int().min(1).max(168).default(24).describe("How far back"),
    cursor: z.string().max(200).optional().describe("next of the page before"),
  }),
  body: settingsShape,
  status: 200,
  answer: name(
    "SettingsDryRun",
    z.object({
      from: z.iso.datetime(),
      looked: z.int().describe("Sign-ins, and phones added in them, of this page"),
      same: z.int().describe("Of which nothing would have been different"),
      assumed: z
        .int()
        .describe(
          "Of which it is not known what they asked for: they are taken to have asked for what they reached",
        ),
      groups: z.array(group).describe("Those that would have gone differently"),
      faults: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .describe("Why the change would be refused; then nothing was looked at"),
      next: z.string().optional(),
    }),
  ),
});

export const explainOperations = [getExplanation, postDryRun] as const;
