/**
 * The table `records_log`: what was committed on the embedded store and is not in its other tables yet, one row for
 * each transaction. Used by log.ts alone, which says who reads it and when it is brought in.
 *
 * `seq` counts without a gap. The row of the last transaction that was brought in stays with an empty entry, until the
 * next time: whoever has not read that far finds it, and knows that there were rows it has not seen.
 */
import type { SignedEvent } from "../../../core/audit.ts";
import type { ByteWrite } from "../../../core/records.ts";
import type { EpochMs } from "../../../core/words.ts";
import { statement } from "../../../kits/sql/database.ts";
import { COLUMNS, valuesOf } from "./audit.ts";

export const logRows = statement<{ readonly seq: number; readonly entry: Uint8Array }>(
  "select seq, entry from records_log where seq > $1 order by seq",
);
export const logRow = statement("insert into records_log (seq, entry) values ($1, $2)");
/** What stands at the beginning: `length` 0 for the mark of what was brought in. */
export const logStart = statement<{ readonly seq: number; readonly length: number }>(
  "select seq, length(entry) as length from records_log order by seq limit 1",
);
export const cutLog = statement("delete from records_log where seq < $1");
export const markLog = statement("update records_log set entry = x'' where seq = $1");

/** A write whose expectation has been looked at. */
export type Written = Pick<ByteWrite, "kind" | "key" | "bytes" | "version" | "expiresAt" | "group">;

/** What one act has committed. `told`: events of the audit, each as a JSON list of its values. */
export interface Committed {
  readonly now: EpochMs;
  readonly writes: readonly Written[];
  readonly told: readonly string[];
}

/** Events of a JSON list, in its order. */
export const bringEvents = statement(
  `insert into audit (${COLUMNS}) select ${COLUMNS.map((_name, index) => `value ->> ${index}`)}
   from json_each($1) order by key`,
);

/** An event as the log has it. Throws TypeError for one that the table would not take, see `checkCommitted`. */
export function toldOf(event: SignedEvent): string {
  if (!isExact(event.at) || typeof event.kind !== "string")
    throw new TypeError("an event of the audit has a kind and a time");
  return JSON.stringify(valuesOf(event));
}

/** A number that comes back from a column as it went in. */
const isExact = (value: number): boolean => Math.abs(value) <= Number.MAX_SAFE_INTEGER;

/** Characters, of up to three bytes, whose number of bytes two bytes hold. */
const LONGEST_NAME = 20_000;

/**
 * Throws TypeError for what the tables would not take. In the log nobody would notice, and nothing that stands behind
 * it could be brought in any more.
 */
export function checkCommitted({ now, writes }: Omit<Committed, "told">): void {
  if (!isExact(now)) throw new TypeError("a commit has a clock");
  for (const { kind, key, group = "", version, expiresAt } of writes) {
    if (!isExact(version) || !isExact(expiresAt))
      throw new TypeError("a record's version and end are numbers");
    if (kind.length > LONGEST_NAME || key.length > LONGEST_NAME || group.length > LONGEST_NAME)
      throw new TypeError(`a record's kind, key and group have at most ${LONGEST_NAME} characters`);
  }
}

/*
 * An entry is a row of items, each with its sort in front:
 *   clock: 8 bytes, of all writes that follow
 *   write: marks, lengths of kind, key, group (2 bytes each) and bytes (4), version and end (8 each), and these four
 *   told:  length (4) and the event
 */
const CLOCK = 1;
const WRITE = 2;
const TOLD = 3;
const NUMBERS = 1 + 1 + 2 + 2 + 2 + 4 + 8 + 8;
const HAS_BYTES = 1;
const HAS_GROUP = 2;

/** Where entries are put together: they are copied into the database at once. */
const room = Buffer.alloc(64 * 1024);

/** Good until the next call. */
export function encodeEntry(acts: readonly Committed[]): Buffer {
  let size = 0;
  for (const { writes, told } of acts) {
    size += 9;
    for (const { kind, key, group, bytes } of writes)
      size += NUMBERS + 3 * (kind.length + key.length + (group?.length ?? 0)) + (bytes?.length ?? 0);
    for (const text of told) size += 5 + 3 * text.length;
  }
  const entry = size > room.length ? Buffer.allocUnsafe(size) : room;
  let at = 0;
  for (const { now, writes, told } of acts) {
    entry[at] = CLOCK;
    at = entry.writeDoubleBE(now, at + 1);
    for (const write of writes) at = putWrite(entry, at, write);
    for (const text of told) {
      entry[at] = TOLD;
      const length = entry.write(text, at + 5);
      entry.writeUInt32BE(length, at + 1);
      at += 5 + length;
    }
  }
  return entry.subarray(0, at);
}

function putWrite(entry: Buffer, head: number, write: Written): number {
  const { kind, key, group, bytes, version, expiresAt } = write;
  let at = head + NUMBERS;
  const kindLength = entry.write(kind, at);
  at += kindLength;
  const keyLength = entry.write(key, at);
  at += keyLength;
  const groupLength = group === undefined ? 0 : entry.write(group, at);
  at += groupLength;
  if (bytes !== null) entry.set(bytes, at);
  entry[head] = WRITE;
  entry[head + 1] = (bytes === null ? 0 : HAS_BYTES) | (group === undefined ? 0 : HAS_GROUP);
  entry.writeUInt16BE(kindLength, head + 2);
  entry.writeUInt16BE(keyLength, head + 4);
  entry.writeUInt16BE(groupLength, head + 6);
  entry.writeUInt32BE(bytes?.length ?? 0, head + 8);
  entry.writeDoubleBE(version, head + 12);
  entry.writeDoubleBE(expiresAt, head + 20);
  return at + (bytes?.length ?? 0);
}

/** Throws RangeError where the entry is none. */
export function decodeEntry(bytes: Uint8Array): readonly Committed[] {
  const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const acts: { now: EpochMs; writes: Written[]; told: string[] }[] = [];
  let at = 0;
  const next = (length: number): Buffer => {
    at += length;
    if (at > entry.length) throw new RangeError("an entry of the log of records ends too early");
    return entry.subarray(at - length, at);
  };
  while (at < entry.length) {
    const sort = next(1)[0];
    if (sort === CLOCK) {
      acts.push({ now: next(8).readDoubleBE(), writes: [], told: [] });
      continue;
    }
    const act = acts.at(-1);
    if (act === undefined) throw new RangeError("an entry of the log of records has no clock");
    if (sort === TOLD) act.told.push(next(next(4).readUInt32BE()).toString());
    else if (sort === WRITE) act.writes.push(toWrite(next));
    else throw new RangeError("an entry of the log of records has an item of no known sort");
  }
  return acts;
}

function toWrite(next: (length: number) => Buffer): Written {
  const numbers = next(NUMBERS - 1);
  const marks = numbers.readUInt8(0);
  const kind = next(numbers.readUInt16BE(1)).toString();
  const key = next(numbers.readUInt16BE(3)).toString();
  const group = next(numbers.readUInt16BE(5)).toString();
  // A copy: what is kept of an entry must not hold all of it.
  const body = new Uint8Array(next(numbers.readUInt32BE(7)));
  return {
    kind,
    key,
    group: (marks & HAS_GROUP) === 0 ? undefined : group,
    bytes: (marks & HAS_BYTES) === 0 ? null : body,
    version: numbers.readDoubleBE(11),
    expiresAt: numbers.readDoubleBE(19),
  };
}
