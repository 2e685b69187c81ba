/**
 * RecordStore in a Map: for benchmarks that measure everything but a database, and for unit tests. Not a store for
 * people: nothing survives the process, and compose offers it to no configuration.
 */
import { z } from "zod";
import type { Plugin } from "../../../core/plugin.ts";
import type { ByteWrite, RecordStore, StoredBytes } from "../../../core/records.ts";
import type { EpochMs } from "../../../core/words.ts";

interface Row extends StoredBytes {
  readonly kind: string;
  readonly group: string | undefined;
}

export interface MemoryStore {
  readonly records: RecordStore;
  close(): Promise<void>;
}

/** Records alone: whoever needs the other ports without a file opens SQLite on `:memory:`. */
export const memoryStore: Plugin<MemoryStore, { type: "memory" }, unknown> = {
  type: "memory",
  schema: z.strictObject({ type: z.literal("memory") }),
  open: async () => ({ records: createMemoryRecords(), close: async () => {} }),
};

function createMemoryRecords(): RecordStore {
  // Insertion order is age: an update keeps a row's place, a row made anew goes to the end.
  const rows = new Map<string, Row>();
  const groups = new Map<string, Set<string>>();
  const name = (kind: string, key: string) => `${kind}\0${key}`;

  function live(at: string, now: EpochMs): Row | undefined {
    const row = rows.get(at);
    return row !== undefined && row.expiresAt > now ? row : undefined;
  }

  function drop(at: string): void {
    const row = rows.get(at);
    if (row === undefined) return;
    rows.delete(at);
    leave(at, row);
  }

  function leave(at: string, { kind, group }: Row): void {
    if (group === undefined) return;
    const members = groups.get(name(kind, group));
    members?.delete(at);
    if (members?.size === 0) groups.delete(name(kind, group));
  }

  function write({ kind, key, bytes, version, expiresAt, group }: ByteWrite, now: EpochMs): void {
    const at = name(kind, key);
    if (bytes === null) {
      drop(at);
      return;
    }
    const before = rows.get(at);
    if (before !== undefined && before.group !== group) leave(at, before);
    if (before !== undefined && before.expiresAt <= now) drop(at);
    rows.set(at, { kind, key, bytes: Uint8Array.from(bytes), version, expiresAt, group });
    if (group === undefined) return;
    const members = groups.get(name(kind, group)) ?? new Set();
    groups.set(name(kind, group), members.add(at));
  }

  const holds = ({ kind, key, expect }: ByteWrite, now: EpochMs) =>
    expect === undefined || (live(name(kind, key), now)?.version ?? "absent") === expect;

  return {
    async read(kind, key, now) {
      return live(name(kind, key), now);
    },
    async commit(writes, now) {
      if (!writes.every((entry) => holds(entry, now))) return false;
      for (const entry of writes) write(entry, now);
      return true;
    },
    async take(kind, key, now) {
      const row = live(name(kind, key), now);
      if (row !== undefined) drop(name(kind, key));
      return row?.bytes;
    },
    async list(kind, group, limit, now) {
      const found: Row[] = [];
      for (const at of groups.get(name(kind, group)) ?? []) {
        const row = live(at, now);
        if (row !== undefined && found.length < limit) found.push(row);
      }
      return found;
    },
    async removeGroup(kind, group) {
      for (const at of [...(groups.get(name(kind, group)) ?? [])]) drop(at);
    },
    async page(kind, after, limit, now, group) {
      const found = [...rows.values()].filter(
        (row) =>
          row.kind === kind &&
          row.key > after &&
          row.expiresAt > now &&
          (group === undefined || row.group === group),
      );
      return found.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
    },
    async sweep(now, limit) {
      let swept = 0;
      for (const [at, row] of rows) {
        if (swept >= limit) break;
        if (row.expiresAt > now) continue;
        drop(at);
        swept += 1;
      }
      return swept;
    },
  };
}
