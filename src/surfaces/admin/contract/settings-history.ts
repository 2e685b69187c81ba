/** What lies between two revisions of the settings, and the way back to an earlier one. Secrets stay unsaid in both. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { settingsApplied, settingsDifference } from "./settings.ts";
import { name } from "./shapes.ts";

const TAG = "Configuration – Settings";
const PATH = "/api/v1/config/settings/history/{revision}";
const params = z.object({
  revision: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .describe("Number of the revision"),
});

export const getSettingsDifferences = operation({
  id: "get-config-settings-differences",
  method: "GET",
  path: `${PATH}/differences`,
  tag: TAG,
  summary: "What a revision of the settings changed, or what differs between it and another one",
  scope: scopes.settingsRead,
  params,
  query: z.object({
    from: z
      .int()
      .min(1)
      .max(999_999_999)
      .optional()
      .describe("The revision that it is compared with; the one before it if not given"),
  }),
  status: 200,
  answer: name(
    "SettingsDifferences",
    z.object({
      from: z.int().optional().describe("Not there for the first revision, which has none before it"),
      to: z.int(),
      differences: z.array(settingsDifference),
    }),
  ),
  problems: [404],
});

export const postSettingsRollback = operation({
  id: "post-config-settings-rollback",
  method: "POST",
  path: `${PATH}/rollback`,
  tag: TAG,
  summary: "Makes the settings what they were at a revision, secrets included, as a new revision",
  scope: scopes.settingsWrite,
  params,
  query: z.object({
    dryRun: z
      .boolean()
      .default(false)
      .describe("Answers what would differ and why it would be refused; changes nothing"),
  }),
  status: 200,
  answer: settingsApplied,
  problems: [403, 404, 412],
  etag: true,
});

/** All of this file, in the order they are listed. */
export const settingsHistoryOperations = [getSettingsDifferences, postSettingsRollback] as const;
