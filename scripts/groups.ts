/** The groups of tests: one folder under test/ each, run by one `node --test`. */
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, runNode } from "./run.ts";
import type { Tally } from "./tally.ts";

/** The groups of `npm run check`: folders under test/, quickest first. */
export const FAST: readonly string[] = ["floors", "unit", "contracts"];
/** Of the journeys, those that `npm run check` makes too: what nobody may break between two commits. */
export const CORE_JOURNEYS: readonly string[] = [
  "sign-in",
  "enrolment",
  "one-commit",
  "code-spent",
  "tokens",
];
/** The groups of `npm test`; a floor test fails when a folder with tests is missing here. */
export const ALL: readonly string[] = [...FAST, "journeys", "attacks", "processes", "setup", "browser"];

/** Test files at once. One more than the processors of the machine we promise times for: many wait for a clock. */
const AT_ONCE = 3;

/** Longer than any test may take; a test that hangs fails the run instead of holding it (and a file: ends.ts). */
const LONGEST_TEST_MS = 300_000;

/** Runs every `*.test.ts` under test/<group>, or those named. A group without tests has failed: it looked at nothing. */
export async function runGroup(group: string, only?: readonly string[]): Promise<Tally> {
  const files =
    only?.map((name) => `test/${group}/${name}.test.ts`) ??
    longestFirst(globSync(`test/${group}/**/*.test.ts`, { cwd: root }));
  if (files.length === 0) return nothingRan(`test/${group} holds no test`);
  const folder = mkdtempSync(path.join(tmpdir(), "sallyport-tally-"));
  const figures = path.join(folder, "tally.json");
  try {
    const code = await runNode([
      "--test",
      "--import=./scripts/ends.ts",
      `--test-concurrency=${AT_ONCE}`,
      `--test-timeout=${LONGEST_TEST_MS}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=./scripts/tally.ts",
      `--test-reporter-destination=${figures}`,
      ...files,
    ]);
    return judge(JSON.parse(readFileSync(figures, "utf8")), code);
  } catch (problem) {
    return nothingRan(`the tests of test/${group} ended without figures: ${String(problem)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By size, which is near enough: what begins last and takes long would run alone, with the other processors at rest. */
function longestFirst(files: readonly string[]): readonly string[] {
  const size = new Map(files.map((file) => [file, statSync(path.join(root, file)).size]));
  return [...files].sort((a, b) => (size.get(b) ?? 0) - (size.get(a) ?? 0) || (a < b ? -1 : 1));
}

function judge(tally: Tally, code: number): Tally {
  if (tally.passed + tally.failed + tally.skipped.length === 0) return nothingRan("no test ran");
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function nothingRan(why: string): Tally {
  process.stdout.write(`${why}\n`);
  return { passed: 0, failed: 1, skipped: [] };
}
