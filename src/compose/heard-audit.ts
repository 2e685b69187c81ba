/** Lets somebody hear of each event of the audit once it is durable, whether it came alone or in a commit with its act. */
import type { AuditStore, SignedEvent } from "../core/audit.ts";
import type { RecordStore } from "../core/records.ts";

export function heardAudit<S extends { readonly audit: AuditStore; readonly records: RecordStore }>(
  store: S,
) {
  let listener: (event: SignedEvent) => void = () => {};
  const audit: AuditStore = Object.assign(Object.create(store.audit) as AuditStore, {
    async append(event: SignedEvent): Promise<void> {
      await store.audit.append(event);
      listener(event);
    },
  });
  const records: RecordStore = Object.assign(Object.create(store.records) as RecordStore, {
    ...(store.records.commitTold === undefined
      ? {}
      : {
          async commitTold(...given: Parameters<NonNullable<RecordStore["commitTold"]>>): Promise<boolean> {
            const done = (await store.records.commitTold?.(...given)) === true;
            if (done) for (const event of given[1]) listener(event);
            return done;
          },
        }),
  });
  return {
    audit,
    records,
    /** From now on; there is one listener. */
    hear: (next: typeof listener): void => {
      listener = next;
    },
  };
}
