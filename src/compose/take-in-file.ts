/** The boot file at a start: its settings, where it says something else than last time, become a revision. */
import { invalid } from "../config.ts";
import type { Parts } from "./parts.ts";
import { takeIn } from "./seed.ts";

/** Refuses a file that the settings cannot take. */
export async function takeInFile({ settings, config, now }: Parts): Promise<void> {
  const change = await settings.change({
    change: (document) => takeIn(document, config, now()),
    by: "sallyport.yaml",
    what: "the file has changed",
  });
  if (change.kind === "faulty")
    throw invalid(
      "sallyport.yaml",
      change.faults.map(({ path, message }) => `${path}: ${message}`),
    );
}
