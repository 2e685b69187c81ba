/** Files for their owner's eyes only: read when nobody else can, written so that nobody else ever could. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { done, type Outcome, usage } from "./trouble.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const codeOf = (problem: unknown): string => (problem as { code?: string }).code ?? "unknown";

/** Where this user's own settings of the tool lie (XDG Base Directory Specification). */
export function ownFolder(environment: Environment): string {
  const base = environment.XDG_CONFIG_HOME;
  return join(
    base === undefined || base === "" ? join(environment.HOME ?? homedir(), ".config") : base,
    "sallyport",
  );
}

/** The JSON in a file; undefined when there is no such file. Refused when others can read it, or own it. */
export function readPrivate(file: string): Outcome<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { mode, uid } = statSync(file);
    if ((mode & 0o077) !== 0 && process.platform !== "win32")
      return usage(
        `${file} can be read by others (mode ${(mode & 0o777).toString(8)}); run chmod 600 ${file}, and change the secret in it if others have been here.`,
      );
    const self = process.getuid?.();
    if (self !== undefined && self !== 0 && uid !== self)
      return usage(`${file} belongs to somebody else, so it is not used; make one of your own.`);
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new SyntaxError("no object");
    return done(value as Readonly<Record<string, unknown>>);
  } catch (problem) {
    if (codeOf(problem) === "ENOENT" || codeOf(problem) === "ENOTDIR") return done(undefined);
    return usage(
      problem instanceof SyntaxError
        ? `${file} is not JSON; correct it or remove it.`
        : `${file} cannot be read (${codeOf(problem)}).`,
    );
  }
}

/** Written beside it and put in its place, so that a reader sees the old file or the new one, whole. */
export function writePrivate(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(beside, file);
  } catch (problem) {
    rmSync(beside, { force: true });
    throw problem;
  }
}

const STALE = 30_000;

/**
 * One process at a time: a refresh token works once, and two processes that both spend it would end the grant of the
 * person. A turn left behind by a process that was killed is taken over after half a minute.
 */
export async function inTurn<T>(file: string, act: () => Promise<T>): Promise<T> {
  const turn = `${file}.turn`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      closeSync(openSync(turn, "wx", 0o600));
      break;
    } catch (problem) {
      if (codeOf(problem) !== "EEXIST") throw problem;
      const since = statSync(turn, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (since !== 0 && Date.now() - since > STALE) rmSync(turn, { force: true });
      else await sleep(50);
    }
  }
  try {
    return await act();
  } finally {
    rmSync(turn, { force: true });
  }
}
