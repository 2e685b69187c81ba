/**
 * PostgreSQL for tests: one throw-away cluster for all test files that run at the same time, a fresh database for each
 * file. The first file starts a keeper process, which starts the cluster and stops it some seconds after the last
 * process that uses it has gone, however it went.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { findBinaries } from "./postgres-cluster.ts";

/** The reason for `skip`, or false where PostgreSQL is installed (and where CI=true, so that its absence fails). */
export const noPostgres: string | false =
  findBinaries() !== undefined || process.env.CI === "true" ? false : "PostgreSQL is not installed";

/** What the keeper writes and the tests read. One per user and working copy. */
export const MEETING = path.join(
  tmpdir(),
  `sallyport-tests-${createHash("sha256")
    .update(`${process.getuid?.()} ${fileURLToPath(import.meta.url)}`)
    .digest("hex")
    .slice(0, 16)}`,
);

/** Answers the URL of a fresh, empty database. The cluster needs no stopping. */
export async function startPostgres(): Promise<{ readonly url: string }> {
  if (findBinaries() === undefined) throw new Error("PostgreSQL is not installed");
  mkdirSync(path.join(MEETING, "users"), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(MEETING, "users", String(process.pid)), "");
  const name = `t_${randomBytes(8).toString("hex")}`;
  const template = await meet();
  const client = new pg.Client({ connectionString: template.replace("DATABASE", "postgres") });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return { url: template.replace("DATABASE", name) };
}

/** Waits for the cluster to answer, starting keepers as needed; the keepers settle among themselves who serves. */
async function meet(): Promise<string> {
  for (let tries = 0; tries < 400; tries += 1) {
    const template = read();
    if (template !== undefined && (await answers(template))) return template;
    if (tries % 60 === 0) {
      const keeper = fileURLToPath(new URL("postgres-keeper.ts", import.meta.url));
      spawn(process.execPath, [keeper], { detached: true, stdio: "ignore" }).unref();
    }
    await sleep(50);
  }
  throw new Error("no PostgreSQL cluster within 20 s");
}

function read(): string | undefined {
  try {
    return readFileSync(path.join(MEETING, "url"), "utf8");
  } catch {
    return undefined;
  }
}

async function answers(template: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: template.replace("DATABASE", "postgres") });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
