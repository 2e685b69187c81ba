/**
 * Takes away rows of `records` that have expired. PostgreSQL finds them by an index. SQLite has none: every row written
 * would pay for it, with one more page in the log for each length of life, so there the table is walked, a stretch at a
 * time, round and round. Used by records.ts and records-embedded.ts.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { EpochMs } from "../../../core/words.ts";
import { ask, type Database, statement, type Transaction } from "../../../kits/sql/database.ts";

const byIndex = statement(
  `delete from records where (kind, key) in
   (select kind, key from records where expires_at <= $1 order by expires_at limit $2 {for update skip locked})`,
);
const stretch = statement<{ through: number | null; looked: number }>(
  `select max(place) as through, count(*) as looked from
   (select rowid as place from records where rowid > $1 order by rowid limit $2)`,
);
const inStretch = statement<{ place: number }>(
  `delete from records where rowid in
   (select rowid from records where rowid > $1 and rowid <= $2 and expires_at <= $3 order by rowid limit $4)
   returning rowid as place`,
);

/** Rows looked at in one act, which holds the event loop. */
const STRETCH = 1_000;
/** Rows looked at each time in any case; then on, for as long as one in ten has expired: no table fills up with them. */
const ENOUGH = 20_000;
const WORTH_IT = 10;

type Sweep = (now: EpochMs, limit: number) => Promise<number>;

export const createSweep =
  (database: Database): Sweep =>
  async (now, limit) =>
    (await database.run(byIndex, now, limit)).changes;

export function createWalk(database: Database): Sweep {
  // Where the walk goes on. It is lost with the process, and begins anew.
  let place = 0;

  const walk = (now: EpochMs, from: number, limit: number) =>
    database.transact(function* (): Transaction<{ gone: number; looked: number; next: number }> {
      const { through, looked } = (yield* ask(stretch, from, STRETCH)).rows[0] ?? {
        through: null,
        looked: 0,
      };
      if (through === null) return { keep: { gone: 0, looked, next: 0 } };
      const { rows } = yield* ask(inStretch, from, through, now, limit);
      const next = rows.length === limit ? Math.max(...rows.map((row) => row.place)) : through;
      return {
        keep: { gone: rows.length, looked, next: looked < STRETCH && rows.length < limit ? 0 : next },
      };
    });

  return async (now, limit) => {
    const start = place;
    let gone = 0;
    let seen = 0;
    let around = start === 0;
    for (;;) {
      const done = await walk(now, place, limit - gone);
      gone += done.gone;
      seen += done.looked;
      place = done.next;
      if (gone >= limit) return gone;
      // At the end of the table, and once more from its beginning to where this began.
      if (place === 0 && around) return gone;
      if (place === 0) around = true;
      else if (around && start > 0 && place >= start) return gone;
      if (seen >= ENOUGH && done.gone * WORTH_IT < done.looked) return gone;
      await turn();
    }
  };
}
