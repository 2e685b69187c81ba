/**
 * Writes that arrive within two turns of the event loop share one SQLite transaction: a commit costs locks, checksums and
 * whole pages in the log, far more than the statement itself. Nobody hears of success before the commit, and each
 * member succeeds or fails by itself, as if it had been alone. Used by sqlite.ts alone.
 */
import type { DatabaseSync } from "node:sqlite";

/** One write: a synchronous act, or one that asks for everything it did to be undone. */
export type Write<T> = () => { readonly keep: T } | { readonly undo: T };

/**
 * `statements` need a savepoint to be undone together. `many` have a transaction of their own: under a savepoint SQLite
 * keeps every page they change in a list of memory and walks through it at the end of each statement.
 */
export type Size = "statement" | "statements" | "many";

export interface GroupCommit {
  /** Resolves with the act's answer when it is committed (or undone at its own wish). The act may run again. */
  write<T>(act: Write<T>, size: Size): Promise<T>;
  /** Commits what is waiting. */
  flush(): Promise<void>;
}

interface Member {
  readonly act: Write<unknown>;
  readonly size: Size;
  readonly settle: { resolve(answer: never): void; reject(error: unknown): void };
}

/** What came of a member in one run of its batch. */
type Outcome = { readonly answer: unknown } | { readonly error: unknown };

/** A batch holds the event loop; it is no longer than this. */
const MOST_AT_ONCE = 32;

/**
 * `attempt` runs a synchronous act, patient with locks of other processes, its errors put into our words. `undone` is
 * told when acts that came to their end are undone with the others, or because of an error.
 */
export function createGroupCommit(
  db: DatabaseSync,
  attempt: <T>(act: () => T) => Promise<T>,
  { fatal, undone }: { readonly fatal: (error: unknown) => boolean; readonly undone: () => void },
): GroupCommit {
  const waiting: Member[] = [];
  const begin = db.prepare("begin immediate");
  const commit = db.prepare("commit");
  const savepoint = db.prepare("savepoint member");
  const release = db.prepare("release member");

  function run(batch: readonly Member[]): readonly Outcome[] {
    const [first] = batch;
    // Alone, a single statement is its own transaction.
    if (batch.length === 1 && first?.size === "statement") {
      const ending = first.act();
      return [{ answer: "keep" in ending ? ending.keep : ending.undo }];
    }
    begin.run();
    try {
      const outcomes = first !== undefined && batch.length === 1 ? [runAlone(first)] : batch.map(runOne);
      commit.run();
      return outcomes;
    } catch (error) {
      // Told before: what comes now may fail as well.
      undone();
      if (db.isTransaction) db.exec("rollback");
      throw error;
    }
  }

  /** One member has the transaction for itself and needs no savepoint in it. */
  function runAlone({ act }: Member): Outcome {
    try {
      const ending = act();
      if ("keep" in ending) return { answer: ending.keep };
      db.exec("rollback; begin");
      return { answer: ending.undo };
    } catch (error) {
      if (fatal(error) || !db.isTransaction) throw error;
      db.exec("rollback; begin");
      undone();
      return { error };
    }
  }

  function runOne({ act, size }: Member): Outcome {
    const atomic = size !== "statement";
    if (atomic) savepoint.run();
    try {
      const ending = act();
      if ("undo" in ending && atomic) db.exec("rollback to member");
      if (atomic) release.run();
      return { answer: "keep" in ending ? ending.keep : ending.undo };
    } catch (error) {
      // What is wrong with the file, a lock or the disk concerns all of them; so does a transaction SQLite has ended.
      if (fatal(error) || !db.isTransaction) throw error;
      if (atomic) db.exec("rollback to member; release member");
      undone();
      return { error };
    }
  }

  /** How many of those who wait share the next transaction: up to the first of `many`, who comes alone. */
  function together(): number {
    const end = waiting.findIndex(({ size }, at) => size === "many" || at === MOST_AT_ONCE);
    return end < 0 ? waiting.length : Math.max(end, 1);
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, together());
      try {
        const outcomes = await attempt(() => run(batch));
        for (const [index, { settle }] of batch.entries()) {
          const outcome = outcomes[index] as Outcome;
          if ("error" in outcome) settle.reject(outcome.error);
          else settle.resolve(outcome.answer as never);
        }
      } catch (error) {
        for (const { settle } of batch) settle.reject(error);
      }
    }
  }

  return {
    write: (act, size) =>
      new Promise((resolve, reject) => {
        // Two turns: what the first one brings in commits along, and where nothing comes in a turn takes microseconds.
        if (waiting.length === 0) setImmediate(() => setImmediate(() => void flush()));
        waiting.push({ act, size, settle: { resolve, reject } });
      }),
    flush,
  };
}
