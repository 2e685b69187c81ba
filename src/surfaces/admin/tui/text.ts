/** A screen of text that is scrolled through. */
import type { Outcome } from "../client/trouble.ts";
import type { Act, Desk, Dialog, View } from "./desk.ts";
import { type Line, line, widthOf, wrap } from "./lines.ts";
import { motionOf, type Press } from "./press.ts";

/** Lines that are scrolled, folded where they are too long. */
export function createScroll() {
  let top = 0;
  let page = 10;
  let all = 0;
  return {
    press(press: Press): boolean {
      const by = {
        up: -1,
        down: 1,
        pageup: -page,
        pagedown: page,
        home: -Number.MAX_SAFE_INTEGER,
        end: Number.MAX_SAFE_INTEGER,
      } as const;
      const motion = motionOf(press);
      if (motion === undefined || !(motion in by)) return false;
      top = Math.max(0, Math.min(top + by[motion as keyof typeof by], all - page));
      return true;
    },
    lines(lines: readonly Line[], width: number, height: number): readonly Line[] {
      const folded = lines.flatMap((one) => foldedLine(one, width));
      all = folded.length;
      page = height;
      top = Math.max(0, Math.min(top, all - page));
      const shown = folded.slice(top, top + height);
      if (top + height >= all) return shown;
      return [...shown.slice(0, -1), line(` … ${all - top - height + 1} more lines`, "dim")];
    },
  };
}

function foldedLine(pieces: Line, width: number): readonly Line[] {
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined || widthOf(only.text) <= width) return [pieces];
  return wrap(only.text, width).map((text) => [{ text, tone: only.tone }]);
}

export interface TextSpec {
  readonly title: string;
  readonly command: () => string | undefined;
  readonly load: () => Promise<Outcome<readonly Line[]>>;
  readonly acts?: (() => readonly Act[]) | undefined;
}

export function createText(spec: TextSpec, desk: Pick<Desk, "changed">): View {
  const scroll = createScroll();
  let lines: readonly Line[] = [line(" Looking …", "dim")];
  return {
    title: spec.title,
    command: spec.command,
    count: () => "",
    typing: false,
    acts: () => spec.acts?.() ?? [],
    async load() {
      const answer = await spec.load();
      lines =
        answer.kind === "done" ? answer.value : [line(` ${answer.text}`, "bad"), line(" r tries again.")];
      desk.changed();
    },
    press: scroll.press,
    lines: (width, height) => scroll.lines(lines, width, height),
  };
}

/** A text on top of a screen. What is shown once is closed by Enter alone, and not by accident. */
export function createNote(title: string, lines: readonly Line[], close: () => void, once = false): Dialog {
  const scroll = createScroll();
  return {
    title,
    unsaved: false,
    hints: () => (once ? "Enter close; it is not shown again" : "↑↓ scroll   Esc close"),
    press(press) {
      const leaves =
        ["escape", "left"].includes(press.kind) || (press.kind === "text" && /^[qh?]$/.test(press.text));
      if (press.kind === "enter" || (leaves && !once)) close();
      else scroll.press(press);
    },
    lines: (width, height) => scroll.lines(lines, width, height),
  };
}

/** A question that is answered with y or n. */
export function createQuestion(question: string, yes: () => void, no: () => void): Dialog {
  return {
    title: question,
    unsaved: false,
    hints: () => "y yes   n no",
    press(press) {
      if (press.kind === "text" && press.text.toLowerCase() === "y") yes();
      else if (press.kind === "escape" || (press.kind === "text" && /^[nq]$/i.test(press.text))) no();
    },
    lines: (width) => [line(), ...wrap(question, width - 4).map((text) => line(` ${text}`, "strong"))],
  };
}
