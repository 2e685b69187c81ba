/**
 * Counts that many acts add to and none may wait for: code checks a minute, typed numbers and answered codes an hour. A
 * process gathers what it counts and adds it to the shared rows about once a second, so no two sign-ins meet at a row; what
 * is asked is read at most every five seconds, and what this process has counted since is on top of it.
 *
 * The error: another node's counts are up to `LOOK` plus a second old, and a process that dies takes with it what it
 * counted in its last second. Nothing that has to be exact stands on them.
 */
import type { Clock } from "./words.ts";

/** Two counts of one slot of time: of all and of some, as the kind says. */
export interface Tally {
  readonly slot: number;
  readonly a: number;
  readonly b: number;
}
export interface TallyRow extends Tally {
  readonly kind: string;
  readonly name: string;
}

/** Implemented by store plug-ins. */
export interface TallyStore {
  /** Adds to rows that may be there, all or none. */
  add(rows: readonly TallyRow[]): Promise<void>;
  /** From a slot on. */
  read(kind: string, name: string, from: number): Promise<readonly Tally[]>;
  /** Of all names that begin so, at most `limit`. */
  list(kind: string, prefix: string, from: number, limit: number): Promise<readonly TallyRow[]>;
  /** Forgets slots of a kind before this one. */
  forget(kind: string, before: number): Promise<void>;
}

export interface Tallies {
  add(kind: string, name: string, slot: number, a: number, b: number): void;
  /** From a slot on, this process's last second included. */
  read(kind: string, name: string, from: number): Promise<readonly Tally[]>;
  list(kind: string, prefix: string, from: number): Promise<readonly TallyRow[]>;
  /** Adds what was gathered to the shared rows. */
  flush(): Promise<void>;
}

const LOOK = 5_000;
const MOST_LOOKED_AT = 2_000;
const MOST_LISTED = 500;

const keyOf = (kind: string, name: string): string => `${kind}\0${name}`;

export function createTallies({ store, now }: { store: TallyStore; now: Clock }): Tallies {
  /** By kind and name: one row of each slot that was counted in, nearly always a single one. */
  let pending = new Map<string, TallyRow[]>();
  let flushing: Promise<void> = Promise.resolve();
  const looked = new Map<string, { readonly at: number; readonly from: number; rows: Map<number, Tally> }>();

  const plus = (rows: Map<number, Tally>, { slot, a, b }: Tally): void => {
    const known = rows.get(slot);
    rows.set(slot, { slot, a: (known?.a ?? 0) + a, b: (known?.b ?? 0) + b });
  };

  /** What this process holds back of one name, or of all that begin so. */
  const held = (kind: string, matches: (name: string) => boolean) =>
    [...pending.values()].flat().filter((row) => row.kind === kind && matches(row.name));

  async function flush(): Promise<void> {
    if (pending.size === 0) return;
    const rows = [...pending.values()].flat();
    pending = new Map();
    try {
      await store.add(rows);
    } catch (problem) {
      // Not added: counted with the next ones.
      for (const row of rows) hold(keyOf(row.kind, row.name), row);
      throw problem;
    }
  }

  function hold(key: string, row: TallyRow): void {
    const rows = pending.get(key);
    if (rows === undefined) {
      pending.set(key, [row]);
      return;
    }
    const at = rows.findIndex(({ slot }) => slot === row.slot);
    const known = rows[at];
    if (known === undefined) rows.push(row);
    else rows[at] = { ...row, a: known.a + row.a, b: known.b + row.b };
  }

  /** Runs when nothing of ours is on its way into the store, so that nothing is counted twice or not at all. */
  const between = <T>(act: () => Promise<T>): Promise<T> => {
    const run = flushing.then(act);
    flushing = run.then(
      () => {},
      () => {},
    );
    return run;
  };

  return {
    add(kind, name, slot, a, b) {
      const key = keyOf(kind, name);
      const row = { kind, name, slot, a, b };
      hold(key, row);
      const seen = looked.get(key);
      if (seen !== undefined) plus(seen.rows, row);
    },
    async read(kind, name, from) {
      const key = keyOf(kind, name);
      const known = looked.get(key);
      const fresh = known !== undefined && Math.abs(now() - known.at) < LOOK && known.from <= from;
      if (fresh) return [...known.rows.values()].filter(({ slot }) => slot >= from);
      return between(async () => {
        const stored = await store.read(kind, name, from);
        const rows = new Map<number, Tally>();
        for (const row of [...stored, ...held(kind, (one) => one === name)]) plus(rows, row);
        if (looked.size >= MOST_LOOKED_AT) looked.clear();
        looked.set(key, { at: now(), from, rows });
        return [...rows.values()].filter(({ slot }) => slot >= from);
      });
    },
    list: (kind, prefix, from) =>
      between(async () => [
        ...(await store.list(kind, prefix, from, MOST_LISTED)),
        ...held(kind, (name) => name.startsWith(prefix)),
      ]),
    flush: () => between(flush),
  };
}
