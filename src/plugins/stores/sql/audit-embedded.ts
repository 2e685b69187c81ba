/** AuditStore over the log of the embedded store: an event goes into the log, and the table has it when it is asked. */
import type { AuditStore } from "../../../core/audit.ts";
import type { Log } from "./log.ts";
import { toldOf } from "./records-log.ts";

/** `table`: the audit in its table. */
export function createEmbeddedAudit(table: AuditStore, log: Log): AuditStore {
  const settled =
    <A extends readonly unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await log.settle();
      return ask(...args);
    };
  const { ledger } = table;
  return {
    async append(event) {
      const told = [toldOf(event)];
      await log.act((_run, hand) => hand.commit({ now: event.at, writes: [], told }));
    },
    query: settled(table.query),
    page: settled(table.page),
    ledger: {
      ...ledger,
      settled: settled(ledger.settled),
      rows: settled(ledger.rows),
      about: settled(ledger.about),
      trims: settled(ledger.trims),
      erase: settled(ledger.erase),
      trim: settled(ledger.trim),
    },
  };
}
