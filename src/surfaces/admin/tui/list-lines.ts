/** How a list looks: facts above it, headings, the rows around the selected one, and beside it what is selected. */
import { beside, fit, fitLine, type Line, line, type Piece, piece, wrap } from "./lines.ts";
import type { Column, Facts, Row } from "./rows.ts";

export interface ListState {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly at: number;
  readonly top: number;
  readonly facts: Facts;
  readonly busy: boolean;
  readonly trouble: string | undefined;
  readonly empty: string;
  readonly search: string | { readonly typed: Line; readonly hint: string };
}

/** From this width on what is selected is shown beside the list. */
const SIDE_BY_SIDE = 120;
const MARK = "▸ ";

export function listLines(state: ListState, width: number, height: number) {
  const above = [...searchLines(state.search), ...factLines(state.facts, width, 4)];
  const wide = width >= SIDE_BY_SIDE && state.rows.some(({ facts }) => facts !== undefined);
  const left = wide ? Math.floor(width * 0.6) : width;
  const room = Math.max(3, height - above.length);
  const { lines, top, page } = rowLines(state, left, room);
  const side = wide ? detailLines(state.rows[state.at], width - left - 3, room) : [];
  const all = Array.from({ length: room }, (_, at) => lines[at] ?? []);
  const body = wide ? beside(all, left, side, " │ ") : lines;
  return { lines: [...above, ...body], top, page };
}

function searchLines(search: ListState["search"]): readonly Line[] {
  if (typeof search === "string") return search === "" ? [] : [[piece(" / ", "accent"), piece(search)]];
  return [[piece(" / ", "accent"), ...search.typed, piece(`  ${search.hint}`, "dim")]];
}

/** Facts in as many columns as there is room for. */
function factLines(facts: Facts, width: number, most = Number.POSITIVE_INFINITY): readonly Line[] {
  if (facts.length === 0) return [];
  const across = Math.max(1, Math.min(3, Math.floor(width / 38)));
  const each = Math.floor(width / across);
  const names = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines: Line[] = [];
  for (let at = 0; at < facts.length && lines.length < most; at += across)
    lines.push(
      facts
        .slice(at, at + across)
        .flatMap(([name, value, tone]): Piece[] => [
          piece(` ${fit(name, names)}`, "dim"),
          piece(fit(value, each - names - 1), tone),
        ]),
    );
  return [...lines, line()];
}

/** Columns that have no room are left out, the last ones first; what is over goes to those that grow. */
function widthsOf(columns: readonly Column[], width: number): readonly number[] {
  let used = MARK.length - 2;
  const shown = columns.map((column) => {
    used += column.width + 2;
    return used <= width;
  });
  const there = columns.filter((_, at) => shown[at] === true);
  const least = there.reduce((sum, column) => sum + column.width + 2, MARK.length - 2);
  const shares = there.reduce((sum, { grow = 0 }) => sum + grow, 0);
  const spare = Math.max(0, width - least);
  return columns.map((column, at) =>
    shown[at] !== true ? 0 : column.width + Math.floor((spare * (column.grow ?? 0)) / Math.max(1, shares)),
  );
}

function rowLines(state: ListState, width: number, height: number) {
  const { columns, rows, trouble } = state;
  const widths = widthsOf(columns, width);
  const cellsOf = (cells: readonly string[]) =>
    // One cell alone is a sentence.
    (cells.length === 1 && columns.length > 1 ? [fit(cells[0] ?? "", width - MARK.length)] : cells)
      .map((cell, at) => (cells.length === 1 ? cell : fit(cell, widths[at] ?? 0, columns[at]?.align)))
      .filter((_, at) => (widths[at] ?? 0) > 0)
      .join("  ");
  const head: Line[] = columns.some(({ title }) => title !== "")
    ? [[piece(`  ${cellsOf(columns.map(({ title }) => title))}`, "heading")]]
    : [];
  const told =
    trouble === undefined
      ? []
      : [...wrap(trouble, width - 4), "r tries again."].map((text) => line(` ${text}`, "bad"));
  const room = Math.max(1, height - head.length - told.length);
  const body: { readonly line: Line; readonly row: number }[] = [];
  rows.forEach((row, at) => {
    if (row.group !== undefined) {
      if (body.length > 0) body.push({ line: line(), row: -1 });
      body.push({ line: line(` ${row.group}`, "strong"), row: -1 });
    }
    const chosen = at === state.at;
    const text = `${chosen ? MARK : "  "}${cellsOf(row.cells)}`;
    body.push({ line: [piece(fit(text, width), chosen ? "selected" : row.tone)], row: at });
  });
  const place = Math.max(
    0,
    body.findIndex(({ row }) => row === state.at),
  );
  // The heading of a group comes into sight with its first row.
  const first = state.at === 0 ? 0 : place;
  const top = Math.max(0, Math.min(state.top, first), place - room + 1);
  const visible = body.slice(top, top + room).map((one) => one.line);
  const nothing =
    rows.length === 0 && trouble === undefined
      ? [line(` ${state.busy ? "Looking …" : state.empty}`, "dim")]
      : [];
  return { lines: [...told, ...head, ...visible, ...nothing], top, page: room };
}

function detailLines(row: Row | undefined, width: number, height: number): readonly Line[] {
  if (row?.facts === undefined) return [];
  const names = Math.min(18, Math.max(...row.facts.map(([name]) => name.length)) + 2);
  return row.facts
    .flatMap(([name, value, tone]) =>
      wrap(value === "" ? "–" : value, Math.max(10, width - names)).map((text, at) =>
        fitLine([piece(fit(at === 0 ? name : "", names), "dim"), piece(text, tone)], width),
      ),
    )
    .slice(0, height);
}
