/** Runs the real floor check over a throw-away copy of a project. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

const project = path.resolve(import.meta.dirname, "../..");

/** The sources by their path under src/. */
export type Files = Readonly<Record<string, string>>;

export interface Verdict {
  readonly green: boolean;
  readonly output: string;
}

/** Checks the project's own sources (or none, with `without`) together with the planted ones. */
export function cruise(t: TestContext, planted: Files, without?: "own sources"): Verdict {
  const copy = mkdtempSync(path.join(tmpdir(), "sallyport-floors-"));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  for (const file of ["package.json", "tsconfig.json", ".dependency-cruiser.js"]) {
    cpSync(path.join(project, file), path.join(copy, file));
  }
  symlinkSync(path.join(project, "node_modules"), path.join(copy, "node_modules"));
  if (without === undefined) cpSync(path.join(project, "src"), path.join(copy, "src"), { recursive: true });
  for (const [name, text] of Object.entries(planted)) {
    const file = path.join(copy, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(project, "scripts/floors.ts"), copy],
    {
      encoding: "utf8",
    },
  );
  return { green: status === 0, output: stdout + stderr };
}
