/** The data folder and the master key in it: made on first start, for this user's eyes only, never overwritten. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BootConfig } from "../config.ts";
import { Breakage } from "../core/errors.ts";
import { makeFile, ownerAdvice } from "../core/folder-owner.ts";
import { Secret } from "../core/secret.ts";

const codeOf = (problem: unknown): string => (problem as { code?: string }).code ?? "unknown";

/** Throws Breakage `store-unavailable` with one sentence when the folder cannot be made or written. */
export function openDataFolder(config: BootConfig): void {
  try {
    makeFolder(config.data);
    accessSync(config.data, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (problem) {
    const where =
      config.mode === "demo"
        ? "set SALLYPORT_DATA to a folder that can be"
        : "name a folder that can be under data:";
    const advice = ownerAdvice(config.data, true);
    const what = `The data folder ${config.data} cannot be written (${codeOf(problem)})`;
    throw new Breakage(
      "store-unavailable",
      advice === undefined ? `${what}; ${where}.` : `${what}: ${advice}. Or ${where}.`,
      { cause: problem },
    );
  }
}

/** Like `mkdir -p`. Node's own recursive mkdir never returns where a folder cannot be made (below /proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (problem) {
    // Another process that starts at the same time may have made it.
    if (codeOf(problem) !== "EEXIST" || !statSync(folder).isDirectory()) throw problem;
  }
}

/** The key all others are sealed under, from the data folder of an embedded store. */
export function openMasterKey(config: BootConfig): Secret {
  const file = join(config.data, "master.key");
  if (config.store.type === "sqlite" && existsSync(config.store.file) && !existsSync(file))
    throw new Breakage(
      "key-unavailable",
      `The master key ${file} is gone, and the database ${config.store.file} cannot be read without it; put it back from a backup.`,
    );
  try {
    // The first of two processes that start at once writes it, the other finds it.
    makeFile(file, `${randomBytes(32).toString("base64")}\n`);
  } catch (problem) {
    if (codeOf(problem) !== "EEXIST")
      throw new Breakage(
        "key-unavailable",
        `The master key ${file} cannot be written (${codeOf(problem)}); give this user the right to.`,
        { cause: problem },
      );
  }
  const text = readKey(file).trim();
  if (Buffer.from(text, "base64").length !== 32)
    throw new Breakage(
      "key-unavailable",
      `The master key ${file} is damaged; put it back from a backup. Without it the database next to it cannot be read.`,
    );
  return new Secret(text);
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (problem) {
    const advice = ownerAdvice(file, true) ?? "give this user the right to";
    throw new Breakage(
      "key-unavailable",
      `The master key ${file} cannot be read (${codeOf(problem)}): ${advice}.`,
      {
        cause: problem,
      },
    );
  }
}
