/** Opens the parts for one act of a command on this host, and closes them again. */
import { readConfig } from "../config.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { openParts, type Parts } from "./parts.ts";

export async function withParts(config: string, act: (parts: Parts) => Promise<Said>): Promise<Said> {
  const parts = await openParts(readConfig(config, process.env));
  try {
    return await act(parts);
  } finally {
    await parts.close();
  }
}
