/** Audit in SQL: one insert per event, durable when `append` resolves. Triggers refuse to change or delete a row. */
import { sql } from "kysely";
import type {
  AuditEntry,
  AuditEvent,
  AuditKind,
  AuditRow,
  AuditSearch,
  AuditStore,
  SignedEvent,
} from "../../../core/audit.ts";
import { toSigned } from "../../../core/audit-signature.ts";
import type { Json } from "../../../core/words.ts";
import { type Call, type Database, statement } from "../../../kits/sql/database.ts";
import { createSqlLedger } from "./audit-ledger.ts";

type Row = AuditRow & { readonly kind: AuditKind };

/** What a writer sets, in the order of `valuesOf`. */
export const COLUMNS = ["at", "kind", "subject", "login", "client", "address", "facts", "signature"] as const;
const insert = statement(
  `insert into audit (${COLUMNS}) values (${COLUMNS.map((_name, index) => `$${index + 1}`)})`,
);

/** How many events a page looks at where no index helps: on SQLite a query holds the event loop. */
const STRETCH = 20_000;

/** The insert of one event, to be run alone or in a transaction with what it tells of. */
export const toCall = (event: SignedEvent): Call => ({ statement: insert, values: valuesOf(event) });

export function valuesOf(event: SignedEvent): Call["values"] {
  const { at, kind, subject, login, client, address, facts } = toSigned(event);
  return [at, kind, subject, login, client, address, facts, event.signature ?? null];
}

/** Makes the audit; the tables must be there. */
export function createSqlAudit(database: Database): AuditStore {
  const tables = database.kysely<{ audit: Row }>();

  async function newest(): Promise<number> {
    const found = await tables.selectFrom("audit").select("seq").orderBy("seq", "desc").limit(1).execute();
    return Number(found[0]?.seq ?? 0);
  }

  function searched({ subject, login, kinds, client, from, to, by }: AuditSearch) {
    let query = tables.selectFrom("audit").selectAll();
    if (subject !== undefined) query = query.where("subject", "=", subject);
    if (login !== undefined) query = query.where("login", "=", login);
    if (kinds !== undefined && kinds.length > 0) query = query.where("kind", "in", [...kinds]);
    if (client !== undefined) query = query.where("client", "=", client);
    if (from !== undefined) query = query.where("at", ">=", from);
    if (to !== undefined) query = query.where("at", "<", to);
    if (by !== undefined) {
      // As the text it is: in a value its quotes would stand escaped, so no value can look like it.
      const text = `"by":${JSON.stringify(by)}`;
      const place = sql.raw(database.engine === "sqlite" ? "instr" : "strpos");
      query = query.where(sql<boolean>`${place}(facts, ${text}) > 0`);
    }
    return query;
  }

  return {
    async append(event) {
      await database.run(insert, ...valuesOf(event));
    },
    async query({ subject, login, kind, limit }) {
      const kinds = kind === undefined ? undefined : [kind];
      const found = searched({ subject, login, kinds, limit }).orderBy("seq", "desc").limit(limit);
      return (await found.execute()).map(toEvent);
    },
    async page(search) {
      const { limit, subject, login } = search;
      // PostgreSQL knows no NUL in a text: nothing has one.
      if ([subject, login, search.client].some((text) => text?.includes("\0"))) return { entries: [] };
      const start = search.after ?? (await newest()) + 1;
      const indexed = subject !== undefined || login !== undefined;
      const floor = indexed ? undefined : Math.max(1, start - STRETCH);
      let query = searched(search).where("seq", "<", start);
      if (floor !== undefined) query = query.where("seq", ">=", floor);
      const rows = await query.orderBy("seq", "desc").limit(limit).execute();
      const entries = rows.map((row): AuditEntry => ({ ...toEvent(row), seq: row.seq }));
      const last = entries.at(-1);
      if (last !== undefined && entries.length === limit) return { entries, next: last.seq };
      return floor === undefined || floor === 1 ? { entries } : { entries, next: floor };
    },
    ledger: createSqlLedger(database),
  };
}

function toEvent({ at, kind, subject, login, client, address, facts }: Row): AuditEvent {
  return {
    at,
    kind,
    ...(subject === null ? {} : { subject }),
    ...(login === null ? {} : { login }),
    ...(client === null ? {} : { client }),
    ...(address === null ? {} : { address }),
    ...(facts === null ? {} : { facts: JSON.parse(facts) as Record<string, Json> }),
  };
}
