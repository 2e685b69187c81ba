/** One data folder, one server: a second one ends in one sentence, a killed one leaves nothing behind, and commands go on. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { freePort } from "../kit/free-port.ts";
import { type Program, runProgram, startProgram, until } from "../kit/processes.ts";
import { createSite, PASSWORD } from "../kit/serve.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-one-server-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** Every file but what a living database writes by itself. */
const hashes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !/-(wal|shm)$|^logs$/.test(name))
      .sort()
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex"),
      ]),
  );

async function startDemo(data: string, port: number): Promise<Program> {
  const program = startProgram(["demo"], { env: { PORT: String(port), SALLYPORT_DATA: data }, cwd: root });
  await until(program, async () => (program.stdout().split("\n").length > 4 ? true : undefined));
  return program;
}

describe("the demo", () => {
  test("a second one on the same folder ends before it changes anything, and the first goes on", async () => {
    const data = join(root, "demo");
    const port = await freePort();
    const first = await startDemo(data, port);
    const before = hashes(data);
    const env = { PORT: String(await freePort()), SALLYPORT_DATA: data };
    const second = await runProgram(["demo"], { env, cwd: root });
    assert.deepEqual([second.code, second.stdout], [1, ""]);
    assert.equal(
      second.stderr,
      `Another server (pid ${first.pid}) uses the data folder ${data}; stop it, or give this one a folder of its own (SALLYPORT_DATA=… npm start).\n`,
    );
    assert.deepEqual(hashes(data), before);
    assert.match(before["cli.json"] ?? "", /./);
    const login = await fetch(`http://localhost:${port}/demo/login`, { redirect: "manual" });
    assert.ok(login.status < 400, "the first one's application still signs people in");
    const other = await startDemo(join(root, "another"), await freePort());
    assert.equal((await other.end("SIGTERM")).code, 0, "a folder of its own is all it takes");
    assert.equal((await first.end("SIGTERM")).code, 0);
    assert.equal(existsSync(join(data, "serving.pid")), false);
    assert.equal((await (await startDemo(data, port)).end("SIGTERM")).code, 0, "and then the folder is free");
  });
});

describe("serve", () => {
  test("S20: a second one is refused, commands go on beside the first, and neither kill -9 nor a copy leaves a lock", async () => {
    const site = await createSite();
    let node = await site.start();
    const refused = await runProgram(["serve", "--config", site.write(await freePort())]);
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.equal(
      refused.stderr,
      `Another server (pid ${node.program.pid}) uses the data folder ${site.data}; stop it, or give this one a folder of its own (data: in sallyport.yaml).\n`,
    );
    assert.equal((await node.call("GET", "/health/ready")).status, 200);

    assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
    const backup = join(site.folder, "backup.db");
    assert.equal((await site.command(["backup", backup])).code, 0);

    // The word of the lock lies on after a kill -9; the lock does not.
    for (let kill = 0; kill < 3; kill += 1) {
      await node.kill();
      assert.ok(existsSync(join(site.data, "serving.pid")));
      node = await site.start(node.port);
    }
    assert.deepEqual(
      readdirSync(site.data).filter((name) => name.startsWith("serving.lock")),
      ["serving.lock"],
    );

    cpSync(site.data, join(site.folder, "copy"), { recursive: true });
    const beside = await site.start(undefined, { data: "copy" });
    assert.equal((await beside.program.end("SIGTERM")).code, 0);

    const restored = join(site.folder, "restored");
    cpSync(join(site.data, "master.key"), join(restored, "master.key"));
    const file = site.write(9, { data: "restored" });
    const restore = await runProgram(["restore", backup, "--config", file]);
    assert.equal(restore.code, 0, restore.stderr);
    assert.deepEqual(
      readdirSync(restored).filter((name) => name.startsWith("serving")),
      [],
    );
    assert.equal((await node.program.end("SIGTERM")).code, 0);
  });

  test("of two that start at once exactly one serves", async () => {
    const site = await createSite();
    const files = [site.write(await freePort()), site.write(await freePort())];
    const programs = files.map((file) => startProgram(["serve", "--config", file]));
    const serving = programs.map((program) =>
      until(program, async () => (program.stdout().includes("answers as") ? program : undefined)),
    );
    const outcomes = await Promise.allSettled(serving);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const lost = programs[outcomes.findIndex(({ status }) => status === "rejected")] as Program;
    const { code, stderr } = await lost.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^Another server( \(pid \d+\))? uses the data folder [^\n]*\n$/);
  });
});
