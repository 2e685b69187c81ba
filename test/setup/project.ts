/** A throw-away project with the real set-up script, for the tests of that script. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { type Registry, startRegistry } from "./registry.ts";

const scripts = path.resolve(import.meta.dirname, "../../scripts");

/** The Node that started npm (20, where the machine has that), so that the script runs where a newcomer runs it. */
export const launcher = process.env.npm_node_execpath ?? process.execPath;

/** Name of the package that carries this platform's Node. */
export const runtime = `node-${process.platform}-${process.arch}`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Project {
  readonly root: string;
  readonly registry: Registry;
  /** Writes package.json and the lock file for this version of the package `greeting`. */
  lock(version: string, integrity?: string): void;
  /** Starts the set-up script with these arguments. */
  start(args: readonly string[], env?: Record<string, string>, node?: string): Running;
  run(args: readonly string[], env?: Record<string, string>, node?: string): Promise<Ended>;
  /** The installed version of `greeting`, read by the module system. */
  installed(): string | undefined;
  file(...parts: string[]): string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard output contains the text. */
  says(text: string): Promise<void>;
}

/** A registry nobody answers at. */
export const OFFLINE = { npm_config_registry: "http://127.0.0.1:9", npm_config_prefer_offline: "false" };

/** An npm that leaves a trace and fails: for runs that must not start npm at all. */
export const NO_NPM = { npm_execpath: "/nonexistent/npm-cli.js" };

export async function createProject(t: TestContext): Promise<Project> {
  const base = mkdtempSync(path.join(tmpdir(), "sallyport-setup-"));
  const root = path.join(base, "project");
  mkdirSync(path.join(root, "scripts"), { recursive: true });
  cpSync(path.join(scripts, "setup.js"), path.join(root, "scripts/setup.js"));
  cpSync(path.join(scripts, "setup"), path.join(root, "scripts/setup"), { recursive: true });
  const registry = await startRegistry(base);
  t.after(() => {
    registry.close();
    rmSync(base, { recursive: true, force: true });
  });
  const hashes = publishAll(registry);
  let caches = 0;
  const project: Project = {
    root,
    registry,
    file: (...parts) => path.join(root, ...parts),
    lock(version, integrity = hashes[version] ?? "") {
      const manifest = { name: "project", version: "1.0.0", type: "module" };
      const wants = { dependencies: { greeting: version }, optionalDependencies: { [runtime]: "24.0.0" } };
      const packages = {
        "": { ...manifest, ...wants },
        "node_modules/greeting": { version, integrity },
        [`node_modules/${runtime}`]: {
          version: "24.0.0",
          integrity: hashes.runtime,
          optional: true,
          ...PLATFORM,
        },
      };
      writeFileSync(path.join(root, "package.json"), JSON.stringify({ ...manifest, ...wants }));
      const lock = { name: "project", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
      writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(lock));
    },
    start(args, env = {}, node = launcher) {
      // A cache of its own for each run: what an earlier run downloaded must not hide a missing network.
      const cache = path.join(base, `cache-${++caches}`);
      const own = { HOME: base, npm_config_cache: cache, npm_config_registry: registry.url };
      return launch(node, [path.join(root, "scripts/setup.js"), ...args], root, {
        ...inherited(),
        ...own,
        ...env,
      });
    },
    run: (args, env, node) => project.start(args, env, node).ended,
    installed() {
      const file = path.join(root, "node_modules/greeting/package.json");
      return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
    },
  };
  writeFileSync(project.file("hello.js"), HELLO);
  project.lock("1.0.0");
  return project;
}

const HELLO = `import { greeting } from "greeting";
const runtime = process.env.RUNTIME ?? "in process";
process.stdout.write([greeting, runtime, process.pid, ...process.argv.slice(2)].join(" ") + "\\n");
process.exitCode = Number(process.argv[2] ?? 0);
`;
const PLATFORM = { os: [process.platform], cpu: [process.arch], bin: { node: "bin/node" } };

function publishAll(registry: Registry): Record<string, string> {
  const greeting = (version: string) =>
    registry.publish({
      manifest: { name: "greeting", version, type: "module", exports: "./index.js" },
      files: { "index.js": `export const greeting = "greeting ${version}";` },
    });
  // Not a whole Node, but a program that starts this one and says so.
  const script = `#!/bin/sh\nRUNTIME=own exec "${process.execPath}" "$@"\n`;
  const node = { manifest: { name: runtime, version: "24.0.0", ...PLATFORM }, files: { "bin/node": script } };
  return { "1.0.0": greeting("1.0.0"), "2.0.0": greeting("2.0.0"), runtime: registry.publish(node) };
}

/** What npm itself needs, without the settings of the npm that runs these tests. */
function inherited(): Record<string, string> {
  const kept = ["PATH", "npm_execpath", "TMPDIR"];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function launch(node: string, args: readonly string[], cwd: string, env: Record<string, string>): Running {
  const child = spawn(node, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    async says(text) {
      while (!stdout.includes(text) && child.exitCode === null)
        await new Promise((done) => setTimeout(done, 10));
    },
  };
}
