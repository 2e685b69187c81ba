/** AuthenticatorStore in SQL. A removed authenticator keeps its row as a mark, without its data. */
import type { AuthenticatorRow, AuthenticatorStore } from "../../../core/authenticators.ts";
import { Breakage } from "../../../core/errors.ts";
import { type Database, statement } from "../../../kits/sql/database.ts";

interface Row {
  readonly id: string;
  readonly subject: string;
  readonly kind: string;
  readonly key: string;
  readonly data: Uint8Array;
  readonly bound_at: number;
  readonly bound_by: string;
  readonly version: number;
}

const COLUMNS = "id, subject, kind, key, data, bound_at, bound_by, version";
const SELECT = `select ${COLUMNS} from authenticators where removed_at is null`;
const ORDER = "order by bound_at, id";
const get = statement<Row>(`${SELECT} and id = $1`);
const listAll = statement<Row>(`${SELECT} and subject = $1 ${ORDER}`);
const listKind = statement<Row>(`${SELECT} and subject = $1 and kind = $2 ${ORDER}`);
const find = statement<Row>(`${SELECT} and kind = $1 and key = $2 ${ORDER}`);
const same = statement<Row>(`${SELECT} and subject = $1 and kind = $2 and key = $3`);
const insert = statement(
  `insert into authenticators (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
   on conflict (subject, kind, key) where removed_at is null do nothing`,
);
const update = statement(
  "update authenticators set data = $3, version = $4 where id = $1 and version = $2 and removed_at is null",
);
const remove = statement(
  `update authenticators set removed_at = $2, removed_by = $3, reason = $4, data = $5
   where id = $1 and removed_at is null`,
);
const ever = statement<{ kind: string }>("select distinct kind from authenticators where subject = $1");

/** Makes the authenticator store; the tables must be there. */
export function createSqlAuthenticators(database: Database): AuthenticatorStore {
  return {
    async get(id) {
      const { rows } = await database.run(get, id);
      return rows[0] === undefined ? undefined : toRow(rows[0]);
    },
    async list(subject, kind) {
      const { rows } =
        kind === undefined
          ? await database.run(listAll, subject)
          : await database.run(listKind, subject, kind);
      return rows.map(toRow);
    },
    async find(kind, key) {
      return (await database.run(find, kind, key)).rows.map(toRow);
    },
    async add(row) {
      const { id, subject, kind, key, data, boundAt, boundBy, version } = row;
      // More than once: the row that was in the way may be removed before we have read it.
      for (let round = 0; round < 5; round += 1) {
        const added = await database.run(insert, id, subject, kind, key, data, boundAt, boundBy, version);
        if (added.changes === 1) return row;
        const { rows } = await database.run(same, subject, kind, key);
        if (rows[0] !== undefined) return toRow(rows[0]);
      }
      throw new Breakage("store-conflict", "The authenticator is bound and removed over and over.", {
        retryAfter: 1,
      });
    },
    async update(id, version, next) {
      return (await database.run(update, id, version, next.data, next.version)).changes === 1;
    },
    async remove(id, at, by, reason) {
      return (await database.run(remove, id, at, by, reason, new Uint8Array())).changes === 1;
    },
    async everHad(subject, kinds) {
      return (await database.run(ever, subject)).rows.some(({ kind }) => kinds.includes(kind));
    },
  };
}

function toRow({ bound_at: boundAt, bound_by: boundBy, ...row }: Row): AuthenticatorRow {
  return { ...row, boundAt, boundBy };
}
