/** The console: its parts, what is open in each, and who gets a key. It draws lines and knows no terminal. */
import type { Api } from "./api.ts";
import type { Desk, Dialog, Said, View } from "./desk.ts";
import { createForm } from "./form.ts";
import { frameLines } from "./frame.ts";
import { helpLines } from "./help.ts";
import type { Line } from "./lines.ts";
import type { Press } from "./press.ts";
import { reviewEdit } from "./review.ts";
import { createNote, createQuestion } from "./text.ts";

/** One part of the console, behind one tab. */
export interface Part {
  readonly name: string;
  readonly first: (desk: Desk) => View;
}

/** What only a real terminal can do. */
export interface Terminal {
  readonly edit: (file: string) => Promise<void>;
  readonly leave: () => void;
}

export type Switchboard = ReturnType<typeof createSwitchboard>;

export function createSwitchboard(api: Api, parts: readonly Part[], terminal: Terminal) {
  const stacks: View[][] = [];
  const dialogs: Dialog[] = [];
  const listeners = new Set<() => void>();
  const looked = new WeakMap<View, number>();
  let tab = 0;
  let said: Said | undefined;
  let version = 0;

  const changed = (): void => {
    version += 1;
    for (const listener of listeners) listener();
  };
  const top = (): View | undefined => stacks[tab]?.at(-1);

  async function load(view: View): Promise<void> {
    looked.set(view, Date.now());
    try {
      await view.load();
    } catch (problem) {
      // A server of another version may answer something else than it should.
      desk.say({ text: `This cannot be shown: ${(problem as Error).message}`, tone: "bad" });
    }
  }

  const desk: Desk = {
    api,
    changed,
    open(view) {
      stacks[tab]?.push(view);
      said = undefined;
      changed();
      void load(view);
    },
    dialog(dialog) {
      dialogs.push(dialog);
      changed();
    },
    closeDialog(dialog) {
      // Not simply the last one: another may have been opened on top of it meanwhile.
      const at = dialogs.indexOf(dialog);
      if (at >= 0) dialogs.splice(at, 1);
      changed();
    },
    ask: (spec) => desk.dialog(createForm(spec, desk)),
    show(title, lines, once) {
      const note = createNote(title, lines, () => desk.closeDialog(note), once);
      desk.dialog(note);
    },
    confirm(question, yes) {
      const close = () => desk.closeDialog(asked);
      const asked = createQuestion(
        question,
        () => {
          close();
          yes();
        },
        close,
      );
      desk.dialog(asked);
    },
    edit: (spec) => reviewEdit(spec, desk, terminal),
    say(next) {
      said = next;
      changed();
    },
    back() {
      const stack = stacks[tab] ?? [];
      if (stack.length < 2) return false;
      stack.pop();
      said = undefined;
      void desk.reload();
      return true;
    },
    async reload() {
      const view = top();
      if (view !== undefined) await load(view);
    },
  };

  function go(to: number): void {
    tab = (to + parts.length) % parts.length;
    said = undefined;
    const part = parts[tab];
    if (part === undefined) return;
    const stack = stacks[tab] ?? [];
    stacks[tab] = stack;
    if (stack.length === 0) stack.push(part.first(desk));
    changed();
    const view = top();
    if (view !== undefined) void load(view);
  }

  function leave(): void {
    if (dialogs.some(({ unsaved }) => unsaved))
      desk.confirm("Leave, and throw away what is not saved?", terminal.leave);
    else terminal.leave();
  }

  /** Keys of every screen, after its own. */
  function global(press: Press, view: View): void {
    if (press.kind === "tab") go(tab + 1);
    else if (press.kind === "backtab") go(tab - 1);
    else if (press.kind === "escape" || press.kind === "left") desk.back();
    else if (press.kind === "text") letter(press.text, view);
  }

  function letter(text: string, view: View): void {
    if (/^[1-9]$/.test(text) && Number(text) <= parts.length) go(Number(text) - 1);
    else if (text === "?") desk.show("Help", helpLines(view));
    else if (text === "r") void desk.reload();
    else if (text === "h") desk.back();
    else if (text === "q") {
      if (!desk.back()) leave();
    } else {
      const act = view.acts().find(({ key }) => key === text);
      if (act === undefined) return;
      const failed = (problem: Error) => desk.say({ text: problem.message, tone: "bad" });
      void Promise.resolve(act.run()).catch(failed);
    }
  }

  function pressOne(press: Press): void {
    const dialog = dialogs.at(-1);
    const view = top();
    if (press.kind === "ctrl" && press.letter === "c") leave();
    else if (dialog !== undefined) dialog.press(press);
    else if (view !== undefined) {
      // What was said was about what was done before.
      said = undefined;
      if (!view.press(press)) global(press, view);
    }
  }

  return {
    desk,
    start: () => go(0),
    press(press: Press): void {
      const typing = top()?.typing === true || dialogs.length > 0;
      // Several letters read at once are several keys, but one text where somebody types.
      if (press.kind === "text" && !typing) for (const text of press.text) pressOne({ kind: "text", text });
      else pressOne(press);
      changed();
    },
    /** Looks again at what changes by itself, unless somebody is busy on top of it. */
    tick(at: number): void {
      const view = top();
      if (view?.every === undefined || dialogs.length > 0 || view.typing) return;
      if (at - (looked.get(view) ?? 0) >= view.every) void load(view);
    },
    lines: (columns: number, rows: number): readonly Line[] =>
      frameLines(
        {
          host: api.host,
          tabs: parts.map(({ name }) => name),
          tab,
          stack: stacks[tab] ?? [],
          dialog: dialogs.at(-1),
          said,
        },
        columns,
        rows,
      ),
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    version: (): number => version,
  };
}
