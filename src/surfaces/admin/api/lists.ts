/** Lists held in memory (scripts, clients): filter, sort and page as the original does, with signed cursors. */
import type { z } from "zod";
import type { listQuery } from "../contract/shapes.ts";
import { type Refusal, refuse } from "./call.ts";

export type ListQuery = z.output<z.ZodObject<typeof listQuery>>;

/** Signs the place in a list, so that nobody can make one up (GO-2026-4807). */
export interface Cursors {
  seal(list: string, place: string): string;
  /** undefined: not one of ours for this list. */
  open(list: string, cursor: string): string | undefined;
}

/** `mac`: a keyed hash of this deployment, the same in every node. */
export function createCursors(mac: (label: string, value: string) => string): Cursors {
  const sign = (list: string, place: string) => mac(`cursor ${list}`, place).slice(0, 27);
  return {
    seal: (list, place) => `${Buffer.from(place).toString("base64url")}.${sign(list, place)}`,
    open(list, cursor) {
      const [coded = "", signature = ""] = cursor.split(".");
      const place = Buffer.from(coded, "base64url").toString();
      return signature === sign(list, place) ? place : undefined;
    },
  };
}

type Plain = string | number | boolean | null | undefined;

export interface Listing<E> {
  readonly name: string;
  /** What can be filtered and sorted by, and is looked through for a pattern. */
  readonly fields: Readonly<Record<string, (entry: E) => Plain>>;
}

/** `name=value,name=value`. */
export const pairsOf = (text: string): readonly (readonly [string, string])[] =>
  text
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0
        ? ([pair.trim(), ""] as const)
        : ([pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const);
    });

/** The page of `entries` that the query asks for, or why it cannot be had. */
export function pageOf<E>(
  { name, fields }: Listing<E>,
  entries: readonly E[],
  query: ListQuery,
  cursors: Cursors,
) {
  const known = Object.keys(fields).join(", ");
  const sortBy = fields[query.sortBy];
  if (sortBy === undefined) return refuse(400, "sortBy", `sortBy: must be one of ${known}`);
  const pairs = pairsOf(query.fieldValuePair);
  const unknown = pairs.find(([field]) => fields[field] === undefined);
  if (unknown !== undefined)
    return refuse(400, "fieldValuePair", `fieldValuePair: ${JSON.stringify(unknown[0])} is none of ${known}`);
  const place = query.cursor === undefined ? String(query.startIndex) : cursors.open(name, query.cursor);
  if (place === undefined) return refuse(400, "cursor", "cursor: is not one that this list has given out");
  const start = Number(place);
  const wanted = query.pattern
    .toLowerCase()
    .split(",")
    .map((token) => token.trim())
    .filter((token) => token !== "");
  const text = (value: Plain) => String(value ?? "").toLowerCase();
  const found = entries
    .filter((entry) => pairs.every(([field, value]) => text(fields[field]?.(entry)) === value.toLowerCase()))
    .filter(
      (entry) =>
        wanted.length === 0 ||
        wanted.some((token) => Object.values(fields).some((read) => text(read(entry)).includes(token))),
    )
    .sort((a, b) => compare(sortBy(a), sortBy(b)) * (query.sortOrder === "descending" ? -1 : 1));
  const page = found.slice(start, start + query.limit);
  const end = start + page.length;
  return {
    page,
    facts: {
      start,
      totalEntriesCount: found.length,
      entriesCount: page.length,
      ...(end < found.length && page.length > 0 ? { next: cursors.seal(name, String(end)) } : {}),
    },
  };
}

export const isRefusal = (result: object): result is Refusal => "refused" in result;

const compare = (a: Plain, b: Plain): number => {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "") < String(b ?? "") ? -1 : String(a ?? "") > String(b ?? "") ? 1 : 0;
};
