/**
 * surfaces/admin/host/people-files: people from files of other servers and into a file. A format's reader turns what
 * stands there into a `Found`; `check.ts` turns that into a person this server can have, or says what is wrong, with the
 * line. Called by import.ts and export.ts; nothing here opens the store or knows a command line.
 */

/** A phone number as it stands in the file, and whether the file says that the person has shown it to be theirs. */
export interface FoundPhone {
  readonly number: string;
  readonly verified: boolean;
  /** Digits of an international number without the `+`, as Casa keeps them. */
  readonly bare?: boolean | undefined;
}

/** A person as a file has them; nothing is checked yet. */
export interface Found {
  readonly kind: "person";
  readonly line: number;
  /** undefined: made of the username. */
  readonly id?: string | undefined;
  readonly username: string | undefined;
  readonly hash?: string | undefined;
  readonly active: boolean;
  readonly claims: Readonly<Record<string, string | boolean | undefined>>;
  readonly phones: readonly FoundPhone[];
  readonly createdAt?: number | undefined;
  /** What a provisioning client calls them; without the client it means nothing. */
  readonly external?: { readonly id: string; readonly client: string | undefined } | undefined;
  /** What stands there and is not taken over, a sentence each. */
  readonly notes: readonly string[];
}

/** A place in the file that holds no person but should, or nothing this import is about. */
export type NotFound =
  | { readonly kind: "fault"; readonly line: number; readonly why: string }
  | { readonly kind: "other"; readonly line: number };

export type Row = Found | NotFound;

/** Text of a JSON value; numbers and booleans as they are written. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** `true`, `TRUE`, `1`, `yes`: as exports write it. */
export const isTrue = (value: unknown): boolean => /^(true|1|yes)$/i.test(asText(value) ?? "");

/** A field of an object, own ones alone: nothing in a file reaches a prototype. */
export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
