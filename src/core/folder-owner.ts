/** Whose the files of a folder are: they are made for its owner, also by root, and whoever is kept out is told by whom. */
import { closeSync, fchownSync, openSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

/**
 * Makes a file for the eyes of one user; throws EEXIST where it is there. What root makes in a folder of somebody else
 * becomes theirs, or the server that runs as they could not read it.
 */
export function makeFile(file: string, text: string): void {
  const made = openSync(file, "wx", 0o600);
  try {
    if (process.getuid?.() === 0) {
      const { uid, gid } = statSync(dirname(file));
      // By the descriptor: at the path the folder's owner may have put a link to a file of root's by now.
      if (uid !== 0) fchownSync(made, uid, gid);
    }
    writeFileSync(made, text);
  } finally {
    closeSync(made);
  }
}

/** The same where it is not there yet; answers whether it was made. */
export function makeFileUnlessThere(file: string, text: string): boolean {
  try {
    makeFile(file, text);
    return true;
  } catch (problem) {
    if ((problem as { code?: string }).code !== "EEXIST") throw problem;
    return false;
  }
}

/** Where something that cannot be used is another user's: whose, and the command that mends it; `all`: for its whole folder. */
export function ownerAdvice(file: string, all = false): string | undefined {
  const own = process.getuid?.();
  const owner = ownerOf(file);
  if (own === undefined || own === 0 || owner === undefined || owner === own) return undefined;
  const whose = owner === 0 ? "root" : `the user with the id ${owner}`;
  const me = nameOf(own);
  const command = all ? `chown -R ${me} ${folderOf(file)}` : `chown ${me} ${file}`;
  return `it belongs to ${whose}, and this program runs as ${me}; as root: ${command}`;
}

function ownerOf(file: string): number | undefined {
  try {
    return statSync(file).uid;
  } catch {
    return undefined;
  }
}

const folderOf = (file: string): string => (statSync(file).isDirectory() ? file : dirname(file));

function nameOf(own: number): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return String(own);
  }
}
