/** The last lines of a run: what each step came to, what was skipped, and one line of sums. */
import type { Tally } from "./tally.ts";

/** What one step came to and how long it took. */
export interface Result extends Tally {
  readonly title: string;
  readonly seconds: string;
}

/** The lines to print, and how many failed; where `strict` is set, every skipped test counts as a failed one. */
export function sumUp(
  results: readonly Result[],
  strict: boolean,
): { readonly text: string; readonly failed: number } {
  const total = (of: (result: Result) => number) => results.reduce((sum, result) => sum + of(result), 0);
  const lines = results.flatMap(describe);
  const skipped = total((result) => result.skipped.length);
  if (strict && skipped > 0)
    lines.push(`CI=true: nothing may be skipped, so ${skipped} skipped count as failed`);
  const failed = total((result) => result.failed) + (strict ? skipped : 0);
  lines.push(`${total((result) => result.passed)} passed, ${failed} failed`);
  return { text: `${lines.join("\n")}\n`, failed };
}

function describe({ title, seconds, passed, failed, skipped }: Result): string[] {
  const also = skipped.length === 0 ? "" : `, ${skipped.length} skipped`;
  const line = `${failed > 0 ? "✖" : "✔"} ${title}: ${passed} passed, ${failed} failed${also} (${seconds} s)`;
  return [line, ...skipped.map((name) => `  skipped: ${name}`)];
}
