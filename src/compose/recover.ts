/** `sallyport admin recover`: the parts, for the owner of the data folder alone. */
import process from "node:process";
import { ownerFault, recoverAdministrator } from "../surfaces/admin/host/administrators.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import { openParts } from "./parts.ts";
import { readHostConfig } from "./with-parts.ts";

export async function recover(file: string, name: string): Promise<Said> {
  const config = readHostConfig(file, "people");
  // Before anything is opened: opening makes what is missing.
  const fault = ownerFault(config.data, process.getuid?.());
  if (fault !== undefined) return { ok: false, text: fault };
  const parts = await openParts(config);
  try {
    return await recoverAdministrator(parts, name);
  } finally {
    await parts.close();
  }
}
