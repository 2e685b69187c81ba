/** Holds one commit of a server's store, so that something else can happen in the moment before it. */
import { aroundCommits } from "./around-commits.ts";
import type { TestServer } from "./server.ts";

/** The first commit with rows of all these kinds waits, from `reached` until `release`, or until it `breaks`. */
export function holdCommit(server: Pick<TestServer, "parts">, ...kinds: readonly string[]) {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let held = false;
  let broken = false;
  const restore = aroundCommits(server, async (writes) => {
    if (!kinds.every((kind) => writes.some((write) => write.kind === kind))) return;
    if (!held) reached.resolve();
    else if (!broken) return;
    held = true;
    await go.promise;
  });
  return {
    reached: reached.promise,
    release(): void {
      restore();
      go.resolve();
    },
    /** It is refused by the store, as where the process dies there, and so is every other of its kinds until `release`. */
    breaks(): void {
      broken = true;
      go.reject(new Error("the process dies here"));
    },
  };
}
