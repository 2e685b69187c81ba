/**
 * A text in the person's editor, and what becomes of it. The file stays where it is until the text is saved or thrown
 * away on purpose: neither a refusal nor a lost network, a closed window or somebody else's change takes it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Desk, Dialog, EditSpec } from "./desk.ts";
import { differLines } from "./differ.ts";
import { type Line, line, wrap } from "./lines.ts";
import { createScroll } from "./text.ts";
import { clean } from "./words.ts";

/** Runs what needs the terminal for itself, and draws everything again afterwards. */
export type Suspend = (act: () => Promise<void>) => Promise<void>;

/** Leaves what is typed to somebody else: a process that goes on reading takes keys out of the editor's hands. */
async function withoutInput(act: () => Promise<void>): Promise<void> {
  const { stdin } = process;
  const kept = stdin.listeners("readable") as (() => void)[];
  for (const one of kept) stdin.off("readable", one);
  // Only a stream that nobody listens to can be paused, and it knows that a moment later.
  await new Promise(setImmediate);
  stdin.pause();
  try {
    await act();
  } finally {
    for (const one of kept) stdin.on("readable", one);
  }
}

/** The person's editor on one file; rejects with a sentence when it cannot be run. */
export async function runEditor(editor: string, file: string): Promise<void> {
  // A Ctrl-C that the editor does not take is meant for the editor, and reaches this process as well.
  const stay = (): void => {};
  process.on("SIGINT", stay);
  try {
    await withoutInput(
      () =>
        new Promise<void>((resolve, reject) => {
          // As git does: the variable may hold options, so a shell reads it; the file is an argument, whatever its name.
          const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
          child.on("error", (problem) => reject(new Error(`${editor} cannot be run: ${problem.message}`)));
          child.on("exit", (code) =>
            code === 0
              ? resolve()
              : reject(new Error(`${editor} ended with ${code ?? "a signal"}; nothing was saved.`)),
          );
        }),
    );
  } finally {
    process.off("SIGINT", stay);
  }
}

export interface Editing {
  readonly edit: (file: string) => Promise<void>;
}

export async function reviewEdit(spec: EditSpec, desk: Desk, { edit }: Editing): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), "sallyport-")), spec.file);
  writeFileSync(file, spec.text, { mode: 0o600 });
  let { text: base, etag } = spec;
  let mine = base;
  let trouble: string | undefined;
  let lost = false;
  let busy = false;
  let body: readonly Line[] = [];
  let scroll = createScroll();

  const away = () => rmSync(dirname(file), { recursive: true, force: true });

  async function inEditor(): Promise<void> {
    trouble = undefined;
    try {
      await edit(file);
    } catch (problem) {
      trouble = (problem as Error).message;
    }
    mine = readFileSync(file, "utf8");
    await compare();
  }

  async function compare(): Promise<void> {
    scroll = createScroll();
    const asText = differLines(base, mine);
    if (spec.review === undefined || mine === base) {
      body = asText;
      return;
    }
    busy = true;
    desk.changed();
    const found = await spec.review(mine);
    busy = false;
    body = found.kind === "done" ? found.value : [...told(found.text), line(), ...asText];
  }

  async function save(): Promise<void> {
    busy = true;
    trouble = undefined;
    desk.changed();
    const answer = await spec.save(mine, etag);
    busy = false;
    if (answer.kind === "done") {
      away();
      desk.closeDialog(dialog);
      desk.say({ text: answer.value, tone: "ok", command: spec.command });
      return desk.reload();
    }
    trouble = clean(answer.text);
    if (answer.kind !== "lost") return desk.changed();
    const now = await spec.reread();
    if (now.kind !== "done") trouble = `${trouble} What it is now cannot be read: ${clean(now.text)}`;
    else {
      ({ text: base, etag } = now.value);
      lost = true;
      scroll = createScroll();
      body = [
        line(" Between what it was and what it is now (theirs):", "strong"),
        ...differLines(spec.text, base),
        line(),
        line(" Between what it is now and your text (yours):", "strong"),
        ...differLines(base, mine),
      ];
    }
    desk.changed();
  }

  const discard = () =>
    desk.confirm("Throw away your text?", () => {
      away();
      desk.closeDialog(dialog);
    });

  const dialog: Dialog = {
    title: spec.title,
    unsaved: true,
    hints: () =>
      lost
        ? "s save yours over theirs   e edit again   Esc throw yours away"
        : "s save   e edit again   Esc throw away",
    press(press) {
      if (busy) return;
      if (press.kind === "text" && press.text === "s") void save();
      else if (press.kind === "text" && press.text === "e") void inEditor().then(desk.changed);
      else if (press.kind === "escape" || (press.kind === "text" && press.text === "q")) discard();
      else scroll.press(press);
    },
    lines(width, height) {
      const head = [
        ...(trouble === undefined ? [] : told(trouble)),
        ...(trouble === undefined ? [] : [line(` Your text is kept in ${file}`, "dim"), line()]),
        ...(lost ? [line(" Both sides:", "strong")] : []),
        ...(busy ? [line(" Asking the server …", "dim")] : []),
      ].flatMap(([one]) =>
        wrap((one?.text ?? "").trim(), width - 2).map((text) => line(` ${text}`, one?.tone)),
      );
      const nothing =
        body.length === 0 && !busy ? [line(" Nothing differs from what is there.", "dim")] : body;
      return [...head, ...scroll.lines(nothing, width, Math.max(3, height - head.length))];
    },
  };

  await inEditor();
  if (mine === spec.text && trouble === undefined) {
    away();
    desk.say({ text: "Nothing was changed.", tone: "dim" });
    return;
  }
  desk.dialog(dialog);
}

const told = (text: string): readonly Line[] =>
  text.split("\n").map((part) => line(` ${clean(part)}`, "bad"));
