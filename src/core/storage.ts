/**
 * Records over a RecordStore: JSON in, sealed bytes out; keyed names for rows and groups; compare-and-set with
 * patience. The only caller of a RecordStore outside tests. Never looks into a value and never reads a clock.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Breakage } from "./errors.ts";
import type { ByteWrite, Change, RecordStore, Records, Storage, StoredBytes, Write } from "./records.ts";
import type { Sealer } from "./seal.ts";
import { createTurns } from "./turns.ts";
import type { Clock, EpochMs, Json } from "./words.ts";

export interface StorageDeps {
  readonly store: RecordStore;
  readonly sealer: Sealer;
  readonly now: Clock;
  /** A number in [0, 1) with 47 random bits, for versions and for waits; node:crypto's if not given. */
  readonly random?: (() => number) | undefined;
}

/** Rounds of compare-and-set before `update` gives up; the waits between them add up to some seconds. */
const ROUNDS = 100;
const LONGEST_WAIT_MS = 50;
const VERSIONS = 2 ** 47;
/** The end of the row's life, sealed in front of its value. */
const END_BYTES = 8;

/** Makes the storage. `update` of one key queues within this process, so only other processes can collide with it. */
export function createStorage(deps: StorageDeps): Storage {
  const { store, sealer, now, random = () => randomInt(VERSIONS) / VERSIONS } = deps;
  const turns = createTurns({ perKey: 1_000, overall: 10_000 });

  // Whoever can write to the database but has no key cannot make a row live longer: its end is sealed with it.
  function open<T extends Json>(kind: string, key: string, sealed: Uint8Array): T | undefined {
    const bytes = Buffer.from(sealer.open(`${kind}\0${key}`, sealed));
    if (bytes.readDoubleBE(0) <= now()) return undefined;
    return JSON.parse(bytes.toString("utf8", END_BYTES)) as T;
  }

  function seal(kind: string, key: string, value: Json, expiresAt: EpochMs): Uint8Array {
    const text = JSON.stringify(value);
    const bytes = Buffer.allocUnsafe(END_BYTES + Buffer.byteLength(text));
    bytes.writeDoubleBE(expiresAt, 0);
    bytes.write(text, END_BYTES);
    return sealer.seal(`${kind}\0${key}`, bytes);
  }

  function records<T extends Json>(kind: string): Records<T> {
    const rowKey = (key: string) => sealer.lookup(`row ${kind}`, key);
    const groupKey = (group: string) => sealer.lookup(`group ${kind}`, group);

    function toWrite(
      row: string,
      value: T | null,
      expiresAt: EpochMs,
      group?: string,
      expect?: ByteWrite["expect"],
    ) {
      const bytes = value === null ? null : seal(kind, row, value, expiresAt);
      const version = Math.floor(random() * VERSIONS);
      const inGroup = group === undefined ? undefined : groupKey(group);
      return { kind, key: row, bytes, version, expiresAt, group: inGroup, expect, sealed: true } as const;
    }

    const openRow = (row: StoredBytes) => open<T>(kind, row.key, row.bytes);

    /** One round of compare-and-set; undefined when another process was faster. */
    async function tryUpdate<R>(row: string, change: (current: T | undefined) => Change<T, R>) {
      const stored = await store.read(kind, row, now());
      const current = stored === undefined ? undefined : openRow(stored);
      const next = change(current);
      const expect = stored?.version ?? "absent";
      if ("remove" in next) {
        const gone =
          stored === undefined || (await store.commit([toWrite(row, null, 0, undefined, expect)], now()));
        return gone ? next : undefined;
      }
      if (!("write" in next)) return next;
      const write = toWrite(row, next.write, next.expiresAt, next.group, expect);
      return (await store.commit([write], now())) ? next : undefined;
    }

    return {
      async get(key) {
        const stored = await store.read(kind, rowKey(key), now());
        return stored === undefined ? undefined : openRow(stored);
      },
      async read(key) {
        const stored = await store.read(kind, rowKey(key), now());
        const value = stored === undefined ? undefined : openRow(stored);
        return stored === undefined || value === undefined ? undefined : { value, version: stored.version };
      },
      async put(key, value, expiresAt, group) {
        await store.commit([toWrite(rowKey(key), value, expiresAt, group)], now());
      },
      async take(key) {
        const row = rowKey(key);
        const bytes = await store.take(kind, row, now());
        return bytes === undefined ? undefined : open<T>(kind, row, bytes);
      },
      async remove(key) {
        await store.commit([toWrite(rowKey(key), null, 0)], now());
      },
      update(key, change) {
        const row = rowKey(key);
        return turns.take(`${kind}\0${row}`, async () => {
          for (let round = 0; round < ROUNDS; round += 1) {
            const done = await tryUpdate(row, change);
            if (done !== undefined) return done.result;
            await sleep(random() * Math.min(2 ** round, LONGEST_WAIT_MS));
          }
          throw new Breakage("store-conflict", `A ${kind} row changes too fast to be updated.`, {
            retryAfter: 1,
          });
        });
      },
      async list(group, limit) {
        const rows = await store.list(kind, groupKey(group), limit, now());
        return rows.map(openRow).filter((value) => value !== undefined);
      },
      async removeGroup(group) {
        await store.removeGroup(kind, groupKey(group));
      },
      async page({ limit, after = "", group }) {
        const rows = await store.page(
          kind,
          after,
          limit + 1,
          now(),
          group === undefined ? undefined : groupKey(group),
        );
        const entries = rows.slice(0, limit).flatMap((row) => {
          const value = openRow(row);
          return value === undefined ? [] : [{ name: row.key, value }];
        });
        return { entries, next: rows.length > limit ? rows[limit - 1]?.key : undefined };
      },
      async named(name) {
        const stored = await store.read(kind, name, now());
        return stored === undefined ? undefined : openRow(stored);
      },
      write: (key, value, expiresAt, options): Write =>
        toWrite(rowKey(key), value, expiresAt, options?.group, options?.expect),
    };
  }

  return {
    records,
    commit: (writes) => store.commit(writes, now()),
    sweep: (limit) => store.sweep(now(), limit),
  };
}
