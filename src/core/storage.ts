/**
 * Records over a RecordStore: JSON in, sealed bytes out; keyed names for rows and groups; compare-and-set with
 * patience. The only caller of a RecordStore outside tests. Never looks into a value and never reads a clock.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { asRead } from "./as-read.ts";
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
  /** Told of each value before it is shared by its readers, with what is stored of it. */
  readonly onShared?: ((value: Json, text: string) => void) | undefined;
  /** A number in [0, 1) with 47 random bits, for versions and for waits; node:crypto's if not given. */
  readonly random?: (() => number) | undefined;
}

/** Rounds of compare-and-set before `update` gives up; the waits between them add up to some seconds. */
const ROUNDS = 100;
const LONGEST_WAIT_MS = 50;
const VERSIONS = 2 ** 47;
/** The end of the row's life, sealed in front of its value. */
const END_BYTES = 8;
/** Bytes of text that need no memory of their own to be sealed. */
const ROOM = 8_192;
const room = Buffer.alloc(END_BYTES + ROOM);

/** The end of a row's life, and its text behind it; good until the next call. */
function plainOf(expiresAt: EpochMs, text: string): Buffer {
  const plain =
    text.length * 3 <= ROOM
      ? room.subarray(0, END_BYTES + room.write(text, END_BYTES))
      : Buffer.concat([room.subarray(0, END_BYTES), Buffer.from(text)]);
  plain.writeDoubleBE(expiresAt, 0);
  return plain;
}

/** A store that keeps rows in memory answers the very bytes that were written. */
const isSame = (one: Uint8Array, other: Uint8Array) => one === other || Buffer.compare(one, other) === 0;

/** Where a sealed value belongs. */
const labelOf = (kind: string, row: string) => `${kind}\0${row}`;

/** Makes the storage. `update` of one key queues within this process, so only other processes can collide with it. */
export function createStorage(deps: StorageDeps): Storage {
  const { store, sealer, now, random = () => randomInt(VERSIONS) / VERSIONS } = deps;
  const turns = createTurns({ perKey: 1_000, overall: 10_000 });
  const recent = createRecent();

  // Whoever can write to the database but has no key cannot make a row live longer: its end is sealed with it.
  function open(kind: string, row: string, sealed: Uint8Array, version: number): RecentRow {
    const plain = sealer.open(labelOf(kind, row), sealed);
    const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    return {
      kind,
      version,
      bytes: sealed,
      text: bytes.toString("utf8", END_BYTES),
      value: undefined,
      written: undefined,
      expiresAt: bytes.readDoubleBE(0),
      group: undefined,
    };
  }

  function seal(
    row: string,
    value: Json,
    about: Pick<RecentRow, "kind" | "expiresAt" | "version" | "group">,
    isShared: boolean,
  ): RecentRow {
    const text = JSON.stringify(value);
    const { kind, expiresAt, version, group } = about;
    const bytes = sealer.seal(labelOf(kind, row), plainOf(expiresAt, text));
    const written = isShared ? value : undefined;
    return { kind, version, bytes, text, value: undefined, written, expiresAt, group };
  }

  /** What all who read the row get. */
  function share(row: RecentRow, value: Json): Json {
    row.value = value;
    deps.onShared?.(value, row.text);
    return value;
  }

  const shared = new Map<string, Records<Json>>();
  const copied = new Map<string, Records<Json>>();

  /** One for each kind: many a caller asks for it at each use. */
  function records<T extends Json>(kind: string, { copies = false } = {}): Records<T> {
    const those = copies ? copied : shared;
    const known = those.get(kind) ?? recordsOf(kind, copies);
    those.set(kind, known);
    return known as Records<T>;
  }

  function recordsOf<T extends Json>(kind: string, copies: boolean): Records<T> {
    const [rowLabel, groupLabel] = [`row ${kind}`, `group ${kind}`];
    const rowKey = (key: string) => sealer.lookup(rowLabel, key);
    const groupKey = (group: string) => sealer.lookup(groupLabel, group);

    function contentOf(row: RecentRow): T | undefined {
      if (row.expiresAt <= now()) return undefined;
      if (copies) return JSON.parse(row.text) as T;
      if (row.value !== undefined) return row.value as T;
      return share(
        row,
        row.written === undefined ? (JSON.parse(row.text) as Json) : asRead(row.written),
      ) as T;
    }

    function toWrite(
      row: string,
      value: T | null,
      expiresAt: EpochMs,
      group?: string,
      expect?: ByteWrite["expect"],
    ) {
      const version = Math.floor(random() * VERSIONS);
      const inGroup = group === undefined ? undefined : groupKey(group);
      if (value === null) {
        recent.forget(row);
        return { kind, key: row, bytes: null, version, expiresAt, expect, sealed: true } as const;
      }
      // A version names one write of one process, and with it the end and the group that were written.
      const before = recent.get(kind, row);
      const sameEnd =
        before?.version === expect && before?.expiresAt === expiresAt && before.group === (inGroup ?? null);
      const about = { kind, expiresAt, version, group: inGroup ?? null };
      // What is written as it was found, for the sake of its version alone, stands sealed already.
      const same = !copies && before?.value === value && before.expiresAt === expiresAt;
      const next = same ? { ...before, ...about } : seal(row, value, about, !copies);
      // Where somebody looks at what is shared, they look at once: whoever changed it in between would be found out.
      if (!same && !copies && deps.onShared !== undefined) share(next, asRead(value));
      // Before it is committed: should that fail, no row has this version, and whoever expects it is told.
      recent.keep(row, next);
      const { bytes } = next;
      return {
        kind,
        key: row,
        bytes,
        version,
        expiresAt,
        group: inGroup,
        expect,
        sameEnd,
        sealed: true,
      } as const;
    }

    function openRow({ key, bytes, version }: StoredBytes): T | undefined {
      const known = recent.get(kind, key);
      if (known?.version === version && isSame(known.bytes, bytes)) return contentOf(known);
      const opened = open(kind, key, bytes, version);
      recent.keep(key, opened);
      return contentOf(opened);
    }

    function recall(row: string): Versioned<T> | undefined {
      const known = recent.get(kind, row);
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
        recent.forget(row);
        return bytes === undefined ? undefined : contentOf(open(kind, row, bytes, 0));
      },
      async remove(key) {
        await store.commit([toWrite(rowKey(key), null, 0)], now());
      },
      update(key, change) {
        const row = rowKey(key);
        return turns.take(row, async () => {
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
