/** KeyStore in SQL. Rows arrive sealed; this room never sees a key in clear. */
import type { KeyRow, KeyStore, StoredPurpose } from "../../../core/keys.ts";
import { ask, type Database, statement, type Transaction, type Value } from "../../../kits/sql/database.ts";

interface Row {
  readonly id: string;
  readonly purpose: StoredPurpose;
  readonly created_at: number;
  readonly active_from: number;
  readonly expires_at: number | null;
  readonly material: Uint8Array;
}

const COLUMNS = "id, purpose, created_at, active_from, expires_at, material";
const all = statement<Row>(`select ${COLUMNS} from keys order by purpose, created_at, id`);
const insert = statement(
  `insert into keys (${COLUMNS}) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
);
const expire = statement(
  "update keys set expires_at = $3 where purpose = $1 and id <> $2 and expires_at is null",
);

/** Makes the key store; the tables must be there. */
export function createSqlKeys(database: Database): KeyStore {
  return {
    async all() {
      return (await database.run(all)).rows.map(toRow);
    },
    async addUnlessPresent(row) {
      await database.run(insert, ...values(row));
    },
    async rotate(successor, predecessorsExpireAt) {
      await database.transact(function* (): Transaction<void> {
        const { changes } = yield* ask(insert, ...values(successor));
        // Another node has made this successor a moment ago, and ended its predecessors.
        if (changes === 0) return { undo: undefined };
        yield* ask(expire, successor.purpose, successor.id, predecessorsExpireAt);
        return { keep: undefined };
      });
    },
  };
}

function values({ id, purpose, createdAt, activeFrom, expiresAt, material }: KeyRow): readonly Value[] {
  return [id, purpose, createdAt, activeFrom, expiresAt, material];
}

function toRow(row: Row): KeyRow {
  const {
    id,
    purpose,
    created_at: createdAt,
    active_from: activeFrom,
    expires_at: expiresAt,
    material,
  } = row;
  return { id, purpose, createdAt, activeFrom, expiresAt, material };
}
