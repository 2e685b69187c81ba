/**
 * One server to a data folder with an embedded store. Only the programs `serve` and `demo` ask; commands of the host go
 * on beside a server. The lock is an open transaction on `serving.lock`: the system lets it go in the very moment the
 * process ends, however it ends, so none is ever stale. `serving.pid` serves the sentence alone.
 */
import { readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { BootConfig } from "../config.ts";
import { Breakage } from "../core/errors.ts";
import { makeFile, makeFileUnlessThere, ownerAdvice } from "../core/folder-owner.ts";
import { isBusy } from "../kits/sql/sqlite-file.ts";
import type { Running } from "./compose.ts";
import { openDataFolder } from "./data-folder.ts";
import { probePort } from "./web.ts";

const holderSchema = z.strictObject({ pid: z.number(), host: z.string() });

/** A connection that nothing refers to is closed by the garbage collector, and the lock would be gone. */
const held = new Set<DatabaseSync>();

/** Starts a server that has its data folder to itself until it is closed, or throws Breakage before anything is written. */
export async function alone(config: BootConfig, start: () => Promise<Running>): Promise<Running> {
  // Nodes that share a PostgreSQL may share a folder too, as the old and the new one do in a rolling restart.
  if (config.store.type !== "sqlite") return start();
  await probePort(config.listen);
  openDataFolder(config);
  const release = take(config);
  try {
    const running = await start();
    return { ...running, close: () => running.close().finally(release) };
  } catch (problem) {
    release();
    throw problem;
  }
}

function take(config: BootConfig): () => void {
  const file = join(config.data, "serving.lock");
  const pidFile = join(config.data, "serving.pid");
  let lock: DatabaseSync | undefined;
  try {
    makeFileUnlessThere(file, "");
    lock = new DatabaseSync(file, { timeout: 0 });
    // Nothing is ever written to it: without a journal no second file lies about after a crash.
    lock.exec("pragma journal_mode = memory; begin exclusive");
  } catch (cause) {
    lock?.close();
    if (isBusy(cause)) throw new Breakage("store-unavailable", taken(config, pidFile), { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = ownerAdvice(file, true) ?? "remove it, it holds nothing";
    throw new Breakage("store-unavailable", `${file} cannot be locked (${reason}): ${advice}.`, { cause });
  }
  const own = lock;
  held.add(own);
  // Made anew: one that lies there may be of another user.
  rmSync(pidFile, { force: true });
  makeFile(pidFile, JSON.stringify({ pid: process.pid, host: hostname() }));
  return () => {
    // First, or it could be the next server's.
    rmSync(pidFile, { force: true });
    held.delete(own);
    own.close();
  };
}

function taken({ data, mode }: BootConfig, pidFile: string): string {
  const own = mode === "demo" ? "SALLYPORT_DATA=… npm start" : "data: in sallyport.yaml";
  return `Another server${holder(pidFile)} uses the data folder ${data}; stop it, or give this one a folder of its own (${own}).`;
}

/** Who holds the lock; nothing where that cannot be said for sure, as between a lock and its word. */
function holder(pidFile: string): string {
  try {
    const { pid, host } = holderSchema.parse(JSON.parse(readFileSync(pidFile, "utf8")));
    if (host !== hostname()) return ` (pid ${pid} on ${host})`;
    return isThere(pid) ? ` (pid ${pid})` : "";
  } catch {
    return "";
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (problem) {
    return (problem as { code?: string }).code === "EPERM";
  }
}
