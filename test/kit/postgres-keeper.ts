/** Holds the tests' PostgreSQL cluster for as long as a process uses it. Started by postgres.ts, never by hand. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { MEETING } from "./postgres.ts";
import { startCluster } from "./postgres-cluster.ts";

/** How long the cluster waits for the next test file. */
const IDLE_MS = 5_000;
const LOCK = path.join(MEETING, "keeper");
const URL_FILE = path.join(MEETING, "url");
const USERS = path.join(MEETING, "users");

if (becomeKeeper()) {
  const cluster = await startCluster();
  do {
    writeFileSync(`${URL_FILE}.new`, cluster.url("DATABASE"));
    renameSync(`${URL_FILE}.new`, URL_FILE);
    let idleSince = Date.now();
    while (Date.now() - idleSince < IDLE_MS) {
      await sleep(250);
      if (hasUsers()) idleSince = Date.now();
    }
    // Who comes registers before it reads the URL: whoever has still found it is seen by the next look.
    rmSync(URL_FILE, { force: true });
  } while (hasUsers());
  rmSync(LOCK, { force: true });
  await cluster.stop();
}

/** The lock file carries the keeper's process id; one whose process is gone is taken over. */
function becomeKeeper(): boolean {
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: "wx" });
      return true;
    } catch {
      if (isAlive(LOCK)) return false;
      rmSync(LOCK, { force: true });
      rmSync(URL_FILE, { force: true });
    }
  }
  return false;
}

function hasUsers(): boolean {
  let any = false;
  for (const name of readdirSync(USERS)) {
    if (alive(Number(name))) any = true;
    else rmSync(path.join(USERS, name), { force: true });
  }
  return any;
}

function isAlive(file: string): boolean {
  try {
    return alive(Number(readFileSync(file, "utf8")));
  } catch {
    return false;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
