/** What a process has used so far, as it says itself. */

export interface Usage {
  /** CPU of all its threads, in milliseconds. */
  readonly cpuMs: number;
  /** CPU of its main thread alone, in milliseconds. */
  readonly mainMs: number;
  /** Resident memory in MiB. */
  readonly rssMiB: number;
  /** Password hashes computed. */
  readonly hashes: number;
}

const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

/** Reads the usage of this process. */
export const usage = (hashes = 0): Usage => ({
  cpuMs: milliseconds(process.cpuUsage()),
  mainMs: milliseconds(process.threadCpuUsage()),
  rssMiB: process.memoryUsage.rss() / 2 ** 20,
  hashes,
});

/** What was used between two readings; memory is the later reading. */
export const used = (before: Usage, after: Usage): Usage => ({
  cpuMs: after.cpuMs - before.cpuMs,
  mainMs: after.mainMs - before.mainMs,
  rssMiB: after.rssMiB,
  hashes: after.hashes - before.hashes,
});
