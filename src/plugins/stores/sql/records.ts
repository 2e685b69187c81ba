/** RecordStore on PostgreSQL. One statement per write; a commit of several is one transaction with the rows in fixed order. */
import type { ByteWrite, RecordStore, StoredBytes } from "../../../core/records.ts";
import type { EpochMs } from "../../../core/words.ts";
import { type Call, type Database, statement, type Transaction } from "../../../kits/sql/database.ts";
import { toCall } from "./audit.ts";
import { byKindAndKey } from "./records-order.ts";
import { createSweep } from "./records-sweep.ts";

// Named as the port names them, so that a row is handed on as it comes.
const COLUMNS = 'key, bytes, version, expires_at as "expiresAt"';
const read = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and key = $2 and expires_at > $3`,
);
const list = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and grp = $2 and expires_at > $3 order by made_at, key limit $4`,
);
const page = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and key > $2 and expires_at > $3 order by key limit $4`,
);
const pageOfGroup = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and grp = $5 and key > $2 and expires_at > $3
   order by key limit $4`,
);
const take = statement<Pick<StoredBytes, "bytes">>(
  "delete from records where kind = $1 and key = $2 and expires_at > $3 returning bytes",
);

const INSERT = `insert into records (kind, key, bytes, version, expires_at, grp, made_at)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict (kind, key) do update set
  bytes = excluded.bytes, version = excluded.version, expires_at = excluded.expires_at, grp = excluded.grp,
  made_at = case when records.expires_at > $7 then records.made_at else excluded.made_at end`;
const put = statement(INSERT);
// A row that has expired is not there: it is overwritten as if it were absent.
const add = statement(`${INSERT} where records.expires_at <= $7`);
const change = statement(
  `update records set bytes = $3, version = $4, expires_at = $5, grp = $6
   where kind = $1 and key = $2 and expires_at > $7 and version = $8`,
);
// An index is written for each of its columns that a statement sets, also to what it is.
const changeBytes = statement(
  `update records set bytes = $3, version = $4 where kind = $1 and key = $2 and expires_at > $5 and version = $6`,
);
const remove = statement("delete from records where kind = $1 and key = $2");
const removeVersion = statement(
  "delete from records where kind = $1 and key = $2 and expires_at > $3 and version = $4",
);
// The rows are locked in the order of commits, or a commit and a removal could wait for each other.
const removeGroup = statement(
  `delete from records where (kind, key) in
   (select kind, key from records where kind = $1 and grp = $2 order by kind, key {for update})`,
);
const NOTHING = new Uint8Array();

/** Makes the record store; the tables must be there. */
export function createSqlRecords(database: Database): RecordStore {
  return {
    async read(kind, key, now) {
      const { rows } = await database.run(read, kind, key, now);
      return rows[0];
    },
    async commit(writes, now) {
      const calls = [...writes].sort(byKindAndKey).flatMap((write) => toCalls(write, now));
      const [only] = calls;
      if (only === undefined) return true;
      if (calls.length > 1) return database.transact(() => all(calls));
      const { changes } = await database.run(only.statement, ...only.values);
      return only.sure || changes === 1;
    },
    commitTold(writes, events, now) {
      const told = events.map((event) => ({ ...toCall(event), sure: true }));
      const calls = [...writes].sort(byKindAndKey).flatMap((write) => toCalls(write, now));
      return database.transact(() => all([...told, ...calls]));
    },
    async take(kind, key, now) {
      const { rows } = await database.run(take, kind, key, now);
      return rows[0]?.bytes;
    },
    async list(kind, group, limit, now) {
      const { rows } = await database.run(list, kind, group, now, limit);
      return rows;
    },
    async removeGroup(kind, group) {
      await database.run(removeGroup, kind, group);
    },
    async page(kind, after, limit, now, group) {
      const { rows } =
        group === undefined
          ? await database.run(page, kind, after, now, limit)
          : await database.run(pageOfGroup, kind, after, now, limit, group);
      return rows;
    },
    sweep: createSweep(database),
  };
}

/** A statement that must touch exactly one row, unless it is `sure` to hold. */
type Checked = Call & { readonly sure: boolean };

function* all(calls: readonly Checked[]): Transaction<boolean> {
  for (const call of calls) {
    // Not through `ask`, which makes a generator more for each: a sign-in writes some forty rows.
    const { changes } = yield call;
    if (!call.sure && changes !== 1) return { undo: false };
  }
  return { keep: true };
}

function toCalls(write: ByteWrite, now: EpochMs): readonly Checked[] {
  const { kind, key, bytes, version, expiresAt, expect } = write;
  const row = [kind, key, bytes ?? NOTHING, version, expiresAt, write.group ?? null, now];
  if (bytes === null) {
    if (expect === undefined) return [{ statement: remove, values: [kind, key], sure: true }];
    if (expect !== "absent")
      return [{ statement: removeVersion, values: [kind, key, now, expect], sure: false }];
    // Nothing to delete, but the promise that nothing is there has to hold until the end of the transaction.
    return [
      { statement: add, values: row, sure: false },
      { statement: remove, values: [kind, key], sure: true },
    ];
  }
  if (expect === undefined) return [{ statement: put, values: row, sure: true }];
  if (expect === "absent") return [{ statement: add, values: row, sure: false }];
  if (write.sameEnd === true)
    return [{ statement: changeBytes, values: [kind, key, bytes, version, now, expect], sure: false }];
  return [{ statement: change, values: [...row, expect], sure: false }];
}
