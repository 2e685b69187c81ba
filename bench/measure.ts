/** The measurement itself: starts the processes, warms them up, takes turns between them, and ends them. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../test/kit/free-port.ts";
import { type Child, startChild } from "./child.ts";
import { type HashRate, hashRate } from "./hash.ts";
import type { Batch, Outcome } from "./load.ts";
import type { Plan } from "./plan.ts";
import type { ServerStart } from "./server.ts";
import type { Person } from "./sign-in.ts";
import { type StartUp, startUp } from "./start-up.ts";
import { type Usage, used } from "./usage.ts";

/** One batch of logins: what the load saw, and what the server used. */
export interface Round {
  readonly count: number;
  readonly seconds: number;
  readonly times: readonly number[];
  readonly failures: readonly string[];
  readonly used: Usage;
}

export interface Measured {
  readonly hashAlone: readonly HashRate[];
  readonly hashOnAllCores: readonly HashRate[];
  readonly startUps: readonly StartUp[];
  readonly bare: readonly Round[];
  /** The product while argon2 answers from memory. */
  readonly lean: readonly Round[];
  /** The product as it is. */
  readonly whole: readonly Round[];
  readonly restRssMiB: number;
  readonly bareRestRssMiB: number;
}

export interface MeasureOptions {
  readonly plan: Plan;
  readonly say: (text: string) => void;
  /** Folder for a CPU profile of the product's process. */
  readonly profile?: string | undefined;
}

/** Runs the whole plan. Rejects when a login fails: figures of a server that errs are worth nothing. */
export async function measure({ plan, say, profile }: MeasureOptions): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  const children: Child[] = [];
  const child = (name: string, flags: readonly string[] = []): Child => {
    const started = startChild(name, [], flags);
    children.push(started);
    return started;
  };
  const preload = ["--import", new URL("./remembered-hash.ts", import.meta.url).href];
  try {
    const people = makePeople(plan.people);
    const account = { sid: `AC${randomBytes(16).toString("hex")}`, token: randomBytes(16).toString("hex") };
    const { api, phones } = await child("simulator").ask<{ api: string; phones: string }>("start", account);
    const load = child("load");

    say(`adding ${plan.people} people`);
    const start: ServerStart = { folder, account, api };
    const seeding = child("server", preload);
    await seeding.ask("seed", { start, people });
    await seeding.end();

    say(`starting the server ${plan.startUps} times`);
    const startUps: StartUp[] = [];
    const port = await freePort();
    // The first one fills the disk cache, and is not counted.
    for (let time = 0; time <= plan.startUps; time += 1) startUps.push(await startUp(start, port));

    const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
    const engine = child("engine");
    const server = child("server", [...preload, ...profiling]);
    const origins = {
      engine: await engine.ask<string>("start"),
      server: await server.ask<string>("start", start),
    };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const rest = await server.ask<Usage>("usage");
    const bareRest = await engine.ask<Usage>("usage");

    let from = 0;
    async function round(kind: keyof Plan["round"], count: number): Promise<Round> {
      const measured = kind === "bare" ? engine : server;
      const batch: Batch =
        kind === "bare"
          ? { kind, origin: origins.engine, count, atOnce: plan.atOnce }
          : { kind: "two-step", origin: origins.server, count, atOnce: plan.atOnce, phones, people, from };
      from += count;
      if (kind !== "bare") await server.ask("remember", kind === "lean");
      const before = await measured.ask<Usage>("usage");
      const { failures, ...outcome } = await load.ask<Outcome>("run", batch);
      const after = await measured.ask<Usage>("usage");
      if (failures.length > 0) throw new Error(`${failures.length} logins failed: ${failures[0]}`);
      return { count, ...outcome, failures, used: used(before, after) };
    }

    say("warming up");
    // The whole comes before the lean: it is what fills the memory of hashes.
    for (const kind of ["bare", "whole", "lean"] as const) await round(kind, plan.warmUp[kind]);

    const taken = { bare: [] as Round[], lean: [] as Round[], whole: [] as Round[] };
    const hashAlone: HashRate[] = [];
    const hashOnAllCores: HashRate[] = [];
    for (let turn = 1; turn <= plan.rounds; turn += 1) {
      say(`round ${turn} of ${plan.rounds}`);
      hashAlone.push(await hashRate(1, plan.hashes));
      hashOnAllCores.push(await hashRate(availableParallelism(), plan.hashes));
      for (const kind of ["bare", "lean", "whole"] as const)
        taken[kind].push(await round(kind, plan.round[kind]));
    }
    return {
      hashAlone,
      hashOnAllCores,
      startUps: startUps.slice(1),
      ...taken,
      restRssMiB: rest.rssMiB,
      bareRestRssMiB: bareRest.rssMiB,
    };
  } finally {
    await Promise.all(children.map((one) => one.end()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Numbers of the fictional 555-01xx range, a hundred in each area. */
function makePeople(count: number): readonly Person[] {
  const areas = [202, 212, 213, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 808, 901, 907];
  return Array.from({ length: count }, (_, index) => ({
    username: `bench-${index}`,
    password: randomBytes(15).toString("base64url"),
    phone: `+1${areas[Math.floor(index / 100) % areas.length]}55501${String(index % 100).padStart(2, "0")}`,
  }));
}
