/** Starts and stops one throw-away PostgreSQL cluster in a folder of its own. Used by postgres.ts and its keeper. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { accessSync, chownSync, constants, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export interface Cluster {
  /** URL of one database of this cluster, over its unix socket. */
  url(database: string): string;
  readonly pid: number;
  /** SIGKILL to the server and everything it started: the moment of a crash. */
  kill(): Promise<void>;
  /** Starts the server again on the same data after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder with initdb and postgres, or undefined where PostgreSQL is not installed. */
export function findBinaries(): string | undefined {
  const folders = [
    ...globSync("/usr/lib/postgresql/*/bin").sort().reverse(),
    ...(process.env.PATH ?? "").split(path.delimiter),
  ];
  return folders.find(
    (folder) => isProgram(path.join(folder, "initdb")) && isProgram(path.join(folder, "postgres")),
  );
}

/** Makes a cluster and answers when it takes connections. `durable` keeps fsync on. */
export async function startCluster(options: { durable?: boolean } = {}): Promise<Cluster> {
  const binaries = findBinaries();
  if (binaries === undefined) throw new Error("PostgreSQL is not installed");
  const identity = unprivileged();
  const folder = mkdtempSync(path.join(tmpdir(), "sallyport-pg-"));
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
  const data = path.join(folder, "data");
  const settings = { cwd: folder, ...identity, env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" } };
  const program = (name: string) => path.join(binaries, name);
  const initdb = ["-D", data, "-U", "sallyport", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(program("initdb"), initdb, { ...settings, stdio: ["ignore", "ignore", "pipe"] });

  const url = (database: string) => `postgres:///${database}?host=${folder}&user=sallyport`;
  let server = await launch();

  async function launch(): Promise<ChildProcess> {
    const fsync = options.durable ? [] : ["-c", "fsync=off", "-c", "full_page_writes=off"];
    const socket = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${folder}`];
    const small = ["-c", "max_connections=100", "-c", "shared_buffers=32MB", "-c", "autovacuum=off"];
    const child = spawn(program("postgres"), ["-D", data, ...fsync, ...socket, ...small], {
      ...settings,
      stdio: "ignore",
    });
    for (let tries = 0; tries < 200; tries += 1) {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
      if (await answers(url("postgres"))) return child;
      await sleep(50);
    }
    throw new Error("postgres did not answer within 10 s");
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await ended;
  }

  return {
    url,
    get pid() {
      return server.pid as number;
    },
    async kill() {
      await end("SIGKILL");
      // The children of a killed postmaster notice within a moment and let go of the shared memory.
      await sleep(300);
    },
    async restart() {
      rmSync(path.join(data, "postmaster.pid"), { force: true });
      server = await launch();
    },
    async stop() {
      await end("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; an account that may own nothing of ours runs it then. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = ["postgres:", "nobody:"]
    .map((name) => accounts.find((entry) => entry.startsWith(name)))
    .find(Boolean);
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error("no account to run PostgreSQL under");
  return { uid: Number(uid), gid: Number(gid) };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
