/** Values that come from standard input or a file, so that they stand in no process list and no shell history. */
import { existsSync, readFileSync, statSync } from "node:fs";
import process from "node:process";
import { done, type Outcome, usage } from "./trouble.ts";

const MOST = 16 * 1024 * 1024;
let taken: string | undefined;

/** All of standard input, for one taker; `what` names it in the sentence to a second one. */
export async function readInput(what: string): Promise<Outcome<string>> {
  if (taken !== undefined)
    return usage(`${what} and ${taken} cannot both come from standard input; put one of them into a file.`);
  taken = what;
  if (process.stdin.isTTY)
    return usage(`Nothing came on standard input for ${what}; pipe it in, as in: command < file`);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += (part as Buffer).length;
    if (size > MOST) return usage(`Standard input is larger than 16 MB; that cannot be ${what}.`);
    parts.push(part as Buffer);
  }
  return done(Buffer.concat(parts).toString("utf8"));
}

/** The text of a file; `what` names it in the sentence when it cannot be read. */
export function readText(file: string, what: string): Outcome<string> {
  try {
    return done(readFileSync(file, "utf8"));
  } catch (problem) {
    return usage(`${what}: ${file} cannot be read (${(problem as { code?: string }).code ?? "unknown"}).`);
  }
}

export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** `-` is standard input and `@FILE` a file; the line end that editors leave behind is none of the secret. */
export async function readSecretFrom(from: string, what: string): Promise<Outcome<string>> {
  const text = from === "-" ? await readInput(what) : readText(from.replace(/^@/, ""), what);
  if (text.kind !== "done") return text;
  const secret = text.value.replace(/\r?\n$/, "");
  return secret === "" ? usage(`${what} is empty.`) : done(secret);
}

/** All of standard input without its last line end; nothing where a person's keyboard is behind it. */
export async function inputLine(): Promise<string> {
  if (process.stdin.isTTY) return "";
  const text = await readInput("the password");
  return text.kind === "done" ? text.value.replace(/\r?\n$/, "") : "";
}
