/** A screen of panels: headings with a few lines each, beside one another where there is room. */
import type { Outcome } from "../client/trouble.ts";
import type { Act, Desk, View } from "./desk.ts";
import { beside, fit, fitLine, type Line, line, piece, wrap } from "./lines.ts";
import { motionOf } from "./press.ts";
import type { Facts } from "./rows.ts";

export interface Panel {
  readonly title: string;
  readonly facts: Facts;
  /** Below the facts, as wide as the panel. */
  readonly more?: ((width: number) => readonly Line[]) | undefined;
}

export interface PanelsSpec {
  readonly title: string;
  readonly load: () => Promise<Outcome<readonly Panel[]>>;
  readonly command: () => string | undefined;
  readonly acts?: (() => readonly Act[]) | undefined;
  readonly every?: number | undefined;
}

const NARROWEST = 38;
const MOST_ACROSS = 3;

export function createPanels(spec: PanelsSpec, desk: Pick<Desk, "changed">): View {
  let panels: readonly Panel[] = [];
  let trouble: string | undefined;
  let top = 0;
  let below = 0;
  return {
    title: spec.title,
    every: spec.every,
    command: spec.command,
    count: () => "",
    typing: false,
    acts: () => spec.acts?.() ?? [],
    async load() {
      const answer = await spec.load();
      if (answer.kind === "done") panels = answer.value;
      trouble = answer.kind === "done" ? undefined : answer.text;
      desk.changed();
    },
    press(press) {
      const motion = motionOf(press);
      const by = (
        { up: -1, down: 1, pageup: -10, pagedown: 10, home: -1e6, end: 1e6 } as Record<string, number>
      )[motion ?? ""];
      if (by === undefined) return false;
      top = Math.max(0, Math.min(top + by, below));
      return true;
    },
    lines(width, height) {
      const told =
        trouble === undefined
          ? []
          : [...wrap(trouble, width - 4), "r tries again."].map((text) => line(` ${text}`, "bad"));
      if (panels.length === 0 && trouble === undefined) return [line(" Looking …", "dim")];
      const across = Math.max(1, Math.min(MOST_ACROSS, panels.length, Math.floor(width / NARROWEST)));
      const each = Math.floor((width - (across - 1) * 2) / across);
      const columns = packed(
        panels.map((panel) => panelLines(panel, each)),
        across,
      );
      const body = columns.reduce<readonly Line[]>(
        (left, right, at) => (at === 0 ? right : beside(left, each * at + (at - 1) * 2, right)),
        [],
      );
      const all = [...told, ...body];
      below = Math.max(0, all.length - height);
      top = Math.min(top, below);
      const shown = all.slice(top, top + height);
      return top < below ? [...shown.slice(0, -1), line(" ↓ more", "dim")] : shown;
    },
  };
}

/** Each panel goes where the column is shortest, so that they keep their order and fill the screen evenly. */
function packed(panels: readonly (readonly Line[])[], across: number): readonly (readonly Line[])[] {
  const columns = Array.from({ length: across }, (): Line[] => []);
  for (const panel of panels) {
    const shortest = columns.reduce((best, one) => (one.length < best.length ? one : best));
    shortest.push(...panel);
  }
  return columns;
}

function panelLines({ title, facts, more }: Panel, width: number): readonly Line[] {
  const names = Math.max(0, ...facts.map(([name]) => name.length)) + 2;
  const rule = "─".repeat(Math.max(0, width - title.length - 4));
  return [
    [piece("─ ", "dim"), piece(title, "strong"), piece(` ${rule}`, "dim")],
    ...facts.flatMap(([name, value, tone]) =>
      wrap(value, Math.max(8, width - names - 1)).map((text, at) =>
        fitLine([piece(` ${fit(at === 0 ? name : "", names)}`, "dim"), piece(text, tone)], width),
      ),
    ),
    ...(more?.(width) ?? []),
    line(),
  ];
}
