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
const NOTHING: Window = { hour: [], day: [] };

/** How long a row with such counts is needed. */
export const WINDOW_LIFE = 26 * 3_600_000;
export const slotOf = (now: EpochMs): number => Math.floor(now / SLOT.hour);

type Span = keyof Window;

/** Slots still in the window. One that lies ahead was written before the clock was put back: it counts, within reason. */
function live(slots: Slots, span: Span, now: EpochMs): Slots {
  const current = Math.floor(now / SLOT[span]);
  const counts = ([slot, count]: Slots[number]) => Math.abs(current - slot) <= SLOTS[span] && count > 0;
  return slots.every(counts) ? slots : slots.filter(counts);
}

/** What is left in one span, and from when on there is more where that is nothing. */
function leftIn(known: Slots, span: Span, most: number, now: EpochMs) {
  const slots = live(known, span, now);
  let over = -most;
  for (const [, count] of slots) over += count;
  const free = -over;
  let until = now;
  // Nearly always there is something left, and the order of the slots is nobody's concern.
  if (over >= 0)
    for (const [slot, count] of [...slots].sort(([a], [b]) => a - b)) {
      if (over < 0) break;
      over -= count;
      until = (slot + SLOTS[span] + 1) * SLOT[span];
    }
  return { left: free, until };
}

/** What is left of a budget, and, where that is nothing, from when on there is something again. */
export function left(
  window: Window | undefined,
  budget: Budget,
  now: EpochMs,
): { readonly left: number; readonly until: EpochMs } {
  const hour = leftIn((window ?? NOTHING).hour, "hour", budget.hour, now);
  const day = leftIn((window ?? NOTHING).day, "day", budget.day, now);
  return { left: Math.max(0, Math.min(hour.left, day.left)), until: Math.max(hour.until, day.until) };
}

/** The window with `count` sends more at a moment (fewer, where it is negative), without what is over. */
export function added(window: Window = NOTHING, count: number, at: EpochMs, now: EpochMs): Window {
  const next = (span: Span): Slots => {
    const slot = Math.floor(at / SLOT[span]);
    let known = 0;
    const slots: Slots[number][] = [];
    for (const one of window[span])
      if (one[0] === slot) known = one[1];
      else slots.push(one);
    slots.push([slot, Math.max(0, known + count)]);
    return live(slots, span, now);
  };
  return { hour: next("hour"), day: next("day") };
}

/** The window without what is over. */
export const trimmed = (window: Window, now: EpochMs): Window => ({
  hour: live(window.hour, "hour", now),
  day: live(window.day, "day", now),
});

export const isEmpty = ({ hour, day }: Window): boolean => hour.length === 0 && day.length === 0;
