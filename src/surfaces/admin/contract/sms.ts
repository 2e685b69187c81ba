/** Texts: what they cost, what the pumping guard decided, and the numbers that are not real. To be read. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name } from "./shapes.ts";

const TAG = "Texts";
const day = z.iso.date();

export const getSpend = operation({
  id: "get-spend",
  method: "GET",
  path: "/api/v1/sms/spend",
  tag: TAG,
  summary: "What texts and calls have cost, by day, country, client and channel",
  scope: scopes.smsRead,
  query: z.object({
    from: day
      .optional()
      .describe("First day (UTC), such as 2027-01-31; the first of this month if not given"),
    to: day.optional().describe("Last day; today if not given"),
  }),
  status: 200,
  answer: name(
    "Spend",
    z.object({
      from: z.string(),
      to: z.string(),
      total: z.number(),
      rows: z.array(
        z.object({
          day: z.string(),
          country: z.string(),
          client: z.string(),
          channel: z.string(),
          count: z.int(),
          estimate: z.number().describe("By the price table"),
          actual: z.number().describe("By the provider, for those it has named its price of"),
          total: z.number(),
        }),
      ),
    }),
  ),
});

const measures = z.object({
  dayOpen: z.int(),
  dayVerified: z.int(),
  hourOpen: z.int(),
  hourVerified: z.int(),
  best: z.int(),
});

export const getSmsDecisions = operation({
  id: "get-sms-decisions",
  method: "GET",
  path: "/api/v1/sms/decisions",
  tag: TAG,
  summary: "What the pumping guard decided of typed numbers and why, newest first",
  scope: scopes.smsRead,
  query: z.object({
    since: z.iso.datetime({ offset: true }).optional().describe("Not before; the last day if not given"),
    limit: z.int().min(1).max(200).default(50),
    cursor: listQuery.cursor,
  }),
  status: 200,
  answer: name(
    "SmsDecisions",
    z.object({
      decisions: z.array(
        z.object({
          at: z.iso.datetime(),
          login: z.string(),
          client: z.string(),
          country: z.string(),
          phone: z.string().describe("Its last two digits"),
          address: z.string(),
          blocked: z.boolean(),
          verdict: z
            .object({ scope: z.string(), span: z.string(), open: z.number(), threshold: z.number() })
            .optional(),
          elsewhere: z.string().optional().describe("Country of the address, where it is another one"),
          evidence: z.object({
            country: measures,
            block: measures,
            address: measures,
            countries: z.int(),
          }),
        }),
      ),
      next: z.string().optional(),
    }),
  ),
});

export const getTestNumbers = operation({
  id: "get-sms-test-numbers",
  method: "GET",
  path: "/api/v1/sms/test-numbers",
  tag: TAG,
  summary: "Numbers with a fixed code, whose they are and how long they count; set in the settings",
  scope: scopes.smsRead,
  status: 200,
  answer: z.array(
    z.object({
      number: z.string(),
      owner: z.string(),
      reason: z.string(),
      from: z.string(),
      until: z.string(),
      active: z.boolean(),
    }),
  ),
});

export const smsOperations = [getSpend, getSmsDecisions, getTestNumbers] as const;
