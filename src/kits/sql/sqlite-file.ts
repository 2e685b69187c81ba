/** What can be wrong with a SQLite file before anything is written to it, and what SQLite's error numbers mean. */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Breakage } from "../../core/errors.ts";
import { makeFileUnlessThere, ownerAdvice } from "../../core/folder-owner.ts";

/** Files up to this size are checked page by page at every start (about 1 ms per megabyte). */
const CHECKED_BYTES = 32 * 1024 * 1024;

/** Makes the folder and the file, readable by the owner alone; SQLite gives its -wal and -shm files the same mode. */
export function prepareFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!makeFileUnlessThere(file, "")) closeSync(openSync(file, "a", 0o600));
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (cause) {
    const advice = (cause as { code?: string }).code === "EACCES" ? ownerAdvice(file) : undefined;
    const why = advice === undefined ? reason(cause) : `${reason(cause)}, ${advice}`;
    throw new Breakage("store-unavailable", `The database ${file} cannot be written: ${why}.`, { cause });
  }
}

/** Reads the file through a connection that cannot write and refuses one that is damaged or no database. */
export function checkFile(file: string): void {
  let probe: DatabaseSync | undefined;
  try {
    const { size } = statSync(file);
    if (size === 0) return;
    probe = new DatabaseSync(file, { readOnly: true, timeout: 50 });
    const check = size > CHECKED_BYTES ? "pragma schema_version" : "pragma quick_check(1)";
    const verdict = Object.values(probe.prepare(check).get() ?? {})[0];
    if (typeof verdict === "string" && verdict !== "ok") throw damaged(file, new Error(verdict));
  } catch (error) {
    throw isBusy(error) ? error : toBreakage(error, file);
  } finally {
    probe?.close();
  }
}

/** Whether another connection holds the lock (SQLITE_BUSY with all its extended codes, SQLITE_LOCKED). */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === 5 || code === 6;
}

/** Whether only the statement failed (bad SQL, a constraint), or our own code in between: the transaction lives on. */
export function isStatementFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code === -1 ? !isSystemError(error) : [1, 19, 20, 25].includes(code);
}

/** A Breakage for what the file system or the file did to us; any other error (a constraint, bad SQL) as it is. */
export function toBreakage(error: unknown, file: string): unknown {
  if (error instanceof Breakage) return error;
  const code = primaryCode(error);
  if (code === 11 || code === 26) return damaged(file, error);
  if (isBusy(error))
    return new Breakage("store-unavailable", `The database ${file} is locked by another process.`, {
      cause: error,
      retryAfter: 1,
    });
  // SQLITE_PERM, READONLY, IOERR, FULL, CANTOPEN; or the file system itself (ENOENT, EACCES, …)
  if ([3, 8, 10, 13, 14].includes(code) || isSystemError(error))
    return new Breakage("store-unavailable", `The database ${file} cannot be used: ${reason(error)}.`, {
      cause: error,
      retryAfter: 5,
    });
  return error;
}

function damaged(file: string, cause: unknown): Breakage {
  const message = `The database ${file} is damaged or is not a SQLite database; it was left as it is. Move it away or restore a backup.`;
  return new Breakage("store-damaged", message, { cause });
}

function primaryCode(error: unknown): number {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : -1;
}

function isSystemError(error: unknown): boolean {
  return typeof (error as { syscall?: unknown }).syscall === "string";
}

function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const known: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder",
    ENOENT: "it does not exist",
    EEXIST: "a part of the path is not a folder",
  };
  return known[code ?? ""] ?? message ?? "unknown reason";
}
