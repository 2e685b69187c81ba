/** How long `sallyport serve` takes from its process being started to its first answer, on data that is there already. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CALLBACK, CLIENT } from "./client.ts";
import type { ServerStart } from "./server.ts";

export interface StartUp {
  readonly firstAnswerMs: number;
  /** CPU until then, in milliseconds, where the system tells it. */
  readonly cpuMs: number | undefined;
  /** Resident memory one second later, where the system tells it (Linux). */
  readonly rssMiB: number | undefined;
}

const HOST = "login.example.test";
const LONGEST_MS = 20_000;
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Starts the server once, waits for its first answer, ends it. */
export async function startUp(start: ServerStart, port: number): Promise<StartUp> {
  const config = join(start.folder, "sallyport.yaml");
  const { account, api } = start;
  const lines = {
    issuer: `https://${HOST}`,
    listen: `127.0.0.1:${port}`,
    trusted_proxies: ["127.0.0.1"],
    data: start.folder,
    twilio_sid: account.sid,
    twilio_token: account.token,
    from_number: "+12065550100",
    api_base: api,
    clients: [{ client_id: CLIENT, redirect_uris: [CALLBACK] }],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(lines), { mode: 0o600 });
  const began = performance.now();
  const server = spawn(process.execPath, [MAIN, "serve", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    while (!(await answers(port))) {
      if (server.exitCode !== null) throw new Error("the server ended before it answered");
      if (performance.now() - began > LONGEST_MS) throw new Error(`no answer within ${LONGEST_MS} ms`);
      await sleep(2);
    }
    const firstAnswerMs = performance.now() - began;
    const cpuMs = cpuMsOf(server.pid);
    await sleep(1_000);
    return { firstAnswerMs, cpuMs, rssMiB: residentMiB(server.pid) };
  } finally {
    await end(server);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const path = "/.well-known/openid-configuration";
    const asked = request({ host: "127.0.0.1", port, path, headers: { host: HOST } }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode === 200));
    });
    asked.on("error", () => resolve(false)).end();
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  const force = setTimeout(() => server.kill("SIGKILL"), 5_000);
  server.kill("SIGTERM");
  await gone;
  clearTimeout(force);
}

function residentMiB(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** From /proc/PID/stat: user and system time in ticks of 10 ms, the 14th and 15th field. */
function cpuMsOf(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}
