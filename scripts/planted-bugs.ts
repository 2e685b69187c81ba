/**
 * Are the tests worth anything? Plants six bugs (planted/bugs.ts), one at a time, each in a copy of the project, and
 * expects the tests that carry the promise to turn red by an assertion of theirs: `npm run planted-bugs`. The same tests run
 * without a bug before, and have to be green. The working tree is not touched.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BUGS, type Bug } from "./planted/bugs.ts";
import type { Verdict } from "./planted/verdicts.ts";
import { root } from "./run.ts";

const COPIED = ["src", "test", "pages", "scripts", "bin", "package.json", "tsconfig.json"];
const AT_ONCE = 2;
const REPORTER = path.join(import.meta.dirname, "planted/verdicts.ts");
const LONGEST_MS = 120_000;

const base = mkdtempSync(path.join(tmpdir(), "sallyport-planted-"));
let failed = 0;
try {
  const jobs = [...BUGS];
  const lane = async (): Promise<void> => {
    for (let bug = jobs.shift(); bug !== undefined; bug = jobs.shift()) {
      const began = performance.now();
      const fault = await judge(bug, path.join(base, String(jobs.length))).catch(String);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      failed += fault === undefined ? 0 : 1;
      const told = fault === undefined ? `turns red: ${bug.red.join(", ")}` : fault;
      process.stdout.write(`${fault === undefined ? "✔" : "✖"} ${bug.name} (${seconds} s)\n    ${told}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
} finally {
  rmSync(base, { recursive: true, force: true });
}
process.stdout.write(
  failed === 0
    ? `All ${BUGS.length} planted bugs were caught.\n`
    : `${failed} of ${BUGS.length} planted bugs are no proof; see above.\n`,
);
process.exitCode = failed === 0 ? 0 : 1;

/** What speaks against the tests of one bug; undefined: they are green without it and red with it, by an assertion. */
async function judge(bug: Bug, copy: string): Promise<string | undefined> {
  for (const name of COPIED) cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  const without = await run(bug, copy);
  for (const { name, outcome, says } of without)
    if (outcome === "failed") return `is red without the bug: ${name}: ${says}`;
  for (const begins of bug.red)
    if (!without.some(({ name, outcome }) => outcome === "passed" && name.startsWith(begins)))
      return `${bug.test} has no test that begins with "${begins}" and ran`;
  for (const change of bug.changes) plant(copy, change);
  const withBug = await run(bug, copy);
  for (const begins of bug.red) {
    if (!withBug.some(({ name }) => name.startsWith(begins)))
      return `does not come so far with the bug: ${withBug.map(({ says }) => says).join("; ")}`;
    const red = withBug.filter(({ name, outcome }) => outcome === "failed" && name.startsWith(begins));
    if (red.length === 0) return `stays green with the bug: "${begins}" of ${bug.test}`;
    const right = red.find(({ asserted, says }) => asserted && bug.says.test(says));
    if (right === undefined) return `is red for another reason: ${red.map(({ says }) => says).join("; ")}`;
  }
  return undefined;
}

/** Changes one file of the copy. Throws where the text to be replaced does not stand there exactly once. */
function plant(copy: string, { file, from, to }: Bug["changes"][number]): void {
  const target = path.join(copy, file);
  const [before, after, ...more] = readFileSync(target, "utf8").split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file} no longer holds this text exactly once; write the plant anew: ${from}`);
  writeFileSync(target, before + to + after);
}

/** Runs the named tests of one file in the copy. */
function run({ test, red }: Bug, copy: string): Promise<readonly Verdict[]> {
  const pattern = `^(${red.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`;
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--test", `--test-name-pattern=${pattern}`, `--test-reporter=${REPORTER}`, test],
      { cwd: copy, stdio: ["ignore", "pipe", "pipe"], timeout: LONGEST_MS },
    );
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      try {
        const lines = out.split("\n").filter((text) => text.startsWith("{"));
        const verdicts = lines.map((text) => JSON.parse(text) as Verdict);
        if (verdicts.length === 0) throw new Error("no test ran");
        resolve(verdicts);
      } catch (problem) {
        reject(new Error(`${test} ended with ${code}: ${String(problem)} ${err.slice(-400)}`));
      }
    });
  });
}
