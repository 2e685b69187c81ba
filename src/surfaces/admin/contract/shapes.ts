/** Shapes that many operations share: errors, lists, patches. Names as in the original's OpenAPI document. */
import { z } from "zod";

/** Schemas that have a name of their own in the OpenAPI document, by that name. */
export const named = new Map<string, z.ZodType>();

/** Gives a schema its name in the OpenAPI document. */
export function name<S extends z.ZodType>(id: string, schema: S): S {
  const known = schema.meta({ id });
  named.set(id, known);
  return known;
}

name(
  "ApiError",
  z.object({
    code: z.string().describe("The HTTP status, as text"),
    message: z.string().describe("What is wrong, as a word for programs or a sentence"),
    description: z.string().optional().describe("What is wrong, where, and what to do"),
    faults: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe("Every fault of what was sent, with its place"),
  }),
);

const LONGEST = 200;

/** Query of a list, as the original has it, and a cursor for walking a long one without gaps. */
export const listQuery = {
  limit: z.int().min(0).max(LONGEST).default(50).describe("Search size - max size of the results to return"),
  pattern: z.string().max(200).default("").describe("Search pattern"),
  startIndex: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe("The 0-based index of the first query result"),
  sortBy: z
    .string()
    .max(50)
    .default("inum")
    .describe("Attribute whose value will be used to order the returned response"),
  sortOrder: z
    .enum(["ascending", "descending"])
    .default("ascending")
    .describe('Order in which the sortBy param is applied. Allowed values are "ascending" and "descending"'),
  fieldValuePair: z
    .string()
    .max(1000)
    .default("")
    .describe("Field and value pair for searching, such as enabled=true"),
  cursor: z.string().max(2000).optional().describe("The `next` of the answer before; goes before startIndex"),
};

/** A page of a list. `next` is there while there is more. */
export const paged = <E extends z.ZodType>(id: string, entry: E) =>
  name(
    id,
    z.object({
      start: z.int(),
      totalEntriesCount: z.int(),
      entriesCount: z.int(),
      entries: z.array(entry),
      next: z.string().optional(),
    }),
  );

/** RFC 6902. A value may be text where the field is none: tools that know no types send `"false"` and `"50"`. */
export const jsonPatch = name(
  "JsonPatch",
  z.strictObject({
    op: z.enum(["add", "remove", "replace", "move", "copy", "test"]),
    path: z.string().max(500),
    from: z.string().max(500).optional(),
    value: z.unknown().optional(),
  }),
);
export const jsonPatches = z.array(jsonPatch).max(100);
export type JsonPatch = z.infer<typeof jsonPatch>;

/** Why something is done: one line for the audit. */
export const reason = z
  .string()
  .max(200)
  .regex(/^[ -~\u00a0-\uffff]*$/, "one line of text")
  .describe("Why; goes into the audit");

/** A name or id in a path. */
export const pathPart = (description: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .regex(/^[ !"$-.0->@-~\u00a0-\uffff]+$/)
    .describe(description);
