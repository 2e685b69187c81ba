/** The bare argon2id rate of this machine at the product's cost: the floor under every password sign-in. */
import { argon2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { DEFAULT_COST } from "../src/kits/password/hashing.ts";

const derive = promisify(argon2);

export interface HashRate {
  readonly atOnce: number;
  readonly count: number;
  readonly perSecond: number;
  /** CPU milliseconds of one hash. */
  readonly cpuMs: number;
}

/** Computes `count` hashes, so many at a time, in this process. */
export async function hashRate(atOnce: number, count: number): Promise<HashRate> {
  const one = () =>
    derive("argon2id", {
      message: Buffer.from("a password of usual length"),
      nonce: randomBytes(16),
      memory: DEFAULT_COST.memory,
      passes: DEFAULT_COST.passes,
      parallelism: DEFAULT_COST.lanes,
      tagLength: 32,
    });
  await one();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { atOnce, count, perSecond: count / seconds, cpuMs: (user + system) / 1000 / count };
}
