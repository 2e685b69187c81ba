/** What every key does here. */
import type { View } from "./desk.ts";
import { fit, type Line, line, piece } from "./lines.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["↑ ↓  j k", "move"],
  ["Enter →  l", "open what is selected"],
  ["Esc ←  h  q", "back; q at the first screen leaves the console"],
  ["PgUp PgDn  Ctrl-U Ctrl-D", "a page up, a page down"],
  ["Home End  g G", "first, last"],
  ["/", "search; Enter looks, Esc ends the search"],
  ["Tab Shift-Tab  1 … 8", "next and previous part, or this one"],
  ["r", "look again"],
  ["?", "this page"],
  ["Ctrl-C", "leave; what is not saved is asked about"],
];

export function helpLines(view: View): readonly Line[] {
  const row = ([keys, what]: readonly [string, string]): Line => [
    piece(`   ${fit(keys, 26)}`, "accent"),
    piece(what),
  ];
  const acts = view.acts();
  const command = view.command();
  return [
    ...(acts.length === 0
      ? []
      : [line(" Here", "strong"), ...acts.map(({ key, label }) => row([key, label])), line()]),
    line(" Everywhere", "strong"),
    ...KEYS.map(row),
    line(),
    line(" In a form", "strong"),
    row(["Tab  ↑ ↓", "next field, field before"]),
    row(["← →  Space", "choose, where there are several to choose from"]),
    row(["Enter", "do it"]),
    row(["Esc", "leave; what you typed is asked about"]),
    ...(command === undefined
      ? []
      : [line(), line(" This screen from a shell", "strong"), line(`   ${command}`, "accent")]),
  ];
}
