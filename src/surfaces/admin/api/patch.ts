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
  // Tools of the original leave the first slash out; whatever else is no JSON Pointer (RFC 6901) makes the library throw.
  const pointed = patches.map((patch) => ({ ...patch, path: pointer(patch.path), ...fromOf(patch) }));
  const wrong = pointed.findIndex(({ path, from = "" }) => !isPointer(path) || !isPointer(from));
  if (wrong >= 0)
    return [{ path: `[${wrong}]`, message: "path and from must be JSON Pointers such as /enabled" }];
  const copy = structuredClone(view);
  const problems = applyPatch(copy, pointed as Operation[]);
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

const pointer = (path: string): string => (path === "" || path.startsWith("/") ? path : `/${path}`);
const fromOf = ({ from }: JsonPatch) => (from === undefined ? {} : { from: pointer(from) });
const isPointer = (path: string): boolean => /^(\/([^~/]|~[01])*)*$/.test(path);

/** Whether it is a list of faults, and not what was made. */
export const isFaults = (made: object | undefined): made is readonly Fault[] =>
  Array.isArray(made) &&
  made.every((one) => typeof one === "object" && one !== null && "message" in one) &&
  made.length > 0;
