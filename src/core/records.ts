import type { AuditEvent, SignedEvent } from "./audit.ts";
import type { EpochMs, Json } from "./words.ts";

/**
 * What a store plug-in implements: expiring rows of opaque bytes. Small on purpose: everything typed, sealed or
 * retried is built above it (`createRecords` in storage.ts), once for every engine.
 *
 * `kind` + `key` name a row. `group` is a second name shared by rows of one kind (all tokens of a grant, all unsent
 * messages). Rows whose `expiresAt` is not after `now` are not there for any reader, whether swept or not.
 */
export interface RecordStore {
  read(kind: string, key: string, now: EpochMs): Promise<StoredBytes | undefined>;
  /**
   * All or nothing. Answers false, having written nothing, when one `expect` no longer holds. Atomic against every
   * other commit and take, from this process or another. On an engine without concurrent writers it is one
   * synchronous call that never spans an `await`.
   */
  commit(writes: readonly ByteWrite[], now: EpochMs): Promise<boolean>;
  /**
   * The same with events of the audit, all or nothing. Only of a store that keeps the audit in the same database; with
   * any other the events are appended first.
   */
  commitTold?(writes: readonly ByteWrite[], events: readonly SignedEvent[], now: EpochMs): Promise<boolean>;
  /** Reads and deletes in one act: of any number of parallel takers exactly one gets the bytes. */
  take(kind: string, key: string, now: EpochMs): Promise<Uint8Array | undefined>;
  /** Rows of a group, oldest first, at most `limit`. */
  list(kind: string, group: string, limit: number, now: EpochMs): Promise<readonly StoredBytes[]>;
  removeGroup(kind: string, group: string): Promise<void>;
  /** Rows of a kind, or of a group of it, with a key beyond `after`, in the order of their keys, at most `limit`. */
  page(
    kind: string,
    after: string,
    limit: number,
    now: EpochMs,
    group?: string,
  ): Promise<readonly StoredBytes[]>;
  /** Deletes up to `limit` rows that have expired; answers how many. */
  sweep(now: EpochMs, limit: number): Promise<number>;
}

export interface StoredBytes {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Chosen by the writer at random for each write, so a row that was deleted and made again never looks the same. */
  readonly version: number;
  readonly expiresAt: EpochMs;
}

export interface ByteWrite {
  readonly kind: string;
  readonly key: string;
  /** null deletes the row. */
  readonly bytes: Uint8Array | null;
  readonly version: number;
  readonly expiresAt: EpochMs;
  readonly group?: string | undefined;
  /** Write only if the live row has this version; `"absent"`: only if there is none. Not given: in any case. */
  readonly expect?: number | "absent" | undefined;
  /** The row of the version that is expected has this very end and group already: a store need not write them. */
  readonly sameEnd?: boolean | undefined;
}

/** The result of a pure change: what the caller gets, and what becomes of the row (nothing said: it stays). */
export type Change<T, R> =
  | { readonly result: R }
  | {
      readonly result: R;
      readonly write: T;
      readonly expiresAt: EpochMs;
      readonly group?: string | undefined;
    }
  | { readonly result: R; readonly remove: true };

export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

/** A record as a listing shows it: `name` is a keyed hash of its key, and no way back to it. */
export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/** Expiring, typed, sealed records of one kind. */
export interface Records<T extends Json> {
  get(key: string): Promise<T | undefined>;
  read(key: string): Promise<Versioned<T> | undefined>;
  /**
   * What this process last read or wrote of it, without asking the store: it may be outdated. Only for acts that end in
   * a commit expecting its version, and that read the row when that commit answers false.
   */
  recall(key: string): Versioned<T> | undefined;
  put(key: string, value: T, expiresAt: EpochMs, group?: string): Promise<void>;
  /** Atomic read and delete: exactly one of any number of parallel callers gets the value. */
  take(key: string): Promise<T | undefined>;
  remove(key: string): Promise<void>;
  /** Atomic read-change-write. `change` is pure and may run more than once. */
  update<R>(key: string, change: (current: T | undefined) => Change<T, R>): Promise<R>;
  list(group: string, limit: number): Promise<readonly T[]>;
  removeGroup(group: string): Promise<void>;
  /**
   * All records of the kind, or of a group of it, page by page, in an order that says nothing. Records made meanwhile
   * may be missed; none is answered twice, and none that stays is left out.
   */
  page(options: {
    readonly limit: number;
    readonly after?: string | undefined;
    readonly group?: string | undefined;
  }): Promise<{ readonly entries: readonly Named<T>[]; readonly next?: string | undefined }>;
  /** The record that `page` has answered under this name. */
  named(name: string): Promise<T | undefined>;
  /** The name under which `page` answers the record of this key. */
  nameOf(key: string): string;
  /** A write of this kind for `Storage.commit`. */
  write(
    key: string,
    value: T | null,
    expiresAt: EpochMs,
    options?: { group?: string; expect?: number | "absent" },
  ): Write;
}

/** A write that has been typed and sealed and waits to be committed together with others. */
export type Write = ByteWrite & { readonly sealed: true };

export interface Storage {
  /**
   * Whoever reads a row shares what is read with all others who do, and with whoever wrote it: nobody may change it.
   * `copies`: each gets one of their own, for code that is not ours.
   */
  records<T extends Json>(kind: string, options?: { readonly copies?: boolean }): Records<T>;
  /**
   * All or nothing. The audit's `events` are durable before the writes take effect: in the same transaction where the
   * store keeps the audit too (then a commit that is refused leaves none of them), else before it.
   */
  commit(writes: readonly Write[], events?: readonly AuditEvent[]): Promise<boolean>;
  sweep(limit: number): Promise<number>;
}
