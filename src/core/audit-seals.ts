/**
 * Makes the audit tamper-evident (requirement L04). Every few seconds one node seals what has come since: a digest of
 * each event and the seal before go into a MAC. From then on an event that is changed, taken away or put in between is
 * found by `verify`, to its number. Appending costs nothing for it and waits for nobody, on however many nodes.
 *
 * What it cannot show: events that were taken away before they were sealed, and a whole end cut off together with its
 * seals. For that the seal that was seen last is kept somewhere else: by the running server, and by whoever notes the
 * fingerprint that `sallyport audit verify` prints.
 */
import { hash } from "node:crypto";
import type { AuditLedger, AuditRow, AuditSeal } from "./audit.ts";
import { type AuditSigner, auditMac } from "./audit-signature.ts";
import { Breakage } from "./errors.ts";
import type { Keys } from "./keys.ts";
import type { Clock } from "./words.ts";

/** Something wrong with the audit: with an event (`seq`), or with a seal. */
export type AuditFault =
  | { readonly kind: "altered" | "missing" | "inserted" | "forged"; readonly seq: number }
  | { readonly kind: "seal-broken" | "seal-missing"; readonly seal: number };

export interface AuditVerdict {
  /** Events that are as they were written. */
  readonly sound: number;
  /** Of these, the ones of which only what names nobody is left, by the server itself. */
  readonly erased: number;
  /** Up to this event they have had their time and were taken out, by the server itself; 0: none was. */
  readonly trimmed: number;
  /** Of these, the ones that no seal covers yet: taken away, they would not be missed. */
  readonly unsealed: number;
  /** The newest seal: its number and a fingerprint that stands for all that is under it. */
  readonly head?: { readonly seal: number; readonly fingerprint: string } | undefined;
  /** At most `MOST_FAULTS`. */
  readonly faults: readonly AuditFault[];
}

export interface AuditSeals {
  /** Seals what is settled; answers how many events. Throws Breakage `store-damaged` when seals have disappeared. */
  seal(): Promise<number>;
  /** Looks through everything, or through what came after this seal. */
  verify(fromSeal?: number): Promise<AuditVerdict>;
}

export const MOST_FAULTS = 100;
/** The newest trims that are looked at; one that was forged stands in nobody's way. */
const TRIMS = 20;
/** Events under one seal at most. */
const STRETCH = 500;
const BEFORE_ALL = Number.MIN_SAFE_INTEGER;
const AFTER_ALL = Number.MAX_SAFE_INTEGER;
/** Of each event: its number in 6 bytes, 16 bytes of digest. */
const [SEQ, DIGEST] = [6, 16];
const ENTRY = SEQ + DIGEST;

export function createAuditSeals(deps: {
  readonly ledger: AuditLedger;
  readonly signer: AuditSigner;
  readonly keys: Pick<Keys, "secrets">;
  readonly now: Clock;
}): AuditSeals {
  const { ledger, signer, keys, now } = deps;
  /** The newest seal this process has seen: it is in no database. */
  let seen: AuditSeal | undefined;
  const saw = (seal: AuditSeal | undefined): void => {
    if (seal !== undefined && (seen === undefined || seal.number > seen.number)) seen = seal;
  };

  function macOf({ number, through, at, detail, previous }: Omit<AuditSeal, "mac">): Buffer {
    const head = JSON.stringify(["seal", number, through, at, Buffer.from(previous).toString("base64url")]);
    return auditMac(keys, Buffer.concat([Buffer.from(`${head}\0`), detail]));
  }

  /** What is there from before events were signed: it goes under a seal of its own, the one with the number 0. */
  async function unsigned(through: number): Promise<readonly AuditRow[]> {
    const found: AuditRow[] = [];
    for (;;) {
      const rows = await ledger.rows(found.at(-1)?.seq ?? BEFORE_ALL, through, STRETCH);
      const signed = rows.findIndex(({ signature }) => signature !== null);
      found.push(...(signed < 0 ? rows : rows.slice(0, signed)));
      if (signed >= 0 || rows.length === 0) return found;
    }
  }

  async function sealNext(last: AuditSeal | undefined, through: number): Promise<AuditSeal | undefined> {
    const rows =
      last === undefined ? await unsigned(through) : await ledger.rows(last.through, through, STRETCH);
    if (last !== undefined && rows.length === 0) return undefined;
    const made = {
      number: (last?.number ?? -1) + 1,
      through: rows.at(-1)?.seq ?? last?.through ?? 0,
      at: now(),
      detail: Buffer.concat(rows.map(entryOf)),
      previous: last?.mac ?? new Uint8Array(),
    };
    const seal = { ...made, mac: macOf(made) };
    return (await ledger.addSeal(seal)) ? seal : undefined;
  }

  /** Compares the events of a stretch with what was sealed of them. */
  function compare(rows: readonly AuditRow[], { number, detail }: AuditSeal, state: Looking): number {
    const { faults, trimmed } = state;
    const sealed = entriesOf(detail);
    let sound = 0;
    for (const row of rows) {
      const digest = sealed.get(row.seq);
      sealed.delete(row.seq);
      if (digest === undefined) faults.push({ kind: "inserted", seq: row.seq });
      else if (signer.isErasure(row, digest)) {
        sound += 1;
        state.erased += 1;
      } else if (!entryOf(row).subarray(SEQ).equals(digest)) faults.push({ kind: "altered", seq: row.seq });
      else if (number > 0 && !signer.isSound(row)) faults.push({ kind: "forged", seq: row.seq });
      else sound += 1;
    }
    for (const seq of sealed.keys()) if (seq > trimmed) faults.push({ kind: "missing", seq });
    return sound;
  }

  /** The events of a stretch; far more than there were, and the rest is left out. */
  async function rowsOf(after: number, seal: AuditSeal): Promise<readonly AuditRow[]> {
    const found: AuditRow[] = [];
    for (;;) {
      const rows = await ledger.rows(found.at(-1)?.seq ?? after, seal.through, STRETCH);
      found.push(...rows);
      if (rows.length < STRETCH || found.length > seal.detail.length / ENTRY + MOST_FAULTS) return found;
    }
  }

  /** Looks through what is sealed, from a seal on; answers the last one. */
  async function throughSeals(
    fromSeal: number,
    state: Looking,
  ): Promise<{ sound: number; last: AuditSeal | undefined }> {
    const { faults } = state;
    let sound = 0;
    let [last] = fromSeal > 0 ? await ledger.seals(fromSeal - 1, 1) : [];
    if (fromSeal > 0 && last?.number !== fromSeal - 1) {
      faults.push({ kind: "seal-missing", seal: fromSeal - 1 });
      last = undefined;
    }
    for (let expected = fromSeal; faults.length < MOST_FAULTS; ) {
      const [seal] = await ledger.seals(expected, 1);
      if (seal === undefined) break;
      for (; expected < seal.number && faults.length < MOST_FAULTS; expected += 1)
        faults.push({ kind: "seal-missing", seal: expected });
      const before = last?.number === seal.number - 1 ? last : undefined;
      if (!equal(seal.mac, macOf(seal)) || (before !== undefined && !equal(seal.previous, before.mac)))
        faults.push({ kind: "seal-broken", seal: seal.number });
      else {
        // Where the seal before is missing, nobody knows its events: those of this one it knows itself.
        const first = entriesOf(seal.detail).keys().next().value ?? seal.through;
        const after = before?.through ?? (seal.number === 0 ? BEFORE_ALL : first - 1);
        sound += compare(await rowsOf(after, seal), seal, state);
      }
      last = seal;
      expected = seal.number + 1;
    }
    if (seen !== undefined && (last?.number ?? -1) < seen.number)
      faults.push({ kind: "seal-missing", seal: seen.number });
    return { sound, last };
  }

  return {
    async seal() {
      const through = await ledger.settled();
      if (through === undefined) return 0;
      // What was seen before it was asked for: a seal that another call makes meanwhile need not be in the answer.
      const before = seen;
      let last = await ledger.newestSeal();
      if (before !== undefined && (last === undefined || last.number < before.number))
        throw new Breakage(
          "store-damaged",
          `The audit was cut: its seal ${before.number} is gone. Look at it with: sallyport audit verify`,
        );
      saw(last);
      let count = 0;
      for (;;) {
        const next = await sealNext(last, through);
        if (next === undefined) return count;
        count += next.detail.length / ENTRY;
        last = next;
        saw(next);
      }
    },

    async verify(fromSeal = 0) {
      const faults: AuditFault[] = [];
      // Signed, so that nobody without the key can say it of what they took away themselves.
      const [trim] = (await ledger.trims(TRIMS)).filter(signer.isSound);
      const trimmed = throughOf(trim);
      const state: Looking = { faults, trimmed, erased: 0 };
      const { sound, last } = await throughSeals(fromSeal, state);
      let unsealed = 0;
      for (let after = last?.through ?? BEFORE_ALL; faults.length < MOST_FAULTS; ) {
        const rows = await ledger.rows(after, AFTER_ALL, STRETCH);
        for (const row of rows) {
          if (last !== undefined && !signer.isSound(row)) faults.push({ kind: "forged", seq: row.seq });
          else unsealed += 1;
        }
        const end = rows.at(-1);
        if (end === undefined) break;
        after = end.seq;
      }
      const head =
        last === undefined
          ? undefined
          : { seal: last.number, fingerprint: Buffer.from(last.mac).toString("hex").slice(0, 16) };
      return {
        sound: sound + unsealed,
        unsealed,
        erased: state.erased,
        trimmed,
        head,
        faults: faults.slice(0, MOST_FAULTS),
      };
    },
  };
}

/** What one run of `verify` knows while it looks. */
interface Looking {
  readonly faults: AuditFault[];
  readonly trimmed: number;
  erased: number;
}

/** How far an `audit-trimmed` event says that the audit was taken out. */
export function throughOf(row: AuditRow | undefined): number {
  const { through = 0 } = JSON.parse(row?.facts ?? "{}") as { through?: number };
  return through;
}

/** An event and its digest, as they stand under a seal. */
export const digestOf = (row: AuditRow): Uint8Array => entryOf(row).subarray(SEQ);

function entryOf(row: AuditRow): Buffer {
  const { seq, at, kind, subject, login, client, address, facts, signature } = row;
  const text = JSON.stringify([seq, at, kind, subject, login, client, address, facts, signature]);
  const entry = Buffer.alloc(ENTRY);
  entry.writeIntBE(seq, 0, SEQ);
  hash("sha256", text, "buffer").copy(entry, SEQ, 0, DIGEST);
  return entry;
}

function entriesOf(detail: Uint8Array): Map<number, Buffer> {
  const bytes = Buffer.from(detail);
  const entries = new Map<number, Buffer>();
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY)
    entries.set(bytes.readIntBE(at, SEQ), bytes.subarray(at + SEQ, at + ENTRY));
  return entries;
}

// Nobody can measure how long this takes: `verify` is run by whoever owns the host, over rows of the database.
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
