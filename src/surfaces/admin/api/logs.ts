/** The logs to be read, in stretches from the end. */
import { getLogs } from "../contract/logs.ts";
import { type Handler, handle, refuse } from "./call.ts";
import type { Cursors } from "./lists.ts";

/** What kits/log reads of a file. */
export interface LogsDeps {
  readonly cursors: Cursors;
  readonly tail: (
    name: string,
    query: { limit: number; before?: string | undefined; wanted: (line: string) => boolean },
  ) => Promise<{ readonly lines: readonly string[]; readonly next?: string | undefined }>;
}

const LEVELS = ["trace", "debug", "info", "warn", "error"];
/** Of a line of either layout. */
const levelOf = (line: string): string =>
  /^(?:\S+ ([A-Z]+)|\{"level":"(\w+)")/.exec(line)?.slice(1).find(Boolean)?.toLowerCase() ?? "error";

export function logHandlers({ cursors, tail }: LogsDeps): readonly Handler[] {
  return [
    handle(getLogs, async ({ params: { log }, query: { limit, level, pattern, cursor } }) => {
      const list = `log ${log}`;
      const before = cursor === undefined ? undefined : cursors.open(list, cursor);
      if (cursor !== undefined && before === undefined)
        return refuse(400, "cursor", "cursor: is not one that this list has given out");
      const least = LEVELS.indexOf(level);
      const wanted = (line: string) =>
        LEVELS.indexOf(levelOf(line)) >= least && line.toLowerCase().includes(pattern.toLowerCase());
      const { lines, next } = await tail(`${log}.log`, { limit, before, wanted });
      return {
        body: { lines: [...lines], ...(next === undefined ? {} : { next: cursors.seal(list, next) }) },
      };
    }),
  ];
}
