/** `--data`: a file, standard input or JSON itself; a text `_file PATH` in it stands for what is in that file. */
import { isFile, readInput, readText } from "../client/input.ts";
import { misused, need } from "./screen.ts";

export async function readBody(given: string): Promise<unknown> {
  if (given === "-") return withFiles(parse(need(await readInput("--data")), "what came on standard input"));
  if (isFile(given)) return withFiles(parse(need(readText(given, "--data")), given));
  if (!/^\s*[[{"]/.test(given)) misused(`--data: ${given} is no file, and no JSON either.`);
  return withFiles(parse(given, "--data"));
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (problem) {
    // The engine quotes what it stumbled over, and that could be a secret of the file.
    const where = /position (\d+)/.exec((problem as Error).message)?.[1];
    return misused(`${what} is not JSON${where === undefined ? "" : ` (${lineOf(text, Number(where))})`}.`);
  }
}

function lineOf(text: string, position: number): string {
  const before = text.slice(0, position).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** As in the original: texts at the top of an object, or of objects in a list; deeper ones are left alone. */
function withFiles(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => (Array.isArray(one) ? one : withFiles(one)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === "string" && inner.startsWith("_file ")
        ? need(readText(inner.slice("_file ".length).trim(), key))
        : inner,
    ]),
  );
}
