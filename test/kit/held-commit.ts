/** Holds one commit of a server's store, so that something else can happen in the moment before it. */
import type { ByteWrite } from "../../src/core/records.ts";
import type { TestServer } from "./server.ts";

/** The first commit with rows of all these kinds waits, from `reached` until `release`. */
export function holdCommit({ parts }: Pick<TestServer, "parts">, ...kinds: readonly string[]) {
  const { records } = parts.store;
  const { commit, commitTold } = records;
  if (commitTold === undefined) throw new Error("this store keeps no audit");
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let held = false;
  async function hold(writes: readonly ByteWrite[]): Promise<void> {
    if (held || !kinds.every((kind) => writes.some((write) => write.kind === kind))) return;
    held = true;
    reached.resolve();
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
  };
}
