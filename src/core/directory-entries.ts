/** The list of directories as the boot file has it: what every entry has; the rest its plug-in judges. */
import { z } from "zod";
import type { Secret } from "./secret.ts";

/** `secret`: how the file writes a secret. */
export const directoryEntries = <S extends z.ZodType>(secret: S) =>
  z.array(z.looseObject({ type: z.enum(["sql", "ldap"]), bind_password: secret.optional() })).optional();

export type DirectoryEntry = Readonly<Record<string, unknown>>;

/** Entries with their secrets read and their files found. `at`: the file's folder made the beginning of a path. */
export function readEntries<W>(
  entries: readonly ({ readonly bind_password?: W | undefined } & DirectoryEntry)[] | undefined,
  reveal: (value: W | undefined, name: string) => Secret | undefined,
  at: (path: string) => string,
): { readonly directories?: readonly DirectoryEntry[] } {
  if (entries === undefined) return {};
  const directories = entries.map(({ bind_password: password, ...entry }, index) => {
    const given = reveal(password, `directories[${index}].bind_password`);
    return {
      ...entry,
      ...(given === undefined ? {} : { bind_password: given }),
      ...(typeof entry.ca === "string" ? { ca: at(entry.ca) } : {}),
    };
  });
  return { directories };
}
