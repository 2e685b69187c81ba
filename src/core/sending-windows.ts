/**
 * The arithmetic of sending budgets: sends in the last hour and the last day, kept as counts per slot (5 minutes, an hour).
 * A slot counts while any moment of it lies in the window, so there is never one send more than the budget in any hour or
 * day; a budget may open up to one slot late. Pure.
 */
import type { Budget } from "./sending-settings.ts";
import type { EpochMs } from "./words.ts";

type Slots = readonly (readonly [slot: number, count: number])[];
/** Sends of one budget. */
export type Window = { readonly hour: Slots; readonly day: Slots };

const SLOT = { hour: 300_000, day: 3_600_000 } as const;
const SLOTS = { hour: 12, day: 24 } as const;
const SPANS = ["hour", "day"] as const;
const NOTHING: Window = { hour: [], day: [] };

/** How long a row with such counts is needed. */
export const WINDOW_LIFE = 26 * 3_600_000;
export const slotOf = (now: EpochMs): number => Math.floor(now / SLOT.hour);

/** Slots still in the window. One that lies ahead was written before the clock was put back: it counts, within reason. */
function live(slots: Slots, span: (typeof SPANS)[number], now: EpochMs): Slots {
  const current = Math.floor(now / SLOT[span]);
  return slots.filter(([slot, count]) => Math.abs(current - slot) <= SLOTS[span] && count > 0);
}

const sum = (slots: Slots): number => slots.reduce((total, [, count]) => total + count, 0);

/** What is left of a budget, and, where that is nothing, from when on there is something again. */
export function left(
  window: Window | undefined,
  budget: Budget,
  now: EpochMs,
): { readonly left: number; readonly until: EpochMs } {
  const spans = SPANS.map((span) => {
    const slots = [...live(window?.[span] ?? [], span, now)].sort(([a], [b]) => a - b);
    let over = sum(slots) - budget[span];
    const free = -over;
    let until = now;
    for (const [slot, count] of slots) {
      if (over < 0) break;
      over -= count;
      until = (slot + SLOTS[span] + 1) * SLOT[span];
    }
    return { left: free, until };
  });
  return {
    left: Math.max(0, Math.min(...spans.map((span) => span.left))),
    until: Math.max(...spans.map((span) => span.until)),
  };
}

/** The window with `count` sends more at a moment (fewer, where it is negative), without what is over. */
export function added(window: Window = NOTHING, count: number, at: EpochMs, now: EpochMs): Window {
  const next = (span: (typeof SPANS)[number]): Slots => {
    const slot = Math.floor(at / SLOT[span]);
    const known = window[span].find(([one]) => one === slot)?.[1] ?? 0;
    const others = window[span].filter(([one]) => one !== slot);
    return live([...others, [slot, Math.max(0, known + count)]], span, now);
  };
  return { hour: next("hour"), day: next("day") };
}

export const isEmpty = ({ hour, day }: Window): boolean => hour.length === 0 && day.length === 0;
