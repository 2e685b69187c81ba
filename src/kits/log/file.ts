/** One log file of bounded size that turns over, and that nobody ever waits for or fails over. */
import type { Writable } from "node:stream";
import { createStream } from "rotating-file-stream";

export interface LogFile {
  /** Takes the line and returns at once; drops it where the file cannot be written. */
  write(line: string): void;
  /** Resolves when what was taken is written, or cannot be. */
  close(): Promise<void>;
}

export interface LogFileOptions {
  readonly folder: string;
  readonly name: string;
  /** Told once when the file cannot be written any more. */
  readonly complain: (text: string) => void;
  /** The line that says how many are missing. */
  readonly missing: (count: number) => string;
  readonly open?: ((folder: string, name: string) => Writable) | undefined;
  readonly now?: (() => number) | undefined;
}

/** Bytes of a file before it turns over, and how many old ones are kept: `server.log.1` is the last one. */
const LARGEST = 10 * 1024 * 1024;
const KEPT = 5;
/** Bytes that wait for a slow disk; what comes on top is dropped and counted. */
const MOST_WAITING = 4 * 1024 * 1024;
const TRY_AGAIN_MS = 60_000;
const CLOSE_WITHIN_MS = 2_000;

/** A stream to the file that turns over at `size`; for the owner's eyes only. */
export const openRotating = (folder: string, name: string, size = LARGEST): Writable =>
  createStream((index) => (index === null || index === 0 ? name : `${name}.${Number(index)}`), {
    path: folder,
    size: `${size}B`,
    rotate: KEPT,
    mode: 0o600,
  });

/** Opens the file. Rejects with the system's error where it cannot be opened now; later failures are survived. */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const { folder, name, complain, missing, open = openRotating, now = Date.now } = options;
  let lost = 0;
  let brokenAt: number | undefined;
  // Whoever opens it hears of the first failure by the rejection.
  let told = true;
  let stream = start();
  await new Promise<void>((resolve, reject) => stream.once("open", () => resolve()).once("error", reject));
  told = false;

  function start(): Writable {
    return open(folder, name).on("error", (problem: NodeJS.ErrnoException) => {
      brokenAt = now();
      if (told) return;
      told = true;
      complain(
        `The log ${name} cannot be written (${problem.code ?? problem.message}); the server goes on without it and tries again each minute.`,
      );
    });
  }

  /** `worth`: how many lines are gone when this one is. */
  function put(line: string, worth = 1): void {
    stream.write(line, (problem) => {
      if (problem) lost += worth;
      else if (brokenAt === undefined) told = false;
    });
  }

  return {
    write(line) {
      if (brokenAt !== undefined && now() - brokenAt >= TRY_AGAIN_MS) {
        brokenAt = undefined;
        stream = start();
      }
      if (brokenAt !== undefined || stream.writableLength > MOST_WAITING) {
        lost += 1;
        return;
      }
      if (lost > 0) {
        const count = lost;
        lost = 0;
        put(missing(count), count);
      }
      put(line);
    },
    close: () =>
      new Promise((resolve) => {
        if (brokenAt !== undefined || stream.destroyed) return resolve();
        // A disk that hangs holds nobody back from stopping.
        const late = setTimeout(resolve, CLOSE_WITHIN_MS);
        stream.once("close", () => {
          clearTimeout(late);
          resolve();
        });
        stream.end();
      }),
  };
}
