/** Where in a script something went wrong, read from what the engine says of it. Types are stripped in place, so lines and columns are those of the text. */
import type { ScriptFault } from "../../core/script.ts";

const LONGEST = 4_000;

/** What was thrown, as one sentence with its place. `url`: the module's. */
export function faultOf(problem: unknown, url: string): ScriptFault {
  if (!(problem instanceof Error)) return { message: `it threw ${typeof problem} instead of an error` };
  const stack = (problem.stack ?? "").slice(0, LONGEST);
  const message = sentence(problem);
  const place = placeIn(stack, url);
  // Frames of ours say nothing to whoever mends the script.
  const own = stack
    .split("\n")
    .filter((line) => !/^\s+at /.test(line) || line.includes(url))
    .join("\n")
    .replaceAll(url, url.slice(url.lastIndexOf("/") + 1));
  return { message, ...place, stack: own };
}

function sentence(problem: Error): string {
  const [first = ""] = problem.message.split("\n");
  const name =
    problem.name === "Error" || /^(Syntax|Type)Error$/.test(problem.name) ? "" : `${problem.name}: `;
  // A package that is not there is looked for in the folder that the server names, and nowhere else.
  const missing = /^Cannot find package '([^']+)'/.exec(first)?.[1];
  if (missing !== undefined)
    return `the package ${missing} is not in the folder custom/ of the data folder; run npm install ${missing} there`;
  if ((problem as { code?: string }).code === "ERR_ACCESS_DENIED")
    return "a script writes no files and starts no programs; keep data as authenticators, or ask another server";
  return `${name}${first.replace(/ imported from .*$/, "")}`;
}

function placeIn(stack: string, url: string): Pick<ScriptFault, "line" | "column"> {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // A frame of the module, or the engine's own picture of a text it cannot read: a line, and carets below it.
  const frame = new RegExp(`${escaped}:(\\d+):(\\d+)`).exec(stack);
  if (frame !== null) return { line: Number(frame[1]), column: Number(frame[2]) };
  const picture = new RegExp(`^(?:${escaped})?:(\\d+)\\n(?:[^\\n]*\\n)*?( *)\\^`).exec(stack);
  if (picture === null) return {};
  return { line: Number(picture[1]), column: (picture[2]?.length ?? 0) + 1 };
}
