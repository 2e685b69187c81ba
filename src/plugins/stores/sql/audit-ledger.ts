/** The audit's rows and seals in order, for core/audit-seals.ts. */
import type { AuditLedger, AuditRow, AuditSeal } from "../../../core/audit.ts";
import { Breakage } from "../../../core/errors.ts";
import { ask, type Database, statement, type Transaction } from "../../../kits/sql/database.ts";

const rows = statement<AuditRow>(
  `select seq, at, kind, subject, login, client, address, facts, signature from audit
   where seq > $1 and seq <= $2 order by seq limit $3`,
);
const FIELDS = "seq, at, kind, subject, login, client, address, facts, signature";
const placeOf = { sqlite: "instr", postgres: "strpos" };
const aboutIn = Object.fromEntries(
  (["sqlite", "postgres"] as const).map((engine) => [
    engine,
    statement<AuditRow>(
      `select ${FIELDS} from audit where seq > $1 and (subject = $2
         or login in (select login from audit where subject = $2 and login is not null)
         or ${placeOf[engine]}(facts, $3) > 0) order by seq limit $4`,
    ),
  ]),
) as Record<Database["engine"], ReturnType<typeof statement<AuditRow>>>;
const trims = statement<AuditRow>(
  `select ${FIELDS} from audit where kind = 'audit-trimmed' order by seq desc limit $1`,
);
const leave = statement("update audit set address = $2, facts = $3, signature = $4 where seq = $1");
const old = statement<{ readonly seq: number }>(
  "select seq from audit where seq <= $1 order by seq limit $2",
);
// What goes is marked first: without the mark no row can be taken out, by whatever mistake.
const mark = statement("update audit set signature = '~' where seq = $1");
const takeOut = statement("delete from audit where seq = $1");

const newestRow = statement<{ seq: number | null }>("select max(seq) as seq from audit");
// Writers hold a lock that this one has to wait for; who comes after it waits for it, so it waits for no more than this.
const patience = statement("set local lock_timeout = '100ms'");
const lock = statement("lock table audit in share mode");

const COLUMNS = "number, through, at, detail, previous, mac";
const newestSeal = statement<AuditSeal>(`select ${COLUMNS} from audit_seals order by number desc limit 1`);
const seals = statement<AuditSeal>(
  `select ${COLUMNS} from audit_seals where number >= $1 order by number limit $2`,
);
const add = statement(
  `insert into audit_seals (${COLUMNS}) values ($1, $2, $3, $4, $5, $6) on conflict (number) do nothing`,
);

/** Makes the ledger; the tables must be there. */
export function createSqlLedger(database: Database): AuditLedger {
  const newest = async () => Number((await database.run(newestRow)).rows[0]?.seq ?? 0);
  return {
    async settled() {
      if (database.engine === "sqlite") return newest();
      // On PostgreSQL a number is drawn before its row is committed: a lower one may yet appear, until whoever was
      // writing at this moment is done.
      try {
        return await database.transact(function* (): Transaction<number> {
          yield* ask(patience);
          yield* ask(lock);
          const { rows: found } = yield* ask(newestRow);
          return { keep: Number(found[0]?.seq ?? 0) };
        });
      } catch (error) {
        if (isLockTimeout(error)) return undefined;
        throw error;
      }
    },
    rows: async (after, through, limit) => (await database.run(rows, after, through, limit)).rows,
    newestSeal: async () => (await database.run(newestSeal)).rows[0],
    seals: async (from, limit) => (await database.run(seals, from, limit)).rows,
    async about({ subject, name }, after, limit) {
      // As the text it is in the facts; where no name is known, nothing looks like it.
      const by = name === undefined ? "\u0001" : `"by":${JSON.stringify(name)}`;
      return (await database.run(aboutIn[database.engine], after, subject, by, limit)).rows;
    },
    trims: async (limit) => (await database.run(trims, limit)).rows,
    erase: (rows) =>
      database.transact(function* (): Transaction<boolean> {
        for (const { seq, address, facts, signature } of rows) {
          const { changes } = yield* ask(leave, seq, address, facts, signature);
          if (changes !== 1) return { undo: false };
        }
        return { keep: true };
      }),
    trim: (through, limit) =>
      database.transact(function* (): Transaction<number> {
        const { rows: found } = yield* ask(old, through, limit);
        for (const { seq } of found) {
          yield* ask(mark, seq);
          yield* ask(takeOut, seq);
        }
        return { keep: found.length };
      }),
    addSeal: async ({ number, through, at, detail, previous, mac }) =>
      (await database.run(add, number, through, at, detail, previous, mac)).changes === 1,
  };
}

/** SQLSTATE 55P03, lock_not_available. */
const isLockTimeout = (error: unknown): boolean =>
  error instanceof Breakage && (error.cause as { code?: unknown } | undefined)?.code === "55P03";
