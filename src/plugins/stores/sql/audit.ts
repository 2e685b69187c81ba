/** Audit in SQL: one insert per event, durable when `append` resolves. A trigger refuses to change a row. */
import type { Audit, AuditEvent, AuditKind } from "../../../core/audit.ts";
import type { Json } from "../../../core/words.ts";
import { type Call, type Database, statement } from "../../../kits/sql/database.ts";

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly kind: AuditKind;
  readonly subject: string | null;
  readonly login: string | null;
  readonly client: string | null;
  readonly address: string | null;
  readonly facts: string | null;
}

const insert = statement(
  "insert into audit (at, kind, subject, login, client, address, facts) values ($1, $2, $3, $4, $5, $6, $7)",
);

/** The insert of one event, to be run alone or in a transaction with what it tells of. */
export function toCall(event: AuditEvent): Call {
  const { at, kind, subject = null, login = null, client = null, address = null, facts } = event;
  const text = facts === undefined ? null : JSON.stringify(facts);
  return { statement: insert, values: [at, kind, subject, login, client, address, text] };
}

/** Makes the audit; the tables must be there. */
export function createSqlAudit(database: Database): Audit {
  const tables = database.kysely<{ audit: Row }>();
  return {
    async append(event) {
      await database.run(insert, ...toCall(event).values);
    },
    async query({ subject, login, kind, limit }) {
      let query = tables.selectFrom("audit").selectAll();
      if (subject !== undefined) query = query.where("subject", "=", subject);
      if (login !== undefined) query = query.where("login", "=", login);
      if (kind !== undefined) query = query.where("kind", "=", kind);
      return (await query.orderBy("seq", "desc").limit(limit).execute()).map(toEvent);
    },
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
