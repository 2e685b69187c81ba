/** A bar on a terminal, and nothing anywhere else: how much of the file is read, how many people, how many a second. */
import type { Clock } from "../../../../core/words.ts";

export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const EVERY_MS = 200;
const WIDTH = 24;

/** Makes the bar; `at` is told where the work is, `end` takes the bar away. */
export function createProgress(terminal: Terminal, whole: number, now: Clock) {
  const begin = now();
  let drawn = 0;
  const clear = () => drawn > 0 && terminal.write("\r\u001b[2K");
  return {
    at(bytes: number, people: number): void {
      const time = now();
      if (terminal.isTTY !== true || time - drawn < EVERY_MS) return;
      drawn = time;
      const share = whole === 0 ? 1 : Math.min(1, bytes / whole);
      const full = Math.round(share * WIDTH);
      const rate = Math.round((people * 1000) / Math.max(1, time - begin));
      const line = `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %  ${people} people  ${rate}/s`;
      terminal.write(`\r\u001b[2K${line.slice(0, terminal.columns ?? 80)}`);
    },
    /** A line that stays, above the bar. */
    above(text: string): void {
      clear();
      terminal.write(`${text}\n`);
      drawn = 0;
    },
    end: () => void clear(),
  };
}
