/**
 * Checks the floors with dependency-cruiser: `node scripts/floors.ts [project folder]`. Prints every violation and ends
 * with exit code 1 for any of them, and also when it saw fewer modules than the project has: a checker that looked at
 * nothing is green, too (dependency-cruiser with a TypeScript it does not know cruises no .ts file and says nothing).
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";

const LEAST_MODULES = 50;

process.chdir(process.argv[2] ?? path.dirname(import.meta.dirname));
const { default: rules } = await import(pathToFileURL(path.resolve(".dependency-cruiser.js")).href);
const { tsConfig, ...options } = rules.options;
const { output } = await cruise(
  ["src"],
  { ...options, validate: true, ruleSet: { forbidden: rules.forbidden } },
  undefined,
  { tsConfig: extractTSConfig(path.resolve(tsConfig.fileName)) },
);
if (typeof output === "string") throw new Error("dependency-cruiser answered text instead of a result");
report(output);

function report({ modules, summary }: ICruiseResult): void {
  const seen = modules.filter(({ source }) => /^src\/.*\.tsx?$/.test(source)).length;
  for (const { rule, from, to } of summary.violations) {
    process.stdout.write(`${rule.name}: ${from}${to === from ? "" : ` → ${to}`}\n`);
  }
  process.stdout.write(`${seen} modules of src, ${summary.violations.length} violations\n`);
  if (seen < LEAST_MODULES) {
    process.stdout.write(`Fewer than ${LEAST_MODULES} modules were looked at, so this says nothing.\n`);
  }
  if (summary.violations.length > 0 || seen < LEAST_MODULES) process.exitCode = 1;
}
