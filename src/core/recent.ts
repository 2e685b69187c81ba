/**
 * The rows this process has read or written lately, opened. A row that comes back byte for byte need not be opened
 * again, and an act that ends in a commit expecting the row's version need not read it first. Never an answer by
 * itself: another process may have changed the row meanwhile. Used by storage.ts alone.
 */
import { createLately } from "./lately.ts";
import type { EpochMs, Json } from "./words.ts";

export interface RecentRow {
  readonly kind: string;
  readonly version: number;
  /** As it is stored. */
  readonly bytes: Uint8Array;
  /** What is sealed in it. */
  readonly text: string;
  /** The same as all share it who read it, once there is such a one. */
  value: Json | undefined;
  /** What was written, of which `value` can be made; not there of a row that was read. */
  readonly written?: Json | undefined;
  readonly expiresAt: EpochMs;
  /** The name of its group as it is stored, null for none; not known of a row that was read. */
  readonly group?: string | null | undefined;
}

export interface Recent {
  /** By its name in the store, which no two kinds share: what stands under it in another kind, somebody has moved there. */
  get(kind: string, name: string): RecentRow | undefined;
  keep(name: string, row: RecentRow): void;
  forget(name: string): void;
}

/** Rows, and characters of each, that are kept: some fifteen megabytes at most, one or two of what sign-ins write. */
const LEAST = 500;
const LONGEST = 4_096;

export function createRecent(): Recent {
  const rows = createLately<string, RecentRow>(LEAST);
  return {
    get(kind, name) {
      const row = rows.get(name);
      return row?.kind === kind ? row : undefined;
    },
    keep(name, row) {
      if (row.text.length > LONGEST) rows.delete(name);
      else rows.set(name, row);
    },
    forget: rows.delete,
  };
}
