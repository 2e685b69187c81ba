/** A screen with rows: moved through, searched, loaded page after page, and looked at again without losing one's place. */
import type { Outcome } from "../client/trouble.ts";
import type { Act, Desk, View } from "./desk.ts";
import type { Line } from "./lines.ts";
import { listLines } from "./list-lines.ts";
import { motionOf, type Press } from "./press.ts";
import type { Column, Facts, Row } from "./rows.ts";
import { createTyped } from "./typed.ts";

export interface Loaded {
  readonly rows: readonly Row[];
  readonly next?: string | undefined;
  readonly total?: number | undefined;
  readonly facts?: Facts | undefined;
}

/** What a list is loaded by: the text that is looked for, and where the next page begins. */
export interface Asked {
  readonly search: string;
  readonly cursor: string | undefined;
}

export interface ListSpec {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly empty: string;
  readonly load: (asked: Asked) => Promise<Outcome<Loaded>>;
  /** `here`: among the rows that are there; a text: what the server looks for. */
  readonly search: "here" | { readonly hint: string };
  readonly command: (search: string) => string | undefined;
  readonly acts?: (() => readonly Act[]) | undefined;
  readonly every?: number | undefined;
  /** Rows of several kinds, whose number says nothing. */
  readonly mixed?: boolean | undefined;
}

export function createList(spec: ListSpec, desk: Pick<Desk, "changed">): View {
  let rows: readonly Row[] = [];
  let facts: Facts = [];
  let next: string | undefined;
  let total: number | undefined;
  let trouble: string | undefined;
  let state: "first" | "more" | "idle" = "idle";
  let at = 0;
  let top = 0;
  let page = 10;
  let search = "";
  let typed: ReturnType<typeof createTyped> | undefined;
  let turn = 0;

  const needle = () => (spec.search === "here" ? (typed?.text ?? search) : "").toLowerCase();
  const shown = (): readonly Row[] =>
    needle() === ""
      ? rows
      : rows.filter(({ cells }) => cells.some((cell) => cell.toLowerCase().includes(needle())));
  const selected = () => shown()[at];

  async function load(cursor?: string): Promise<void> {
    turn += 1;
    const mine = turn;
    state = cursor === undefined ? "first" : "more";
    desk.changed();
    const answer = await spec.load({ search: spec.search === "here" ? "" : search, cursor });
    // Another search has been asked for meanwhile.
    if (mine !== turn) return;
    state = "idle";
    if (answer.kind !== "done") trouble = answer.text;
    else {
      trouble = undefined;
      const id = selected()?.id;
      const found = answer.value;
      rows = cursor === undefined ? found.rows : [...rows, ...found.rows];
      next = found.next;
      total = found.total;
      facts = found.facts ?? facts;
      const again = shown().findIndex((row) => row.id === id);
      at = Math.max(0, Math.min(again < 0 || at === 0 ? at : again, shown().length - 1));
    }
    desk.changed();
    // A page may hold nothing of what is looked for and yet not be the last one.
    if (trouble === undefined && next !== undefined && shown().length < page && state === "idle")
      await more();
  }

  async function more(): Promise<void> {
    if (next !== undefined && state === "idle") await load(next);
  }

  function move(to: number): void {
    at = Math.max(0, Math.min(to, shown().length - 1));
    if (at >= shown().length - page) void more();
  }

  function searched(press: Press): void {
    if (typed === undefined) return;
    if (press.kind === "escape") typed = undefined;
    else if (press.kind === "enter") {
      search = typed.text.trim();
      typed = undefined;
      at = 0;
      if (spec.search !== "here") {
        rows = [];
        next = undefined;
        void load();
      }
    } else {
      typed.press(press);
      if (spec.search === "here") at = 0;
    }
  }

  return {
    title: spec.title,
    every: spec.every,
    command: () => spec.command(search),
    count() {
      if (spec.mixed === true) return "";
      const many = shown().length;
      if (needle() !== "") return `${many} of ${rows.length}`;
      return next !== undefined && total !== undefined && total > many
        ? `${many} of ${total}`
        : `${many}${next === undefined ? "" : "+"}`;
    },
    get typing() {
      return typed !== undefined;
    },
    acts: () => [...(selected()?.acts ?? []), ...(spec.acts?.() ?? [])],
    load: () => load(),
    press(press) {
      if (typed !== undefined) {
        searched(press);
        return true;
      }
      if (press.kind === "text" && press.text === "/") {
        typed = createTyped(search);
        return true;
      }
      if (press.kind === "escape" && search !== "") {
        search = "";
        at = 0;
        if (spec.search !== "here") void load();
        return true;
      }
      switch (motionOf(press)) {
        case "up":
          move(at - 1);
          return true;
        case "down":
          move(at + 1);
          return true;
        case "pageup":
          move(at - page);
          return true;
        case "pagedown":
          move(at + page);
          return true;
        case "home":
          move(0);
          return true;
        case "end":
          move(shown().length - 1);
          return true;
        case "enter":
        case "right": {
          const row = selected();
          row?.open?.();
          return row?.open !== undefined;
        }
        default:
          return false;
      }
    },
    lines(width, height) {
      const drawn = listLines(
        {
          columns: spec.columns,
          rows: shown(),
          at,
          top,
          facts,
          busy: state !== "idle",
          trouble,
          empty: search === "" ? spec.empty : `Nothing matches ${search}; Esc shows everything again.`,
          search:
            typed !== undefined
              ? { typed: typed.pieces(), hint: spec.search === "here" ? "" : spec.search.hint }
              : search,
        },
        width,
        height,
      );
      ({ top, page } = drawn);
      return drawn.lines as readonly Line[];
    },
  };
}
