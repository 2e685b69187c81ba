/** The logs of a server process: where they lie, for whom, and what it says when it cannot keep them. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "../kit/processes.ts";
import { createSite } from "../kit/serve.ts";

test("a log folder that cannot be written is one clear sentence at the start", async () => {
  const site = await createSite();
  mkdirSync(site.data);
  writeFileSync(join(site.data, "logs"), "in the way");
  const { code, stdout, stderr } = await runProgram(["serve", "--config", site.write(9)]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^The log folder \S+\/data\/logs cannot be written \(ENOTDIR\); give this user the right to, or [^\n]*\.\n$/,
  );
});

test("both logs are for their owner alone, and a server that is told to stop has written its last line", async () => {
  const site = await createSite();
  const node = await site.start();
  const { code, stderr } = await node.program.end("SIGTERM");
  assert.deepEqual([code, stderr], [0, ""]);
  const logs = join(site.data, "logs");
  assert.equal(statSync(logs).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(logs).sort(), ["script.log", "server.log"]);
  for (const name of readdirSync(logs)) assert.equal(statSync(join(logs, name)).mode & 0o777, 0o600, name);
  assert.match(readFileSync(join(logs, "server.log"), "utf8"), /INFO {2}Stopping\n[\s\S]*INFO {2}Stopped\n$/);
});
