/** What the simulator was sent: messages and calls, newest last, the oldest forgotten first. */
import { randomBytes } from "node:crypto";
import type { EpochMs } from "../../../core/words.ts";

/** A message or a call. For a call `body` is its TwiML or the URL of it. */
export interface Item {
  readonly kind: "message" | "call";
  readonly sid: string;
  readonly account: string;
  readonly to: string;
  readonly from: string;
  readonly service: string | undefined;
  body: string;
  readonly segments: number;
  status: string;
  errorCode: number | undefined;
  readonly createdAt: EpochMs;
  updatedAt: EpochMs;
  sentAt: EpochMs | undefined;
  readonly callback: string | undefined;
}

export interface Shelf {
  add(item: Item): void;
  find(account: string, sid: string): Item | undefined;
  remove(account: string, sid: string): boolean;
  all(): readonly Item[];
  clear(): void;
}

export interface Book {
  readonly messages: Shelf;
  readonly calls: Shelf;
}

/** `SM` or `CA` and 32 hexadecimal digits. */
export const newSid = (prefix: "SM" | "CA"): string => prefix + randomBytes(16).toString("hex");

export function createBook(keep: number): Book {
  return { messages: createShelf(keep), calls: createShelf(keep) };
}

function createShelf(keep: number): Shelf {
  // A Map remembers the order of insertion: its first key is the oldest.
  const items = new Map<string, Item>();
  const find = (account: string, sid: string) => {
    const item = items.get(sid);
    return item?.account === account ? item : undefined;
  };
  return {
    add(item) {
      items.set(item.sid, item);
      const oldest = items.size > keep ? items.keys().next().value : undefined;
      if (oldest !== undefined) items.delete(oldest);
    },
    find,
    remove: (account, sid) => find(account, sid) !== undefined && items.delete(sid),
    all: () => [...items.values()],
    clear: () => items.clear(),
  };
}
