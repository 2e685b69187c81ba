/** A node_modules that `npm ci` or `npm install` made by hand is taken as it is when it holds what the lock file says. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { mark } from "./marker.js";

/** True when npm's own record of what it installed matches the lock file; the tree is then marked. */
export function adopt(root, wanted) {
  let locked;
  let there;
  try {
    locked = JSON.parse(wanted.lock.toString("utf8")).packages;
    there = JSON.parse(readFileSync(path.join(root, "node_modules", ".package-lock.json"), "utf8")).packages;
  } catch {
    return false;
  }
  if (locked === undefined || there === undefined) return false;
  for (const [place, entry] of Object.entries(locked)) {
    if (place === "") continue;
    const found = there[place];
    if (found === undefined ? isNeededHere(entry) : !isSame(entry, found)) return false;
  }
  if (Object.keys(there).some((place) => locked[place] === undefined)) return false;
  mark(root, wanted);
  return true;
}

// Without a hash (a link, a folder) nothing says that the content is the same.
const isSame = (a, b) => a.integrity !== undefined && a.integrity === b.integrity && a.version === b.version;

/**
 * An optional package without a platform of its own hangs on one that is for another platform; one that names a C
 * library may be the other one's.
 */
function isNeededHere({ optional, os, cpu, libc }) {
  if (optional !== true) return true;
  if (os === undefined || cpu === undefined || libc !== undefined) return false;
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
}
