/** The server as somebody's child: it ends with `npm start` and with a launcher on another Node, and otherwise with nobody. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../kit/free-port.ts";
import { SHELL } from "../kit/processes.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "sallyport-launched-"));
const servers = new Set<number>();
after(() => {
  // What a failed test has left.
  for (const pid of servers)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  rmSync(root, { recursive: true, force: true });
});

async function wait(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await look()) return;
    await sleep(100);
  }
  assert.fail(`not within a minute: ${what}`);
}

/** Runs a command that starts the demo, and waits for it. */
async function launch(name: string, command: string, args: readonly string[]) {
  const data = join(root, name);
  const port = await freePort();
  const env = { ...SHELL, HOME: root, npm_config_update_notifier: "false" };
  const child: ChildProcess = spawn(command, args, {
    cwd: checkout,
    env: { ...env, PORT: String(port), SALLYPORT_DATA: data },
    stdio: "ignore",
  });
  const answers = () =>
    fetch(`http://localhost:${port}/demo`).then(
      ({ ok }) => ok,
      () => false,
    );
  await wait("the demo answers", answers);
  const pidFile = join(data, "serving.pid");
  const { pid } = JSON.parse(readFileSync(pidFile, "utf8")) as { pid: number };
  servers.add(pid);
  return {
    child,
    pid,
    answers,
    /** Ended as by a signal to itself: what it closes at its end is closed. */
    async hasEnded() {
      await wait("the server ends", () => !existsSync(pidFile));
      await wait("its port is free", async () => !(await answers()));
      servers.delete(pid);
    },
  };
}

/** A launcher on another Node, as scripts/setup.js and bin/sallyport.js are where the Node at hand is too old. */
function launcherScript(options: string): string {
  const file = join(root, `launcher-${options.length}.mjs`);
  const main = JSON.stringify(join(checkout, "src/main.ts"));
  const run = JSON.stringify(new URL("../../scripts/setup/run.js", import.meta.url).href);
  writeFileSync(
    file,
    `import { runOn } from ${run};\nawait runOn(process.execPath, [${main}, "demo"], ${options});\n`,
  );
  return file;
}

test("npm start: a signal to npm ends the server", async () => {
  const { child, pid, hasEnded } = await launch("npm", "npm", ["start"]);
  assert.notEqual(pid, child.pid);
  child.kill("SIGTERM");
  await hasEnded();
});

test("a launcher that is killed takes the server with it", async () => {
  const script = launcherScript("{ isProgram: true }");
  const { child, hasEnded } = await launch("killed", process.execPath, [script]);
  child.kill("SIGKILL");
  await hasEnded();
});

test("a launcher whose shell is ended ends the server", async () => {
  const script = launcherScript("{ isProgram: true, launcher: process.ppid }");
  const shell = `'${process.execPath}' '${script}'; exit $?`;
  const { child, hasEnded } = await launch("shell", "sh", ["-c", shell]);
  child.kill("SIGTERM");
  await hasEnded();
});

test("started by nobody in particular it goes on when its shell has ended", async () => {
  const shell = `'${process.execPath}' bin/sallyport.js demo & sleep 1`;
  const { child, pid, answers, hasEnded } = await launch("alone", "sh", ["-c", shell]);
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  // As long as four looks of one that has a launcher.
  await sleep(1_000);
  assert.ok(await answers());
  process.kill(pid, "SIGTERM");
  await hasEnded();
});
