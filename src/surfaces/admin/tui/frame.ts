/** The frame around a screen: where one is, what was said, what can be done. */
import type { Dialog, Said, View } from "./desk.ts";
import { fit, fitLine, type Line, line, type Piece, piece, widthOf, wrap } from "./lines.ts";
import { clean } from "./words.ts";

export interface FrameState {
  readonly host: string;
  readonly tabs: readonly string[];
  readonly tab: number;
  /** The screens of this part that are open, the last one on top. */
  readonly stack: readonly View[];
  readonly dialog: Dialog | undefined;
  readonly said: Said | undefined;
}

/** What the smallest terminal has to have. */
const SMALLEST = { columns: 60, rows: 16 };

/** As many lines as the terminal has. */
export function frameLines(state: FrameState, columns: number, rows: number): readonly Line[] {
  if (columns < SMALLEST.columns || rows < SMALLEST.rows)
    return padded([line("This terminal is too small."), line("80×24 is enough.")], rows);
  const view = state.stack.at(-1);
  const head = [titleLine(state, columns), tabsLine(state, columns), line("─".repeat(columns), "dim")];
  const place = placeLine(state, columns);
  const foot =
    state.dialog === undefined ? viewFoot(state, view, columns) : dialogFoot(state.dialog, columns);
  const room = rows - head.length - 1 - foot.length;
  const body = state.dialog?.lines(columns, room) ?? view?.lines(columns, room) ?? [];
  return [...head, place, ...padded(body, room), ...foot].map((one) => fitLine(one, columns));
}

const padded = (lines: readonly Line[], height: number): readonly Line[] =>
  Array.from({ length: Math.max(0, height) }, (_, at) => lines[at] ?? line());

function titleLine({ host }: FrameState, columns: number): Line {
  const name = " Sallyport";
  return [
    piece(name, "strong"),
    piece(fit(clean(host), columns - name.length - 1, "right"), "dim"),
    piece(" "),
  ];
}

function tabsLine({ tabs, tab }: FrameState, columns: number): Line {
  const names = tabs.map((name, at) => `${at + 1} ${name}`);
  const room = columns - 1 - names.reduce((sum, text) => sum + text.length, 0);
  const gap = " ".repeat(Math.max(1, Math.min(3, Math.floor(room / tabs.length))));
  return [
    piece(" "),
    ...names.flatMap((text, at): Piece[] => [piece(text, at === tab ? "selected" : undefined), piece(gap)]),
  ];
}

function placeLine({ stack, dialog, tabs, tab }: FrameState, columns: number): Line {
  const names = stack.map(({ title }, at) => (at === 0 ? (tabs[tab] ?? title) : title));
  const path = [...names, ...(dialog === undefined ? [] : [dialog.title])].map(clean).join(" › ");
  const count = dialog === undefined ? (stack.at(-1)?.count() ?? "") : "";
  return [piece(` ${fit(path, columns - widthOf(count) - 3)}`, "strong"), piece(` ${count}`, "dim")];
}

function viewFoot({ said, stack }: FrameState, view: View | undefined, columns: number): readonly Line[] {
  const acts = (view?.acts() ?? []).flatMap(({ key, label }, at): Piece[] => [
    piece(at === 0 ? " " : "  "),
    piece(key, "accent"),
    piece(` ${label}`),
  ]);
  const command = said?.command ?? view?.command();
  const back = stack.length > 1 ? "Esc back" : "q leave";
  const told =
    said === undefined
      ? []
      : wrap(clean(said.text), columns - 4)
          .slice(0, 3)
          .map((text, at) =>
            line(`${at > 0 ? "   " : said.tone === "bad" ? " ✗ " : " ✓ "}${text}`, said.tone),
          );
  return [
    line("─".repeat(columns), "dim"),
    ...told,
    command === undefined ? line() : [piece(" $ ", "dim"), piece(clean(command), "dim")],
    ...(acts.length === 0 ? [] : folded(acts, columns)),
    [piece(` ↑↓ move  Enter open  / search  r look again  Tab next part  ? help  ${back}`, "dim")],
  ];
}

function dialogFoot(dialog: Dialog, columns: number): readonly Line[] {
  return [line("─".repeat(columns), "dim"), [piece(` ${dialog.hints()}`, "accent")]];
}

/** Pieces in as many lines as they need, at most three, never broken within one act. */
function folded(pieces: readonly Piece[], columns: number): readonly Line[] {
  const lines: Piece[][] = [[]];
  let used = 0;
  for (let at = 0; at < pieces.length; at += 3) {
    const act = pieces.slice(at, at + 3);
    const wide = act.reduce((sum, { text }) => sum + widthOf(text), 0);
    if (used + wide > columns - 1 && lines.length < 3) {
      lines.push([piece(" "), ...act.slice(1)]);
      used = wide;
    } else {
      lines.at(-1)?.push(...act);
      used += wide;
    }
  }
  return lines;
}
