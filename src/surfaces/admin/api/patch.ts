/** JSON Patch (RFC 6902) over what an administrator sees. */
import { applyPatch, type Operation } from "rfc6902";
import type { z } from "zod";
import type { Fault } from "../../../core/settings.ts";
import { faultsOf } from "../../../core/settings-revisions.ts";
import type { JsonPatch } from "../contract/shapes.ts";
import { typed } from "./typed.ts";

/** The view after the patch, its types mended, or what is wrong with it. */
export function patched<V extends object>(
  view: V,
  patches: readonly JsonPatch[],
  schema: z.ZodObject & z.ZodType<V>,
): V | readonly Fault[] {
  const copy = structuredClone(view);
  const problems = applyPatch(copy, patches as Operation[]);
  const failed = problems.findIndex((problem) => problem !== null);
  if (failed >= 0)
    return [
      {
        path: `[${failed}]`,
        message: `cannot be done: ${problems[failed]?.name ?? "it"} at ${patches[failed]?.path}`,
      },
    ];
  const parsed = schema.safeParse(typed(copy, schema));
  return parsed.success ? (parsed.data as V) : faultsOf(parsed.error);
}

/** Whether it is a list of faults, and not what was made. */
export const isFaults = (made: object | undefined): made is readonly Fault[] =>
  Array.isArray(made) &&
  made.every((one) => typeof one === "object" && one !== null && "message" in one) &&
  made.length > 0;
