/** How this server is doing, in numbers that are counted as they happen: nothing here grows with people. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name } from "./shapes.ts";

const finding = z.object({
  level: z.enum(["ok", "warning", "error"]),
  what: z.string(),
  message: z.string(),
});

export const getOverview = operation({
  id: "get-overview",
  method: "GET",
  path: "/api/v1/overview",
  tag: "Overview",
  summary: "Health of the parts, and what happened in each of the last 24 hours",
  scope: scopes.auditRead,
  status: 200,
  answer: name(
    "Overview",
    z.object({
      issuer: z.string(),
      version: z.string(),
      now: z.iso.datetime(),
      startedAt: z.iso.datetime().describe("When the node that answers was started"),
      revision: z.int().describe("Of the settings"),
      health: z.array(finding).describe("A finding or more for each part: store, brake, gateways"),
      hours: z
        .array(z.object({ from: z.iso.datetime(), counts: z.record(z.string(), z.int()) }))
        .describe("The last 24, oldest first; counts by kind of the audit, of all nodes"),
    }),
  ),
});

/** All of this file, in the order they are listed. */
export const overviewOperations = [getOverview] as const;
