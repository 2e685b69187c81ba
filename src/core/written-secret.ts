/** Secrets in files that people write: they stand there themselves, or the file says where they are. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { Secret } from "./secret.ts";

/** Stands for a secret that could not be had, so that its lack is said once. */
export const NOTHING = "-".repeat(32);

/** A secret stands in the file itself, or the file names where it is: `{ file: … }` or `{ env: … }`. */
export const secret = z.union(
  [
    z.string().min(1, "must not be empty"),
    z.strictObject({ file: z.string() }),
    z.strictObject({ env: z.string() }),
  ],
  "must be a string (digits alone in quotes), { file: PATH } or { env: NAME }",
);

/** Reads secrets as the file writes them; what cannot be had is a fault, and something else stands for it. */
export const secretReader =
  (
    base: string,
    environment: Readonly<Record<string, string | undefined>>,
    onFault: (fault: string, name: string) => void,
  ) =>
  (value: WrittenSecret | undefined, name: string): Secret | undefined => {
    if (value === undefined || typeof value === "string")
      return value === undefined ? undefined : new Secret(value);
    if ("env" in value) {
      const found = environment[value.env];
      if (found !== undefined && found !== "") return new Secret(found);
      onFault(`${name}: the environment variable ${value.env} is not set`, name);
      return new Secret(NOTHING);
    }
    try {
      return new Secret(readFileSync(resolve(base, value.file), "utf8").trim());
    } catch (problem) {
      onFault(`${name}: the file ${value.file} cannot be read (${codeOf(problem)})`, name);
      return new Secret(NOTHING);
    }
  };

export type WrittenSecret = z.infer<typeof secret>;

const codeOf = (problem: unknown): string => (problem as { code?: string }).code ?? "unreadable";
