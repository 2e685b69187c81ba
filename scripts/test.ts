/**
 * All checks and tests: `npm test` runs everything and sums up, `npm run check` is the fast part before a commit and
 * stops at the first failure. A test that cannot run here is named as skipped; with CI=true that is a failure.
 */
import { installDebianPackages } from "./debian.ts";
import { ALL, CORE_JOURNEYS, FAST, runGroup } from "./groups.ts";
import { runNode } from "./run.ts";
import { type Result, sumUp } from "./summary.ts";
import type { Tally } from "./tally.ts";

const CHECKS: readonly (readonly [title: string, ...command: string[]])[] = [
  ["format and lint", "node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "."],
  ["types", "node_modules/typescript/bin/tsc", "-p", "."],
  ["floors", "scripts/floors.ts"],
  ["dead code", "node_modules/knip/bin/knip.js", "--no-progress"],
];

const quick = process.argv[2] === "check";
const results: Result[] = [];
const failing = () => results.some(({ failed }) => failed > 0);

const missing = quick ? undefined : installDebianPackages();
if (missing !== undefined) process.stdout.write(`${missing}\n`);
for (const [title, ...command] of CHECKS) await step(title, () => check(command));
for (const group of quick ? FAST : ALL) await step(`test/${group}`, () => runGroup(group));
if (quick) await step("test/journeys, the core", () => runGroup("journeys", CORE_JOURNEYS));
else await step("planted bugs", () => check(["scripts/planted-bugs.ts"]));

const { text, failed } = sumUp(results, process.env.CI === "true");
process.stdout.write(`\n── summary\n`);
if (quick && failing())
  process.stdout.write("Stopped at the first failure; the steps after it did not run.\n");
process.stdout.write(text);
if (failed > 0) process.exitCode = 1;

async function step(title: string, run: () => Promise<Tally>): Promise<void> {
  if (quick && failing()) return;
  process.stdout.write(`\n── ${title}\n`);
  const started = performance.now();
  const tally = await run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${tally.failed > 0 ? "✖" : "✔"} ${title} (${seconds} s)\n`);
  results.push({ ...tally, title, seconds });
}

async function check(command: readonly string[]): Promise<Tally> {
  return (await runNode(command)) === 0
    ? { passed: 1, failed: 0, skipped: [] }
    : { passed: 0, failed: 1, skipped: [] };
}
