/**
 * A form: says what will happen and the command that does the same, takes what is typed, and keeps it until it is done
 * or thrown away on purpose: a refusal, a network that is gone and somebody else's change leave it as it is.
 */
import type { Outcome } from "../client/trouble.ts";
import type { Desk, Dialog, Field, FormSpec, Values } from "./desk.ts";
import { fit, type Line, line, type Piece, piece, wrap } from "./lines.ts";
import type { Press } from "./press.ts";
import { createTyped, type Typed } from "./typed.ts";
import { clean, foldCommand } from "./words.ts";

interface Entry {
  readonly field: Field;
  readonly typed: Typed;
}

export function createForm(spec: FormSpec, desk: Desk): Dialog {
  const entries: readonly Entry[] = spec.fields.map((field) => ({
    field,
    typed: createTyped(field.value ?? "", field.secret),
  }));
  let at = 0;
  let busy = false;
  let trouble: string | undefined;
  let conflict: Values | undefined;

  const valuesWith = (secretAs: (text: string) => string): Values =>
    Object.fromEntries(
      entries.map(({ field, typed }) => [field.name, field.secret ? secretAs(typed.text) : typed.text]),
    );
  const changed = () => entries.some(({ field, typed }) => typed.text !== (field.value ?? ""));

  async function send(): Promise<void> {
    const missing = entries.findIndex(
      ({ field, typed }) => field.required === true && typed.text.trim() === "",
    );
    if (missing >= 0) {
      at = missing;
      trouble = `${entries[missing]?.field.label} is missing.`;
      return;
    }
    busy = true;
    trouble = undefined;
    desk.changed();
    const answer = await spec.send(valuesWith((text) => text));
    busy = false;
    if (answer.kind === "done" || answer.kind === "waits") {
      const command = spec.command(valuesWith(() => ""));
      desk.closeDialog(self);
      const isDone = answer.kind === "done";
      desk.say({ text: isDone ? answer.value : answer.text, tone: isDone ? "ok" : "warn", command });
      if (spec.afterwards === undefined) void desk.reload();
      else spec.afterwards();
    } else await refused(answer);
    desk.changed();
  }

  async function refused(answer: Exclude<Outcome<string>, { kind: "done" | "waits" }>): Promise<void> {
    trouble = clean(answer.text);
    if (answer.kind !== "lost" || spec.theirs === undefined) return;
    const theirs = await spec.theirs();
    if (theirs.kind === "done") conflict = theirs.value;
    else trouble = `${trouble} What it is now cannot be read: ${clean(theirs.text)}`;
  }

  function choose(entry: Entry, by: number): void {
    const choices = entry.field.choices ?? [];
    const now = choices.indexOf(entry.typed.text);
    entry.typed.set(choices[(now + by + choices.length) % choices.length] ?? "");
  }

  function takeTheirs(): void {
    for (const { field, typed } of entries) {
      const theirs = conflict?.[field.name];
      if (theirs !== undefined) typed.set(theirs);
    }
    conflict = undefined;
    trouble = undefined;
  }

  function press(given: Press): void {
    if (busy) return;
    const entry = entries[at];
    const step = (by: number) => {
      at = (at + by + entries.length) % Math.max(1, entries.length);
    };
    if (
      given.kind === "escape" ||
      (entry === undefined && given.kind === "text" && /^[nq]$/.test(given.text))
    ) {
      if (changed()) desk.confirm("Throw away what you typed?", () => desk.closeDialog(self));
      else desk.closeDialog(self);
    } else if (given.kind === "enter") void send();
    else if (given.kind === "tab" || given.kind === "down") step(1);
    else if (given.kind === "backtab" || given.kind === "up") step(-1);
    else if (given.kind === "ctrl" && given.letter === "t" && conflict !== undefined) takeTheirs();
    else if (entry?.field.choices !== undefined) {
      if (given.kind === "right" || (given.kind === "text" && given.text === " ")) choose(entry, 1);
      else if (given.kind === "left") choose(entry, -1);
    } else entry?.typed.press(given);
  }

  const self: Dialog = {
    title: spec.title,
    get unsaved() {
      return changed();
    },
    hints: () =>
      conflict !== undefined
        ? `Enter ${spec.verb} yours all the same   Ctrl-T take theirs   Esc leave`
        : [
            `Enter ${spec.verb}`,
            ...(entries.length > 1 ? ["Tab next field"] : []),
            ...(entries[at]?.field.choices === undefined ? [] : ["←→ choose"]),
            "Esc leave",
          ].join("   "),
    press,
    lines(width) {
      const names = Math.max(0, ...entries.map(({ field }) => field.label.length)) + 2;
      return [
        ...(spec.about ?? []).flatMap((text) => wrap(text, width - 2).map((part) => line(` ${part}`))),
        ...(spec.lines ?? []),
        ...((spec.about ?? spec.lines) === undefined ? [] : [line()]),
        ...entries.flatMap((entry, index) => entryLines(entry, index === at, names, width, conflict)),
        ...(entries.length === 0 ? [] : [line()]),
        ...(busy ? [line(" Asking the server …", "dim")] : []),
        ...(trouble === undefined ? [] : wrap(trouble, width - 2).map((text) => line(` ${text}`, "bad"))),
        ...(trouble === undefined ? [] : [line(" What you typed is still here.", "dim"), line()]),
        line(" The same from a shell:", "dim"),
        ...foldCommand(clean(spec.command(valuesWith(() => ""))), width - 4).map((text) =>
          line(`   ${text}`, "accent"),
        ),
      ];
    },
  };
  return self;
}

function entryLines(
  { field, typed }: Entry,
  here: boolean,
  names: number,
  width: number,
  conflict: Values | undefined,
): readonly Line[] {
  const room = Math.max(10, width - names - 6);
  const label = piece(`${here ? " ▸ " : "   "}${fit(field.label, names)}`, here ? "strong" : "dim");
  const pad = " ".repeat(names + 3);
  const value: readonly Piece[] =
    field.choices !== undefined
      ? field.choices.flatMap((choice) => [
          piece(
            choice === typed.text ? `(•) ${choice}` : `( ) ${choice}`,
            choice === typed.text ? "strong" : "dim",
          ),
          piece("   "),
        ])
      : here
        ? typed.pieces(room)
        : [piece(field.secret ? "•".repeat(typed.text.length) : clean(typed.text))];
  const theirs = conflict?.[field.name];
  const both =
    theirs === undefined || theirs === typed.text || field.secret === true
      ? []
      : (
          [
            ["was  ", field.value ?? "", "dim"],
            ["now  ", theirs, "removed"],
            ["yours", typed.text, "added"],
          ] as const
        ).map(([who, text, tone]) => line(`${pad}${who}  ${text === "" ? "(nothing)" : clean(text)}`, tone));
  const hint =
    here && field.hint !== undefined ? wrap(field.hint, room).map((text) => line(pad + text, "dim")) : [];
  return [[label, ...value], ...hint, ...both];
}
