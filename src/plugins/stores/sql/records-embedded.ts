/** RecordStore over the log of the embedded store: what is not in the log is in the table. */
import type { SignedEvent } from "../../../core/audit.ts";
import type { ByteWrite, RecordStore, StoredBytes } from "../../../core/records.ts";
import type { EpochMs } from "../../../core/words.ts";
import { type Database, type RunNow, statement } from "../../../kits/sql/database.ts";
import type { Hand, Log } from "./log.ts";
import type { Kept, LoggedRow, TableRow } from "./records-kept.ts";
import { checkCommitted, toldOf } from "./records-log.ts";
import { byName } from "./records-order.ts";
import { createWalk } from "./records-sweep.ts";

type Row = StoredBytes & { readonly madeAt: EpochMs };

// Named as the port names them, so that a row is handed on as it comes.
const COLUMNS = 'key, bytes, version, expires_at as "expiresAt"';
const read = statement<StoredBytes>(`select ${COLUMNS} from records where kind = $1 and key = $2`);
const made = statement<Pick<Row, "madeAt" | "expiresAt">>(
  'select made_at as "madeAt", expires_at as "expiresAt" from records where kind = $1 and key = $2',
);
const list = statement<Row>(
  `select ${COLUMNS}, made_at as "madeAt" from records where kind = $1 and grp = $2 and expires_at > $3
   order by made_at, key limit $4`,
);
const page = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and key > $2 and expires_at > $3 order by key limit $4`,
);
const pageOfGroup = statement<StoredBytes>(
  `select ${COLUMNS} from records where kind = $1 and grp = $5 and key > $2 and expires_at > $3
   order by key limit $4`,
);
const keysOfGroup = statement<{ readonly key: string }>(
  "select key from records where kind = $1 and grp = $2",
);

/** Makes the record store; the tables must be there. */
export function createEmbeddedRecords(database: Database, log: Log): RecordStore {
  const sweepTable = createWalk(database);

  function commit(writes: readonly ByteWrite[], events: readonly SignedEvent[], now: EpochMs) {
    if (writes.length === 0 && events.length === 0) return Promise.resolve(true);
    return log.act((run, hand) => {
      const what = { now, writes, told: events.map(toldOf) };
      checkCommitted(what);
      if (!putAll(run, hand, writes, now)) return false;
      hand.commit(what);
      return true;
    });
  }

  /** Reads several rows of a kind: those in memory and those of the table have to be of one moment. */
  async function several<T>(kind: string, act: (run: RunNow, kept: Kept, most: number) => T): Promise<T> {
    const more = (kept: Kept) => kept.loggedOf(kind)?.size ?? 0;
    const alone = await log.look((run, kept) =>
      more(kept) === 0 ? { found: act(run, kept, 0) } : undefined,
    );
    return alone === undefined ? log.act((run, { kept }) => act(run, kept, more(kept))) : alone.found;
  }

  return {
    read: (kind, key, now) => log.look((run, kept) => live(run, kept, kind, key, now)),
    commit: (writes, now) => commit(writes, [], now),
    commitTold: commit,
    take: (kind, key, now) =>
      log.act((run, hand) => {
        const row = live(run, hand.kept, kind, key, now);
        if (row !== undefined) removeAll(hand, kind, [key], now);
        return row?.bytes;
      }),
    list: (kind, group, limit, now) =>
      several(kind, (run, kept, more) => {
        const { rows } = run(list, kind, group, now, limit + more);
        const madeAt = (row: LoggedRow): EpochMs => {
          const [before] = row.anew ? [] : run(made, kind, row.key).rows;
          return before !== undefined && before.expiresAt > row.madeAt ? before.madeAt : row.madeAt;
        };
        const fits = (row: LoggedRow) => row.group === group && row.expiresAt > now;
        return merged(rows, kept.loggedOf(kind), fits, (row) => ({ ...row, madeAt: madeAt(row) }))
          .sort((a, b) => a.madeAt - b.madeAt || byName(a.key, b.key))
          .slice(0, limit);
      }),
    removeGroup: (kind, group) =>
      log.act((run, hand) => {
        const keys = new Set(run(keysOfGroup, kind, group).rows.map(({ key }) => key));
        for (const row of hand.kept.loggedOf(kind)?.values() ?? [])
          if (row.group === group && row.bytes !== null) keys.add(row.key);
          else keys.delete(row.key);
        if (keys.size > 0) removeAll(hand, kind, [...keys], 0);
      }),
    page: (kind, after, limit, now, group) =>
      several(kind, (run, kept, more) => {
        const { rows } =
          group === undefined
            ? run(page, kind, after, now, limit + more)
            : run(pageOfGroup, kind, after, now, limit + more, group);
        const fits = (row: LoggedRow) =>
          row.key > after && row.expiresAt > now && (group === undefined || row.group === group);
        return merged<StoredBytes>(rows, kept.loggedOf(kind), fits, (row) => row)
          .sort((a, b) => byName(a.key, b.key))
          .slice(0, limit);
      }),
    async sweep(now, limit) {
      await log.settle();
      return sweepTable(now, limit).finally(log.forgetTable);
    },
  };
}

function find(run: RunNow, kept: Kept, kind: string, key: string): TableRow | LoggedRow {
  const known = kept.logged(kind, key) ?? kept.fromTable(kind, key);
  if (known !== undefined) return known;
  const row = run(read, kind, key).rows[0] ?? null;
  kept.keep(kind, key, row);
  return row;
}

function live(run: RunNow, kept: Kept, kind: string, key: string, now: EpochMs): StoredBytes | undefined {
  const row = find(run, kept, kind, key);
  return row !== null && row.bytes !== null && row.expiresAt > now ? (row as StoredBytes) : undefined;
}

/** All of them or none. Each expectation is looked at after what stands before it: a row may be named twice. */
function putAll(run: RunNow, { kept, seq }: Hand, writes: readonly ByteWrite[], now: EpochMs): boolean {
  const before: (LoggedRow | undefined)[] = [];
  const takeBack = () => {
    for (let index = before.length - 1; index >= 0; index -= 1) {
      const { kind, key } = writes[index] as ByteWrite;
      kept.unlog(kind, key, before[index]);
    }
  };
  try {
    for (const write of writes) {
      const { kind, key, expect } = write;
      if (expect !== undefined && (live(run, kept, kind, key, now)?.version ?? "absent") !== expect) {
        takeBack();
        return false;
      }
      before.push(kept.logged(kind, key));
      kept.log(write, now, seq);
    }
    return true;
  } catch (error) {
    takeBack();
    throw error;
  }
}

function removeAll({ kept, seq, commit }: Hand, kind: string, keys: readonly string[], now: EpochMs): void {
  const writes = keys.map((key) => ({
    kind,
    key,
    bytes: null,
    version: 0,
    expiresAt: 0,
    group: undefined,
  }));
  for (const write of writes) kept.log(write, now, seq);
  commit({ now, writes, told: [] });
}

/** What the table has, as the log changes it. `stored` has as many rows more as the log has of the kind. */
function merged<T extends StoredBytes>(
  stored: readonly T[],
  logged: ReadonlyMap<string, LoggedRow> | undefined,
  fits: (row: LoggedRow) => boolean,
  toRow: (row: StoredBytes & LoggedRow) => T,
): T[] {
  if (logged === undefined) return [...stored];
  const rows = stored.filter(({ key }) => !logged.has(key));
  for (const row of logged.values())
    if (row.bytes !== null && fits(row)) rows.push(toRow(row as StoredBytes & LoggedRow));
  return rows;
}
