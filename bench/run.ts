/**
 * `npm run bench`: what a complete two-step sign-in costs, beside the bare password hash and a bare engine's login of
 * the same run on the same machine. Leads the processes of this folder, prints a table and writes results/latest.json.
 * It never talks to anything but loopback, and everything it does is bounded in count.
 *
 *   npm run bench                     under five minutes
 *   npm run bench -- --quick          under one minute, less exact
 *   npm run bench -- --profile DIR    also a CPU profile of the server in DIR
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./measure.ts";
import { FULL, QUICK } from "./plan.ts";
import { summarize, table } from "./report.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, profile: { type: "string" } },
});
const plan = values.quick ? QUICK : FULL;
const began = performance.now();
const say = (text: string) => process.stderr.write(`${text} …\n`);

const measured = await measure({ plan, say, profile: values.profile }).catch((problem: Error) => {
  process.stderr.write(`The benchmark could not be finished: ${problem.message}\n`);
  process.exit(1);
});
const report = summarize(measured, plan);
const folder = fileURLToPath(new URL("./results", import.meta.url));
mkdirSync(folder, { recursive: true });
const file = `${folder}/latest.json`;
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
process.stdout.write(`\n${table(report)}\n\n`);
process.stdout.write(`${((performance.now() - began) / 1000).toFixed(0)} s; figures in ${file}\n`);
