/** The demo over somebody's own directories: `SALLYPORT_DIRECTORIES` names a file with the list that `serve` has in its own. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type BootConfig, invalid, sentences } from "../config.ts";
import { directoryEntries, readEntries } from "../core/directory-entries.ts";
import { secret, secretReader } from "../core/written-secret.ts";
import { directoryFaults } from "./directories.ts";

const fileSchema = z.strictObject({ directories: directoryEntries(secret) });

/** The list, or nothing where no file is named; throws with every fault of it. */
export function demoDirectories(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<BootConfig, "directories"> {
  const file = environment.SALLYPORT_DIRECTORIES;
  if (file === undefined || file === "") return {};
  const faults: string[] = [];
  const parsed = fileSchema.safeParse(read(file));
  if (!parsed.success) throw invalid(file, sentences(parsed.error));
  const base = dirname(resolve(file));
  const found = readEntries(
    parsed.data.directories,
    secretReader(base, environment, (fault) => faults.push(fault)),
    (path) => resolve(base, path),
  );
  faults.push(...directoryFaults(found));
  if (faults.length > 0) throw invalid(file, faults);
  return found;
}

function read(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (problem) {
    throw invalid(file, [`cannot be read: ${(problem as Error).message.split("\n")[0]}`]);
  }
}
