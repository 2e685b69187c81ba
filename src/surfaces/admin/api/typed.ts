/** Text where a schema wants a number or a boolean: queries are text, and tools that know no types patch with text. */
import { z } from "zod";

/** The object with each text that stands for a number or boolean of the schema turned into it; all else as it is. */
export function typed(value: unknown, schema: z.ZodObject): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, given]) => [
      key,
      typedAs(given, schema.shape[key] as z.ZodType | undefined),
    ]),
  );
}

function typedAs(given: unknown, schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return given;
  const inner = plain(schema);
  if (inner instanceof z.ZodObject) return typed(given, inner);
  if (typeof given !== "string") return given;
  if (inner instanceof z.ZodNumber && /^-?\d{1,15}$/.test(given)) return Number(given);
  if (inner instanceof z.ZodBoolean && /^(true|false)$/i.test(given)) return given.toLowerCase() === "true";
  return given;
}

function plain(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
    ? plain(schema.unwrap() as z.ZodType)
    : schema;
}
