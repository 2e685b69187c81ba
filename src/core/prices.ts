/**
 * What the provider itself asks for a message: known to it minutes after the send, told only to who asks. Whatever was
 * sent is gathered, written down once a second in one row, and asked for behind the sign-ins: a bounded number a minute,
 * each row by one node, five times within a day; then the estimate stands. Tells the ledger (spend.ts); no sign-in ever
 * waits for it. Holds no number and no code.
 *
 * A row is finished before the ledger is told: a process that dies in between leaves an estimate, and never counts twice.
 */
import type { Records, Storage } from "./records.ts";
import type { ProviderPrice, SmsGateway } from "./sms.ts";
import type { Owed } from "./spend.ts";
import type { Clock, EpochMs } from "./words.ts";

/** A message or call of which a gateway can tell the price, by the provider's name for it. */
export type Priceable = { readonly gateway: string; readonly id: string };
type Item = Priceable & { readonly owed: Owed };
type Row = {
  readonly id: string;
  readonly items: readonly Item[];
  readonly tries: number;
  readonly due: EpochMs;
  readonly until: EpochMs;
};

export interface PricesDeps {
  readonly storage: Storage;
  readonly find: (gateway: string) => Promise<{ readonly gateway: SmsGateway } | undefined>;
  readonly priced: (owed: Owed, actual: number) => void;
  /** The currency of the ledger. */
  readonly currency: () => string;
  readonly now: Clock;
  readonly newId: () => string;
  /** Told once for each foreign currency. */
  readonly onForeign: (currency: string) => void;
}

const MINUTE = 60_000;
/** Between the send and the first question, and from one to the next; a day in all. */
const WAITS = [2, 10, 60, 360, 960].map((minutes) => minutes * MINUTE);
const DAY = 24 * 60 * MINUTE;
/** Messages in one row; questions in one look. */
const IN_ROW = 10;
const AT_ONCE = 10;
const LEASE = 5 * MINUTE;
/** What a process holds back between two flushes; beyond it estimates stand. */
const MOST_PENDING = 5_000;

/** Rows of one try have waited equally long, so the oldest is due first. */
const groupOf = (tries: number): string => `unpriced ${tries}`;

export function createPrices(deps: PricesDeps) {
  const { storage, now } = deps;
  const rows: Records<Row> = storage.records("price");
  const foreign = new Set<string>();
  let pending: Item[] = [];
  let stopped = false;

  async function flush(): Promise<void> {
    const items = pending;
    if (items.length === 0) return;
    pending = [];
    const until = now() + DAY;
    const writes = [];
    for (let from = 0; from < items.length; from += IN_ROW) {
      const id = deps.newId();
      const due = now() + (WAITS[0] ?? 0);
      const row: Row = { id, items: items.slice(from, from + IN_ROW), tries: 0, due, until };
      writes.push(rows.write(id, row, until, { group: groupOf(0) }));
    }
    try {
      await storage.commit(writes);
    } catch (problem) {
      pending = [...items, ...pending].slice(-MOST_PENDING);
      throw problem;
    }
  }

  /** Takes a row for a while; of several nodes one gets it. */
  const claim = (id: string) =>
    rows.update(id, (row) =>
      row === undefined || row.due > now()
        ? { result: undefined }
        : {
            result: row,
            write: { ...row, due: now() + LEASE },
            expiresAt: row.until,
            group: groupOf(row.tries),
          },
    );

  /** Asks for each, one after the other; answers the prices, and what has to be asked again. */
  async function ask(items: readonly Item[]) {
    const known: { readonly owed: Owed; readonly amount: number }[] = [];
    const again: Item[] = [];
    let away = false;
    for (const item of items) {
      if (away || stopped) {
        again.push(item);
        continue;
      }
      const gateway: SmsGateway | undefined = (await deps.find(item.gateway))?.gateway;
      // A gateway that was taken out of the settings cannot be asked any more.
      if (gateway?.price === undefined) continue;
      const answer: ProviderPrice = await gateway.price(item.id);
      if (answer.kind === "known" && answer.currency === deps.currency())
        known.push({ owed: item.owed, amount: answer.amount });
      else if (answer.kind === "known") tellForeign(answer.currency);
      else if (answer.kind !== "gone") again.push(item);
      away = answer.kind === "away";
    }
    return { known, again, away };
  }

  function tellForeign(currency: string): void {
    if (!foreign.has(currency)) deps.onForeign(currency);
    foreign.add(currency);
  }

  /** Deals with one row; answers whether the provider could be asked. */
  async function settle({ id, items, tries, until }: Row): Promise<boolean> {
    const { known, again, away } = await ask(items);
    const wait = WAITS[tries + 1];
    if (again.length === 0 || (wait === undefined && !away)) await rows.remove(id);
    else {
      // A provider that is away has not been asked: the same try again.
      const next = away || stopped ? tries : tries + 1;
      const due = now() + (next === tries ? LEASE : (wait ?? LEASE));
      await rows.put(id, { id, items: again, tries: next, due, until }, until, groupOf(next));
    }
    for (const { owed, amount } of known) deps.priced(owed, amount);
    return !away;
  }

  return {
    /** One that was taken by a gateway which can tell prices. */
    add({ gateway, id }: Priceable, owed: Owed): void {
      if (pending.length < MOST_PENDING) pending.push({ gateway, id, owed });
    },
    flush,
    /** Asks for what is due, at most ten; answers how many it has asked for. */
    async look(): Promise<number> {
      let asked = 0;
      for (const tries of WAITS.keys())
        for (const { id, due, items } of await rows.list(groupOf(tries), AT_ONCE)) {
          if (stopped || asked + items.length > AT_ONCE) return asked;
          const row = due > now() ? undefined : await claim(id);
          if (row === undefined) continue;
          asked += row.items.length;
          if (!(await settle(row))) return asked;
        }
      return asked;
    },
    /** Asks for nothing more; what was not asked for is due again later. */
    stop(): void {
      stopped = true;
    },
  };
}
