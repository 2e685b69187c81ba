/** One installation at a time: a lock file that its holder touches while it works. */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const BEAT = 2_000;
const SILENT_TOO_LONG = 30_000;
const own = () => JSON.stringify({ pid: process.pid, host: os.hostname() });

/** Waits until the lock is free and takes it; answers the function that gives it back. `onWait` is called once. */
export async function takeLock(file, onWait) {
  for (let tries = 0; ; tries++) {
    mkdirSync(path.dirname(file), { recursive: true });
    try {
      writeFileSync(file, own(), { flag: "wx" });
      break;
    } catch (problem) {
      if (problem.code !== "EEXIST" && problem.code !== "ENOENT") throw problem;
    }
    const seen = read(file);
    if (seen !== undefined && isAbandoned(seen)) steal(file, seen);
    else {
      if (tries === 0) onWait();
      await wait(150);
    }
  }
  const beat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // Stolen after a long sleep of the machine; each installation has its own folder, so nothing breaks.
    }
  }, BEAT);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (read(file)?.text === own()) rmSync(file, { force: true });
  };
}

function read(file) {
  try {
    return { text: readFileSync(file, "utf8"), touched: statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}

function isAbandoned({ text, touched }) {
  if (Date.now() - touched > SILENT_TOO_LONG) return true;
  let holder;
  try {
    holder = JSON.parse(text);
  } catch {
    return false; // being written
  }
  // A process id means something on its own machine only (the folder may be shared with a container).
  if (holder.host !== os.hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (problem) {
    return problem.code === "ESRCH";
  }
}

/** Renames first and looks then: of two that want to remove the same dead lock, neither removes the other's new one. */
function steal(file, seen) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== seen.text) linkSync(aside, file);
  } catch {
    // Somebody else was faster; the next round sees what is there now.
  }
  rmSync(aside, { force: true });
}
