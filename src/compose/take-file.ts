/** What the boot file says of settings, taken in at the start; and a failure in one line, for whoever reads the log. */
import { invalid } from "../config.ts";
import type { Parts } from "./parts.ts";
import { takeIn } from "./seed.ts";

/** The boot file's settings, where it says something else than at the last start. Refuses a file the settings cannot take. */
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

/** What failed and what made it fail; the first line of each. */
export const reasonOf = (problem: unknown): string => {
  if (!(problem instanceof Error)) return "unknown";
  const line = problem.message.split("\n")[0] ?? "";
  return problem.cause instanceof Error ? `${line}: ${problem.cause.message.split("\n")[0] ?? ""}` : line;
};
