/** Logging, in the original's names. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name } from "./shapes.ts";

const logging = name(
  "Logging",
  z.strictObject({
    loggingLevel: z
      .string()
      .regex(/^(TRACE|DEBUG|INFO|WARN|ERROR|)$/i, "must be one of TRACE, DEBUG, INFO, WARN, ERROR")
      .nullish()
      .describe("TRACE, DEBUG, INFO, WARN or ERROR"),
    loggingLayout: z
      .string()
      .regex(/^(text|json|)$/i, "must be text or json")
      .nullish()
      .describe("text or json"),
    httpLoggingEnabled: z.boolean().nullish().describe("A line per request, without its query"),
    disableJdkLogger: z.boolean().nullish().describe("There is none: true, and nothing else is taken"),
    enabledOAuthAuditLogging: z
      .boolean()
      .nullish()
      .describe("A line per event of the audit as well; the audit itself is always written"),
    externalLoggerConfiguration: z
      .string()
      .max(1000)
      .nullish()
      .describe("Not done: empty, and nothing else is taken"),
    httpLoggingExcludePaths: z
      .array(z.string().max(200))
      .max(50)
      .nullish()
      .describe("Paths, with all below them, that get no line"),
  }),
);
export type LoggingView = z.infer<typeof logging>;

const TAG = "Configuration – Logging";
const PATH = "/api/v1/logging";

export const getLogging = operation({
  id: "get-config-logging",
  method: "GET",
  path: PATH,
  tag: TAG,
  summary: "Returns Jans Authorization Server logging settings",
  scope: scopes.loggingRead,
  status: 200,
  answer: logging,
  etag: true,
});
export const putLogging = operation({
  id: "put-config-logging",
  method: "PUT",
  path: PATH,
  tag: TAG,
  summary: "Updates Jans Authorization Server logging settings",
  scope: scopes.loggingWrite,
  body: logging,
  status: 200,
  answer: logging,
  problems: [412],
  etag: true,
});

export const loggingOperations = [getLogging, putLogging] as const;
