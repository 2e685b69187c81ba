/** From what was measured to the figures people read: medians over the rounds, a table, and JSON. */
import { availableParallelism, cpus } from "node:os";
import type { Measured, Round } from "./measure.ts";
import type { Plan } from "./plan.ts";
import { median, percentile } from "./stats.ts";

export type Report = ReturnType<typeof summarize>;

/** Figures of one run. Times in milliseconds, memory in MiB; `…CpuMs` is CPU of the server's process per login. */
export function summarize(measured: Measured, plan: Plan) {
  const { hashAlone, hashOnAllCores, bare, lean, whole, startUps } = measured;
  const over = (rounds: readonly Round[], of: (round: Round) => number) => median(rounds.map(of));
  const cpuMs = (rounds: readonly Round[]) => over(rounds, ({ used, count }) => used.cpuMs / count);
  const mainMs = (rounds: readonly Round[]) => over(rounds, ({ used, count }) => used.mainMs / count);
  const times = (rounds: readonly Round[]) => {
    const all = rounds.flatMap((round) => round.times);
    return { p50: percentile(all, 0.5), p95: percentile(all, 0.95), p99: percentile(all, 0.99) };
  };
  const floor = {
    perSecond: median(hashAlone.map(({ perSecond }) => perSecond)),
    cpuMs: median(hashAlone.map((rate) => rate.cpuMs)),
    perSecondAllCores: median(hashOnAllCores.map(({ perSecond }) => perSecond)),
    cpuMsAllCores: median(hashOnAllCores.map((rate) => rate.cpuMs)),
  };
  const hashesPerSignIn = over(whole, ({ used, count }) => used.hashes / count);
  const signInCpuMs = cpuMs(whole);
  const hashCpuMs = hashesPerSignIn * floor.cpuMsAllCores;
  const bareCpuMs = cpuMs(bare);
  const leanCpuMs = cpuMs(lean);
  return {
    at: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version },
    plan,
    argon2id: floor,
    signIn: {
      perSecond: over(whole, ({ count, seconds }) => count / seconds),
      perCoreSecond: 1000 / signInCpuMs,
      ...times(whole),
      cpuMs: signInCpuMs,
      hashesPerSignIn,
      hashCpuMs,
      otherCpuMs: leanCpuMs,
      otherMainThreadMs: mainMs(lean),
      otherCpuMsBySubtraction: signInCpuMs - hashCpuMs,
    },
    bareEngine: {
      perSecond: over(bare, ({ count, seconds }) => count / seconds),
      ...times(bare),
      cpuMs: bareCpuMs,
      mainThreadMs: mainMs(bare),
    },
    ratio: leanCpuMs / bareCpuMs,
    ratioByRound: lean.map((round, index) => {
      const other = bare[index] as Round;
      return round.used.cpuMs / round.count / (other.used.cpuMs / other.count);
    }),
    startUpMs: {
      median: median(startUps.map((one) => one.firstAnswerMs)),
      cpu: median(startUps.map((one) => one.cpuMs ?? Number.NaN)),
      all: startUps.map((one) => one.firstAnswerMs),
    },
    memoryMiB: {
      serveAtRest: median(startUps.map((one) => one.rssMiB ?? Number.NaN)),
      atRest: measured.restRssMiB,
      underLoad: Math.max(...whole.map(({ used }) => used.rssMiB)),
      bareAtRest: measured.bareRestRssMiB,
      bareUnderLoad: Math.max(...bare.map(({ used }) => used.rssMiB)),
    },
  };
}

/** The figures as a table of lines. */
export function table(report: Report): string {
  const { argon2id, signIn, bareEngine, memoryMiB, machine } = report;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const rate = (value: number) => `${value.toFixed(1)} /s`;
  const mib = (value: number) => `${value.toFixed(0)} MiB`;
  const rows: readonly (readonly [string, string, string])[] = [
    ["argon2id, one at a time", rate(argon2id.perSecond), `${ms(argon2id.cpuMs)} CPU each`],
    [
      `argon2id, ${machine.cores} at a time`,
      rate(argon2id.perSecondAllCores),
      `${ms(argon2id.cpuMsAllCores)} CPU each`,
    ],
    ["two-step sign-ins", rate(signIn.perSecond), `${rate(signIn.perCoreSecond)} and core of the server`],
    [
      "  p50 · p95 · p99",
      "",
      [signIn.p50, signIn.p95, signIn.p99]
        .map((value) => value.toFixed(0))
        .join(" · ")
        .concat(" ms"),
    ],
    ["  server CPU per sign-in", ms(signIn.cpuMs), `${signIn.hashesPerSignIn.toFixed(2)} hashes`],
    ["  of it the hash", ms(signIn.hashCpuMs), "hashes × the floor of this run"],
    [
      "  of it everything else",
      ms(signIn.otherCpuMs),
      `measured with hashes from memory; by subtraction ${ms(signIn.otherCpuMsBySubtraction)}`,
    ],
    ["bare engine logins", rate(bareEngine.perSecond), `p50 ${bareEngine.p50.toFixed(0)} ms`],
    ["  CPU per login", ms(bareEngine.cpuMs), ""],
    [
      "everything else ÷ bare engine",
      report.ratio.toFixed(2),
      `by round ${report.ratioByRound.map((value) => value.toFixed(2)).join(" ")}`,
    ],
    [
      "first answer after the start",
      `${report.startUpMs.median.toFixed(0)} ms`,
      `${report.startUpMs.cpu.toFixed(0)} ms CPU; all: ${report.startUpMs.all.map((value) => value.toFixed(0)).join(" ")}`,
    ],
    ["memory of serve at rest", mib(memoryMiB.serveAtRest), ""],
    ["memory under load", mib(memoryMiB.underLoad), `bare engine ${mib(memoryMiB.bareUnderLoad)}`],
  ];
  const wide = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([name, value, note]) =>
    `${name.padEnd(wide[0] ?? 0)}  ${value.padStart(wide[1] ?? 0)}  ${note}`.trimEnd(),
  );
  return [`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`, "", ...lines].join("\n");
}
