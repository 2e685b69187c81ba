/** Holds one commit of a server's store, so that something else can happen in the moment before it. */
import type { ByteWrite } from "../../src/core/records.ts";
import type { TestServer } from "./server.ts";

/** The first commit with rows of all these kinds waits, from `reached` until `release`, or until it `breaks`. */
export function holdCommit({ parts }: Pick<TestServer, "parts">, ...kinds: readonly string[]) {
  const { records } = parts.store;
  const { commit, commitTold } = records;
  if (commitTold === undefined) throw new Error("this store keeps no audit");
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let held = false;
  let broken = false;
  async function hold(writes: readonly ByteWrite[]): Promise<void> {
    if (!kinds.every((kind) => writes.some((write) => write.kind === kind))) return;
    if (!held) reached.resolve();
    else if (!broken) return;
    held = true;
    await go.promise;
  }
  records.commit = async (writes, now) => {
    await hold(writes);
    return commit(writes, now);
  };
  records.commitTold = async (writes, events, now) => {
    await hold(writes);
    return commitTold(writes, events, now);
  };
  return {
    reached: reached.promise,
    release(): void {
      Object.assign(records, { commit, commitTold });
      go.resolve();
    },
    /** It is refused by the store, as where the process dies there, and so is every other of its kinds until `release`. */
    breaks(): void {
      broken = true;
      go.reject(new Error("the process dies here"));
    },
  };
}
