/** The logs of the node that answers, to be read from their end. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name } from "./shapes.ts";

export const getLogs = operation({
  id: "get-logs",
  method: "GET",
  path: "/api/v1/logs/{log}",
  tag: "Logs",
  summary: "Reads a log of the node that answers, newest line first",
  scope: scopes.loggingRead,
  params: z.object({
    log: z
      .string()
      .regex(/^(server|script)$/)
      .describe("server or script"),
  }),
  query: z.object({
    limit: z.int().min(1).max(200).default(50).describe("Lines of a page at most; it may hold fewer"),
    level: z
      .enum(["trace", "debug", "info", "warn", "error"])
      .default("trace")
      .describe("Lines of this level and above"),
    pattern: z.string().max(200).default("").describe("Lines that hold this text, in any case"),
    cursor: listQuery.cursor,
  }),
  status: 200,
  answer: name(
    "LogPage",
    z.object({
      lines: z.array(z.string()),
      next: z.string().optional().describe("The cursor of the next page; there while there may be more"),
    }),
  ),
  problems: [404],
});

/** All of this file, in the order they are listed. */
export const logOperations = [getLogs] as const;
