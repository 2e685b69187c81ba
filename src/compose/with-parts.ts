/** Opens the parts for one act of a command on this host, and closes them again. */
import { existsSync } from "node:fs";
import process from "node:process";
import { type BootConfig, readConfig } from "../config.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { openParts, type Parts } from "./parts.ts";
import { wholeFile } from "./seed.ts";

/** What an act on this host looks into: the store alone, or people as well, who may be in a directory elsewhere. */
export type Reach = "store" | "people";

const NEEDED: Readonly<Record<Reach, RegExp>> = {
  store: /^(master_key|store\.url)$/,
  people: /^(master_key$|store\.url$|directories\[)/,
};

/**
 * sallyport.yaml for a command on this host. A secret that it does not use may be out of reach: in an environment or a
 * credential that only the running service has.
 */
export const readHostConfig = (file: string, reach: Reach): BootConfig =>
  readConfig(
    file,
    process.env,
    () => [],
    (name) => NEEDED[reach].test(name),
  );

export async function withParts(
  config: string,
  act: (parts: Parts) => Promise<Said>,
  reach: Reach = "people",
): Promise<Said> {
  const boot = readHostConfig(config, reach);
  // The first settings would be made of the file: refused before a folder is made.
  if (boot.store.type === "sqlite" && !existsSync(boot.store.file)) wholeFile(boot);
  const parts = await openParts(boot);
  try {
    return await act(parts);
  } finally {
    await parts.close();
  }
}
