/**
 * Records over a RecordStore: JSON in, sealed bytes out; keyed names for rows and groups; compare-and-set with
 * patience. The only caller of a RecordStore outside tests. Never looks into a value and never reads a clock.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Audit, AuditEvent } from "./audit.ts";
import type { AuditSigner } from "./audit-signature.ts";
import { Breakage } from "./errors.ts";
import { createRecent, type RecentRow } from "./recent.ts";
import type {
  ByteWrite,
  Change,
  RecordStore,
  Records,
  Storage,
  StoredBytes,
  Versioned,
  Write,
} from "./records.ts";
import type { Sealer } from "./seal.ts";
import { createTurns } from "./turns.ts";
import type { Clock, EpochMs, Json } from "./words.ts";

export interface StorageDeps {
  readonly store: RecordStore;
  readonly sealer: Sealer;
  readonly now: Clock;
  /** Where events go that the store does not keep itself. */
  readonly audit?: Pick<Audit, "append"> | undefined;
  /** Signs events that go into the store with the act they tell of. */
  readonly signer?: Pick<AuditSigner, "signed"> | undefined;
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
  const recent = createRecent();

  // Whoever can write to the database but has no key cannot make a row live longer: its end is sealed with it.
  function open(name: string, sealed: Uint8Array, version: number): RecentRow {
    const plain = sealer.open(name, sealed);
    const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    return {
      version,
      bytes: sealed,
      text: bytes.toString("utf8", END_BYTES),
      expiresAt: bytes.readDoubleBE(0),
    };
  }

  function seal(name: string, value: Json, expiresAt: EpochMs, version: number): RecentRow {
    const text = JSON.stringify(value);
    const plain = Buffer.allocUnsafe(END_BYTES + Buffer.byteLength(text));
    plain.writeDoubleBE(expiresAt, 0);
    plain.write(text, END_BYTES);
    return { version, bytes: sealer.seal(name, plain), text, expiresAt };
  }

  function records<T extends Json>(kind: string): Records<T> {
    const rowKey = (key: string) => sealer.lookup(`row ${kind}`, key);
    const groupKey = (group: string) => sealer.lookup(`group ${kind}`, group);
    const nameOf = (row: string) => `${kind}\0${row}`;
    const contentOf = ({ text, expiresAt }: RecentRow): T | undefined =>
      expiresAt <= now() ? undefined : (JSON.parse(text) as T);

    function toWrite(
      row: string,
      value: T | null,
      expiresAt: EpochMs,
      group?: string,
      expect?: ByteWrite["expect"],
    ) {
      const version = Math.floor(random() * VERSIONS);
      const sealed = value === null ? undefined : seal(nameOf(row), value, expiresAt, version);
      // Before it is committed: should that fail, no row has this version, and whoever expects it is told.
      if (sealed === undefined) recent.forget(nameOf(row));
      else recent.keep(nameOf(row), sealed);
      const inGroup = group === undefined ? undefined : groupKey(group);
      const bytes = sealed?.bytes ?? null;
      return { kind, key: row, bytes, version, expiresAt, group: inGroup, expect, sealed: true } as const;
    }

    function openRow({ key, bytes, version }: StoredBytes): T | undefined {
      const name = nameOf(key);
      const known = recent.get(name);
      if (known?.version === version && Buffer.compare(known.bytes, bytes) === 0) return contentOf(known);
      const opened = open(name, bytes, version);
      recent.keep(name, opened);
      return contentOf(opened);
    }

    function recall(row: string): Versioned<T> | undefined {
      const known = recent.get(nameOf(row));
      const value = known === undefined ? undefined : contentOf(known);
      return known === undefined || value === undefined ? undefined : { value, version: known.version };
    }

    async function read(row: string): Promise<{ value: T | undefined; version: number } | undefined> {
      const stored = await store.read(kind, row, now());
      return stored === undefined ? undefined : { value: openRow(stored), version: stored.version };
    }

    /** One round of compare-and-set from what was found; undefined when it is not so any more. */
    async function tryUpdate<R>(
      row: string,
      found: { value: T | undefined; version: number } | undefined,
      change: (current: T | undefined) => Change<T, R>,
    ) {
      const next = change(found?.value);
      const expect = found?.version ?? "absent";
      if ("remove" in next) {
        const gone =
          found === undefined || (await store.commit([toWrite(row, null, 0, undefined, expect)], now()));
        return gone ? next : undefined;
      }
      if (!("write" in next)) return next;
      const write = toWrite(row, next.write, next.expiresAt, next.group, expect);
      return (await store.commit([write], now())) ? next : undefined;
    }

    /** The same from memory, where there is something; only a commit makes that an answer. */
    async function updateFromMemory<R>(row: string, change: (current: T | undefined) => Change<T, R>) {
      const known = recall(row);
      if (known === undefined) return undefined;
      const done = await tryUpdate(row, known, change);
      return done !== undefined && ("write" in done || "remove" in done) ? done : undefined;
    }

    return {
      async get(key) {
        const stored = await store.read(kind, rowKey(key), now());
        return stored === undefined ? undefined : openRow(stored);
      },
      async read(key) {
        const found = await read(rowKey(key));
        return found?.value === undefined ? undefined : { value: found.value, version: found.version };
      },
      recall: (key) => recall(rowKey(key)),
      async put(key, value, expiresAt, group) {
        await store.commit([toWrite(rowKey(key), value, expiresAt, group)], now());
      },
      async take(key) {
        const row = rowKey(key);
        const bytes = await store.take(kind, row, now());
        recent.forget(nameOf(row));
        return bytes === undefined ? undefined : contentOf(open(nameOf(row), bytes, 0));
      },
      async remove(key) {
        await store.commit([toWrite(rowKey(key), null, 0)], now());
      },
      update(key, change) {
        const row = rowKey(key);
        return turns.take(`${kind}\0${row}`, async () => {
          const atOnce = await updateFromMemory(row, change);
          if (atOnce !== undefined) return atOnce.result;
          for (let round = 0; round < ROUNDS; round += 1) {
            const done = await tryUpdate(row, await read(row), change);
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
      nameOf: rowKey,
      write: (key, value, expiresAt, options): Write =>
        toWrite(rowKey(key), value, expiresAt, options?.group, options?.expect),
    };
  }

  async function tell(writes: readonly Write[], events: readonly AuditEvent[]): Promise<boolean> {
    if (store.commitTold !== undefined) {
      const { signer } = deps;
      const told = signer === undefined ? events : events.map((event) => signer.signed(event));
      return store.commitTold(writes, told, now());
    }
    if (deps.audit === undefined) throw new Error("there is no audit to tell");
    for (const event of events) await deps.audit.append(event);
    return store.commit(writes, now());
  }

  return {
    records,
    commit: (writes, events = []) =>
      events.length === 0 ? store.commit(writes, now()) : tell(writes, events),
    sweep: (limit) => store.sweep(now(), limit),
  };
}
