/** What should be installed and what is: a hash of the lock file, kept inside the node_modules it describes. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Relative to the folder that holds node_modules, so that marker and packages can only move together. */
const MARKER = path.join("node_modules", ".installed");

/** The lock file's bytes and the fingerprint (SHA-256 of them, the platform and the architecture, hex). */
export function readWanted(root) {
  let lock;
  try {
    lock = readFileSync(path.join(root, "package-lock.json"));
  } catch (cause) {
    throw new Error("package-lock.json cannot be read; restore it with: git checkout package-lock.json", {
      cause,
    });
  }
  const hash = createHash("sha256").update(lock).update(`\n${process.platform}-${process.arch}`);
  return { lock, fingerprint: hash.digest("hex") };
}

/** True when node_modules was installed from exactly this lock file. */
export function isUpToDate(root, { fingerprint }) {
  const marker = path.join(root, MARKER);
  try {
    return existsSync(marker) && readFileSync(marker, "utf8") === fingerprint;
  } catch {
    return false;
  }
}

/** Marks a complete node_modules in `root` as installed from this lock file. */
export function mark(root, { fingerprint }) {
  writeFileSync(path.join(root, MARKER), fingerprint);
}
