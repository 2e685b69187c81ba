/**
 * The slow look at people who are signed in and do nothing: whoever is closed or gone in their directory, or has lost the
 * phone there, does not stay signed in until they come back. Bounded: so many sessions a turn, fifty people in one
 * operation of the directory, one node at a time.
 */
import type { Directory } from "./directory.ts";
import type { DirectoryPhones } from "./directory-phones.ts";
import type { Storage } from "./records.ts";
import type { Sessions } from "./sessions.ts";
import type { Clock } from "./words.ts";

const AT_ONCE = 100;
const PAGES = 10;
/** A little less than a turn, so that of several nodes one looks. */
export const LOOK_EVERY = 60_000;
const LEASE = 55_000;

type Row = { readonly until: number; readonly after: string | null };

export function createDirectoryLook(deps: {
  readonly directory: Directory;
  readonly phones: Pick<DirectoryPhones, "settle">;
  readonly sessions: Pick<Sessions, "list" | "endAll">;
  readonly storage: Storage;
  readonly now: Clock;
}): () => Promise<void> {
  const { directory, sessions, now } = deps;
  const rows = deps.storage.records<Row>("directory-look");

  async function lookAt(subjects: readonly string[]): Promise<void> {
    const theirs = subjects.filter((id) => directory.keptElsewhere?.(id) === true);
    if (theirs.length === 0) return;
    await directory.look?.(theirs);
    for (const id of theirs) {
      const user = await directory.get(id);
      if (user?.status === "active") await deps.phones.settle(user);
      else
        await sessions.endAll(
          id,
          "directory",
          user === undefined ? "gone in the directory" : "closed in the directory",
        );
    }
  }

  return async () => {
    const begin = await rows.update("turn", (row) =>
      row !== undefined && row.until > now()
        ? { result: undefined }
        : {
            result: { after: row?.after ?? undefined },
            write: { until: now() + LEASE, after: row?.after ?? null },
            expiresAt: now() + 24 * 3_600_000,
          },
    );
    if (begin === undefined) return;
    let { after } = begin;
    for (let page = 0; page < PAGES; page += 1) {
      const found = await sessions.list({ limit: AT_ONCE, ...(after === undefined ? {} : { after }) });
      await lookAt([...new Set(found.sessions.map(({ subject }) => subject))]);
      after = found.next;
      if (after === undefined) break;
    }
    await rows.put("turn", { until: now() + LEASE, after: after ?? null }, now() + 24 * 3_600_000);
  };
}
