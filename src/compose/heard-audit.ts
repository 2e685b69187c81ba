/** Lets somebody hear of each event of the audit once it is durable, whether it came alone or in a commit with its act. */
import type { AuditStore, SignedEvent } from "../core/audit.ts";
import type { RecordStore } from "../core/records.ts";

export function heardAudit<S extends { readonly audit: AuditStore; readonly records: RecordStore }>(
  store: S,
) {
  let listener: (event: SignedEvent) => void = () => {};
  const { commitTold } = store.records;
  return {
    audit: {
      ...store.audit,
      append: async (event: SignedEvent) => {
        await store.audit.append(event);
        listener(event);
      },
    },
    records:
      commitTold === undefined
        ? store.records
        : ({
            ...store.records,
            commitTold: async (writes, events, now) => {
              const done = await commitTold(writes, events, now);
              if (done) for (const event of events) listener(event);
              return done;
            },
          } satisfies RecordStore),
    /** From now on; there is one listener. */
    hear: (next: typeof listener): void => {
      listener = next;
    },
  };
}
