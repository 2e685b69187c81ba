/** The audit, to be read; and the keys, to be counted and rotated. Neither holds a secret. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name, pathPart } from "./shapes.ts";

const entry = name(
  "AuditEntry",
  z.object({
    seq: z.int().describe("Its place in the audit"),
    at: z.iso.datetime(),
    kind: z.string(),
    subject: z.string().optional(),
    login: z.string().optional(),
    client: z.string().optional(),
    address: z.string().optional(),
    facts: z.record(z.string(), z.unknown()).optional(),
  }),
);

const time = (description: string) =>
  z.iso
    .datetime({ offset: true, error: "must be a time such as 2027-01-31T00:00:00Z" })
    .optional()
    .describe(`${description}, such as 2027-01-31T00:00:00Z`);
const word = (description: string) => z.string().min(1).max(300).optional().describe(description);

export const getAudit = operation({
  id: "get-audit",
  method: "GET",
  path: "/api/v1/audit",
  tag: "Audit",
  summary: "Reads the audit, newest first",
  scope: scopes.auditRead,
  query: z.object({
    limit: z.int().min(1).max(200).default(50).describe("Entries of a page at most; it may hold fewer"),
    kind: z
      .string()
      .regex(/^[a-z-]{1,40}(,[a-z-]{1,40}){0,19}$/)
      .optional()
      .describe("Kinds, with commas between them"),
    subject: word("Whom it is about: the person's inum"),
    login: word("The login it happened in"),
    client: word("The client_id"),
    by: word("Who did it: an administrator's username, client …, host"),
    from: time("Not before"),
    to: time("Before"),
    cursor: listQuery.cursor,
  }),
  status: 200,
  answer: name(
    "AuditPage",
    z.object({
      entries: z.array(entry),
      next: z.string().optional().describe("The cursor of the next page; there while there may be more"),
    }),
  ),
});

const key = name(
  "Key",
  z.object({
    id: z.string(),
    purpose: z.string(),
    state: z.enum(["next", "current", "old"]),
    createdAt: z.iso.datetime(),
    activeFrom: z.iso.datetime(),
    expiresAt: z.iso.datetime().optional(),
  }),
);

export const getKeys = operation({
  id: "get-keys",
  method: "GET",
  path: "/api/v1/keys",
  tag: "Keys",
  summary: "Lists the keys of this deployment, without what they are made of",
  scope: scopes.keysRead,
  status: 200,
  answer: z.array(key),
});
export const rotateKey = operation({
  id: "post-keys-rotate",
  method: "POST",
  path: "/api/v1/keys/{purpose}/rotate",
  tag: "Keys",
  summary: "Publishes a new key of a purpose; the old one stays valid for its overlap",
  scope: scopes.keysWrite,
  params: z.object({ purpose: pathPart("signing-rs256, signing-es256, cookie, code, seal or csrf") }),
  status: 201,
  answer: z.array(key),
});

/** All of this file, in the order they are listed. */
export const auditOperations = [getAudit, getKeys, rotateKey] as const;
