/** Looks at each commit of a server's store before it is made, and may hold it or refuse it by throwing. */
import type { ByteWrite } from "../../src/core/records.ts";
import type { TestServer } from "./server.ts";

/** `before` hears the rows and the kinds of the events that go with them; answers what puts the store back as it was. */
export function aroundCommits(
  { parts }: Pick<TestServer, "parts">,
  before: (writes: readonly ByteWrite[], told: readonly string[]) => void | Promise<void>,
): () => void {
  const { records } = parts.store;
  const { commit, commitTold } = records;
  if (commitTold === undefined) throw new Error("this store keeps no audit");
  records.commit = async (writes, now) => {
    await before(writes, []);
    return commit(writes, now);
  };
  records.commitTold = async (writes, events, now) => {
    await before(
      writes,
      events.map(({ kind }) => kind),
    );
    return commitTold(writes, events, now);
  };
  return () => void Object.assign(records, { commit, commitTold });
}
