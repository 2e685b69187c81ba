/**
 * The settings as one document for people: scripts by acr, clients by client_id in the names of `sallyport.yaml`. It is
 * what `config export` writes and `config apply` takes; secrets are null in it.
 */
import { z } from "zod";
import { factorPolicySchema } from "../../../core/factor-policy-settings.ts";
import { helpDeskSchema } from "../../../core/help-desk-settings.ts";
import { passwordsSchema } from "../../../core/password-settings.ts";
import { portalSchema } from "../../../core/portal-settings.ts";
import { pumpingSchema } from "../../../core/pumping-settings.ts";
import { rememberedSchema } from "../../../core/remembered-settings.ts";
import { retentionSchema } from "../../../core/retention.ts";
import { sendingSchema } from "../../../core/sending-settings.ts";
import {
  clientFields,
  deliverySchema,
  documentSchema,
  gatewaySchema,
  limitsSchema,
  loggingSchema,
  scriptSchema,
} from "../../../core/settings.ts";
import { spendSchema } from "../../../core/spend.ts";
import { testNumbersSchema } from "../../../core/test-numbers.ts";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name, paged } from "./shapes.ts";

const SECRET = "null: a secret that stays as it is; a text replaces it, the empty text clears it";
const { brand, defaultAcr, enrolment, countries, texts } = documentSchema.shape;
const { inum, aliases, description, level, source } = scriptSchema.shape;

const script = z.strictObject({
  inum: inum.optional(),
  enabled: z.boolean().optional(),
  level: level.optional(),
  aliases: aliases.unwrap().optional(),
  description: description.unwrap().optional(),
  properties: z.record(z.string().max(100), z.string().max(10_000).nullable().describe(SECRET)).optional(),
  source: source.describe(
    "Of an entry that is none of the built-in ones, or of a built-in one that was changed; empty: as it came",
  ),
});

const gateway = gatewaySchema.omit({ name: true, configurationProperties: true }).extend({
  properties: z.record(z.string().max(100), z.string().max(10_000).nullable().describe(SECRET)).default({}),
});

const client = clientFields
  .omit({ client_id: true })
  .extend({ client_secret: z.string().max(1000).nullish().describe(SECRET) });

export const settingsShape = name(
  "Settings",
  z.strictObject({
    revision: z.int().optional().describe("Which revision was read; not read when written"),
    brand: brand.unwrap().optional(),
    defaultAcr: defaultAcr.optional(),
    scripts: z
      .record(z.string().max(60), script)
      .optional()
      .describe(
        "By acr. Fields that are left out stay; a built-in script that is left out stays, another one goes",
      ),
    clients: z
      .record(z.string().max(128), client)
      .optional()
      .describe(
        "By client_id, all of them: a client that is left out goes, a field that is left out is at its default",
      ),
    enrolment: enrolment.unwrap().optional(),
    countries: countries.unwrap().optional(),
    limits: limitsSchema.optional(),
    sending: sendingSchema.optional(),
    pumping: pumpingSchema.optional(),
    spend: spendSchema.optional(),
    portal: portalSchema.optional(),
    helpDesk: helpDeskSchema.optional(),
    passwords: passwordsSchema.optional(),
    rememberedDevices: rememberedSchema.optional(),
    factorPolicy: factorPolicySchema.optional(),
    testNumbers: testNumbersSchema.optional(),
    texts: texts.unwrap().optional(),
    logging: loggingSchema.optional(),
    delivery: deliverySchema.optional(),
    retention: retentionSchema.optional(),
    gateways: z
      .record(z.string().max(100), gateway)
      .optional()
      .describe(
        "By name, all of them, in the order in which they stand behind the script's own: one that is left out goes",
      ),
  }),
);
export type SettingsShape = z.output<typeof settingsShape>;

/** What differs at one place. */
export const settingsDifference = z.object({
  path: z.string(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
});

/** What a change of the settings did, or would do. */
export const settingsApplied = name(
  "SettingsApplied",
  z.object({
    revision: z.int().describe("The newest revision"),
    changed: z.boolean().describe("Whether a revision was made, or with dryRun would be"),
    dryRun: z.boolean(),
    differences: z
      .array(settingsDifference)
      .describe("Every place that differs; a secret is said to differ, never what it is"),
    faults: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe("With dryRun: why it would be refused"),
  }),
);

const TAG = "Configuration – Settings";
const PATH = "/api/v1/config/settings";
const { limit, startIndex, cursor } = listQuery;

export const getSettings = operation({
  id: "get-config-settings",
  method: "GET",
  path: PATH,
  tag: TAG,
  summary: "The whole settings, without secrets",
  scope: scopes.settingsRead,
  status: 200,
  answer: settingsShape,
  etag: true,
});
export const putSettings = operation({
  id: "put-config-settings",
  method: "PUT",
  path: PATH,
  tag: TAG,
  summary: "Makes the settings what the document says; parts that it does not name stay",
  scope: scopes.settingsWrite,
  query: z.object({
    dryRun: z
      .boolean()
      .default(false)
      .describe("Answers what would differ and why it would be refused; changes nothing"),
  }),
  body: settingsShape,
  status: 200,
  answer: settingsApplied,
  problems: [412],
  etag: true,
});
export const getSettingsHistory = operation({
  id: "get-config-settings-history",
  method: "GET",
  path: `${PATH}/history`,
  tag: TAG,
  summary: "Who has changed the settings, when and what, newest first",
  scope: scopes.settingsRead,
  query: z.object({ limit, startIndex, cursor }),
  status: 200,
  answer: paged(
    "SettingsHistory",
    z.object({ revision: z.int(), at: z.string(), by: z.string(), what: z.string() }),
  ),
});
export const getSettingsRevision = operation({
  id: "get-config-settings-revision",
  method: "GET",
  path: `${PATH}/history/{revision}`,
  tag: TAG,
  summary: "The settings as they were at one revision, without secrets",
  scope: scopes.settingsRead,
  params: z.object({
    revision: z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .describe("Number of the revision"),
  }),
  status: 200,
  answer: settingsShape,
  problems: [404],
});

export const settingsOperations = [
  getSettings,
  putSettings,
  getSettingsHistory,
  getSettingsRevision,
] as const;
