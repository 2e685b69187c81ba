/** A demo as a newcomer starts it, and `sallyport` commands beside it, each a process of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { freePort } from "./free-port.ts";
import { type Ending, type ProgramOptions, runProgram, startProgram, until } from "./processes.ts";

/** Starts a demo in a folder of its own and waits until it has said everything. */
export async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-demo-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, ".sallyport");
  const port = await freePort();
  const program = startProgram(["demo"], { env: { PORT: String(port) }, cwd: folder });
  await until(program, async () => (program.stdout().split("\n").length > 4 ? true : undefined));
  const home = join(folder, "home");
  return {
    folder,
    data,
    home,
    program,
    origin: `http://localhost:${port}`,
    /** Runs `sallyport ARGUMENTS` in the folder the demo was started in, with a home of its own. */
    run: (args: readonly string[], { env, ...options }: ProgramOptions = {}): Promise<Ending> =>
      runProgram(args, { cwd: folder, ...options, env: { HOME: home, ...env } }),
  };
}

/** Standard output as JSON; fails with what was complained of when it is none. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came back
export function jsonOf({ stdout, stderr, code }: Ending): any {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON (${code}): ${stdout.slice(0, 500)} ${stderr}`);
  }
}
