/**
 * The rows this process has read or written lately, opened. A row that comes back byte for byte need not be opened
 * again, and an act that ends in a commit expecting the row's version need not read it first. Never an answer by
 * itself: another process may have changed the row meanwhile. Used by storage.ts alone.
 */
import type { EpochMs } from "./words.ts";

export interface RecentRow {
  readonly version: number;
  /** As it is stored. */
  readonly bytes: Uint8Array;
  /** What is sealed in it. */
  readonly text: string;
  readonly expiresAt: EpochMs;
  /** The name of its group as it is stored, null for none; not known of a row that was read. */
  readonly group?: string | null | undefined;
}

export interface Recent {
  get(name: string): RecentRow | undefined;
  keep(name: string, row: RecentRow): void;
  forget(name: string): void;
}

/** Rows, and characters of each, that are kept: some three megabytes at most. */
const MOST = 1_000;
const LONGEST = 4_096;

export function createRecent(): Recent {
  const rows = new Map<string, RecentRow>();
  return {
    get: (name) => rows.get(name),
    keep(name, row) {
      // Taken out first, so that the oldest stands in front.
      rows.delete(name);
      if (row.text.length > LONGEST) return;
      const oldest = rows.size >= MOST ? rows.keys().next().value : undefined;
      if (oldest !== undefined) rows.delete(oldest);
      rows.set(name, row);
    },
    forget: (name) => void rows.delete(name),
  };
}
