/**
 * The log of the embedded store. A transaction appends one row to it with everything that acts have committed, rows of
 * records and events of the audit, and what stands in it is kept in memory; every so often it is brought into the
 * tables in one transaction. Names of records and logins are such as nobody can foresee, so in a table each row dirties
 * pages of its own in it and in its indexes; the log grows at its end, and most rows of a sign-in are gone before they
 * would ever touch a table. Used by records-embedded.ts and audit-embedded.ts.
 *
 * Any number of processes may do so over one file. Each asks whether another connection has committed before it writes,
 * and in every turn of its event loop before it reads, and reads the end of the log if one has. A process that dies
 * leaves its commits in the log, for the next to read.
 */
import { Breakage } from "../../../core/errors.ts";
import { type Embedded, type Ending, type RunNow, statement } from "../../../kits/sql/database.ts";
import { createKept, type Kept } from "./records-kept.ts";
import {
  bringEvents,
  type Committed,
  cutLog,
  decodeEntry,
  encodeEntry,
  logRow,
  logRows,
  logStart,
  markLog,
} from "./records-log.ts";
import { byKindAndKey } from "./records-order.ts";

const INSERT = `insert into records (kind, key, bytes, version, expires_at, grp, made_at)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict (kind, key) do update set bytes = excluded.bytes,
  version = excluded.version, expires_at = excluded.expires_at, grp = excluded.grp`;
const bringAnew = statement(`${INSERT}, made_at = excluded.made_at`);
// A row that had expired when it was written was not there.
const bring = statement(
  `${INSERT}, made_at = case when records.expires_at > $7 then records.made_at else excluded.made_at end`,
);
const remove = statement("delete from records where kind = $1 and key = $2");

/** The log is brought in when it has so many rows and events, or bytes: some milliseconds that hold the event loop. */
const MOST_ROWS = 1_500;
const MOST_BYTES = 4 * 1024 * 1024;
/** Acts of one transaction. */
const MOST_ACTS = 64;

/** What an act does: reads through `run`, writes to memory through `Hand`; it never touches a table. */
export type Act<T> = (run: RunNow, hand: Hand) => T;

export interface Hand {
  readonly kept: Kept;
  /** The number of the row of the log that this act's writes will stand in. */
  readonly seq: number;
  commit(what: Committed): void;
}

export interface Log {
  /** Reads in one act of what is committed; as new as this turn of the event loop. */
  look<T>(act: (run: RunNow, kept: Kept) => T): Promise<T>;
  /** Resolves when what the act has handed over is committed. A throw of the act concerns it alone, see `Act`. */
  act<T>(act: Act<T>): Promise<T>;
  /** Brings what stands in the log into the tables. */
  settle(): Promise<void>;
  /** The same where this process has written any of it; what cannot be brought in now stays in the log. */
  end(): Promise<void>;
  /** Rows of the table were changed past the log: none is remembered. */
  forgetTable(): void;
}

interface Waiting {
  readonly act: Act<unknown>;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

function decoded(seq: number, entry: Uint8Array): readonly Committed[] {
  try {
    return decodeEntry(entry);
  } catch (cause) {
    const message = `Row ${seq} of records_log in the database is damaged; it was left as it is. Restore a backup.`;
    throw new Breakage("store-damaged", message, { cause });
  }
}

export function createLog(embedded: Embedded): Log {
  const kept = createKept();
  /** The last row of the log that is in `kept`, and the last one this process knows to be in the tables. */
  let applied = 0;
  let settled = 0;
  let bytes = 0;
  let settling = false;
  /** Rows before which nobody tries again what has failed. */
  let patience = 0;
  let hasWritten = false;
  const waiting: Waiting[] = [];
  let askedInThisTurn = false;
  /** What of the memory may be outdated. Cleared by what has been read, and not before. */
  let outdated: "nothing" | "end" | "everything" = "everything";
  embedded.onUndone(() => {
    outdated = "everything";
  });

  function refresh(run: RunNow): void {
    if (embedded.othersWrote()) {
      kept.forgetTable();
      if (outdated === "nothing") outdated = "end";
    }
    if (outdated === "nothing") return;
    const isEnd = outdated === "end";
    // Until all of it has been read: what cannot be read is said to each who asks.
    outdated = "everything";
    if (isEnd) {
      const { rows } = run(logRows, applied);
      const [first] = rows;
      if (first === undefined || (first.seq === applied + 1 && first.entry.length > 0)) {
        take(rows);
        outdated = "nothing";
        return;
      }
    }
    const { rows } = run(logRows, 0);
    kept.forget();
    applied = 0;
    settled = 0;
    bytes = 0;
    take(rows);
    outdated = "nothing";
  }

  function take(rows: readonly { readonly seq: number; readonly entry: Uint8Array }[]): void {
    for (const { seq, entry } of rows) {
      const acts = decoded(seq, entry);
      applied = seq;
      bytes += entry.length;
      if (entry.length === 0) settled = seq;
      for (const { writes, told, now } of acts) {
        for (const write of writes) kept.log(write, now, seq);
        kept.tell(told, seq);
      }
    }
  }

  function refreshOnceATurn(run: RunNow): void {
    if (askedInThisTurn && outdated === "nothing") return;
    refresh(run);
    askedInThisTurn = true;
    setImmediate(() => {
      askedInThisTurn = false;
    });
  }

  /** The acts that wait, in one transaction. */
  function runAll(run: RunNow, acts: readonly Waiting[]): Ending<readonly (() => void)[]> {
    refresh(run);
    const committed: Committed[] = [];
    const hand: Hand = {
      kept,
      seq: applied + 1,
      commit(what) {
        committed.push(what);
        kept.tell(what.told, applied + 1);
      },
    };
    const endings = acts.map(({ act, resolve, reject }) => {
      try {
        const answer = act(run, hand);
        return () => resolve(answer as never);
      } catch (error) {
        // What the database said concerns all of them.
        if ((error as { errcode?: unknown }).errcode !== undefined) throw error;
        return () => reject(error);
      }
    });
    if (committed.length > 0) {
      const entry = encodeEntry(committed);
      run(logRow, applied + 1, entry);
      applied += 1;
      bytes += entry.length;
      hasWritten = true;
    }
    return { keep: endings };
  }

  async function runWaiting(): Promise<void> {
    // Taken when the transaction begins, and kept where it has to begin again.
    let acts: readonly Waiting[] | undefined;
    try {
      const endings = await embedded.act((run) => {
        acts ??= waiting.splice(0, MOST_ACTS);
        return runAll(run, acts);
      });
      for (const ending of endings) ending();
    } catch (error) {
      acts ??= waiting.splice(0, MOST_ACTS);
      for (const { reject } of acts) reject(error);
    }
    if (kept.size >= MOST_ROWS || bytes >= MOST_BYTES) settleSoon();
  }

  function settleSoon(): void {
    if (settling || kept.size < patience) return;
    settling = true;
    const size = kept.size;
    settle().then(
      () => {
        settling = false;
        patience = 0;
      },
      () => {
        settling = false;
        // Nothing is lost, the log is as it was; but each try reads all of it. Whoever seals the audit says what is wrong.
        patience = 2 * size;
      },
    );
  }

  async function settle(): Promise<void> {
    const nothing = await embedded.look((run) => {
      refresh(run);
      return kept.size === 0;
    });
    if (!nothing) await embedded.act(bringIn, "many");
  }

  function bringIn(run: RunNow): Ending<void> {
    refresh(run);
    if (kept.size === 0) return { keep: undefined };
    const [start] = run(logStart).rows;
    if (start === undefined) throw new Error("the log of records is empty, and rows of it are in memory");
    // Another process may have brought in what this one has read, or the beginning of it.
    const through = start.length === 0 ? start.seq : start.seq - 1;
    const alone = through === settled;
    if (through < applied) {
      // First: the tables take nothing while the log has something that is not in them.
      run(cutLog, applied);
      run(markLog, applied);
      const rows = kept.loggedAll().filter(({ seq }) => seq > through);
      for (const row of rows.sort(byKindAndKey)) {
        const { kind, key, bytes, version, expiresAt, group = null, madeAt, anew, onlyHere } = row;
        if (bytes !== null)
          run(anew ? bringAnew : bring, kind, key, bytes, version, expiresAt, group, madeAt);
        else if (!onlyHere || !alone) run(remove, kind, key);
      }
      const told = kept.told().filter(({ seq }) => seq > through);
      if (told.length > 0) run(bringEvents, `[${told.map(({ text }) => text).join()}]`);
    }
    settled = applied;
    bytes = 0;
    kept.settle();
    return { keep: undefined };
  }

  return {
    look: (act) =>
      embedded.look((run) => {
        refreshOnceATurn(run);
        return act(run, kept);
      }),
    act: (act) =>
      new Promise((resolve, reject) => {
        if (waiting.length % MOST_ACTS === 0) void runWaiting();
        waiting.push({ act, resolve, reject });
      }),
    settle,
    forgetTable: kept.forgetTable,
    async end() {
      if (hasWritten) await settle().catch(() => {});
    },
  };
}
