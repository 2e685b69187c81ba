/** TallyStore in SQL: one upsert per row, the rows of a batch in a fixed order, so that nodes never wait in a circle. */
import type { Tally, TallyRow, TallyStore } from "../../../core/tallies.ts";
import { ask, type Database, statement } from "../../../kits/sql/database.ts";

const add = statement(
  `insert into tallies (kind, name, slot, a, b) values ($1, $2, $3, $4, $5)
   on conflict (kind, name, slot) do update set a = tallies.a + excluded.a, b = tallies.b + excluded.b`,
);
const read = statement<Tally>("select slot, a, b from tallies where kind = $1 and name = $2 and slot >= $3");
const list = statement<TallyRow>(
  `select kind, name, slot, a, b from tallies where kind = $1 and name >= $2 and name < $3 and slot >= $4
   order by name, slot limit $5`,
);
const forget = statement("delete from tallies where kind = $1 and slot < $2");

/** PostgreSQL hands integers of 64 bits on as text. */
const numbers = <Row extends Tally>(rows: readonly Row[]): Row[] =>
  rows.map((row) => ({ ...row, slot: Number(row.slot), a: Number(row.a), b: Number(row.b) }));

/** Makes the store; the table must be there. */
export function createSqlTallies(database: Database): TallyStore {
  return {
    async add(rows) {
      const order = [...rows].sort(
        (x, y) => compare(x.kind, y.kind) || compare(x.name, y.name) || x.slot - y.slot,
      );
      await database.transact(function* () {
        for (const { kind, name, slot, a, b } of order) yield* ask(add, kind, name, slot, a, b);
        return { keep: undefined };
      });
    },
    async read(kind, name, from) {
      return numbers((await database.run(read, kind, name, from)).rows);
    },
    async list(kind, prefix, from, limit) {
      const { rows } = await database.run(list, kind, prefix, `${prefix}\u{10ffff}`, from, limit);
      return numbers(rows);
    },
    async forget(kind, before) {
      await database.run(forget, kind, before);
    },
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
