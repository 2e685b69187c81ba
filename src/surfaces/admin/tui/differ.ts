/** What differs between two texts, line by line. */
import { type Line, line } from "./lines.ts";
import { cleanLines } from "./words.ts";

/** Lines of two texts that are compared one with each other; beyond it a part is shown as replaced whole. */
const MOST = 4_000_000;
/** Lines that stay, shown around those that do not. */
const AROUND = 2;

type Change = readonly ["same" | "removed" | "added", string];

/** Removed with `-`, added with `+`, and a little of what stays around them. */
export function differLines(before: string, after: string): readonly Line[] {
  const changes = changesOf(before.split("\n"), after.split("\n"));
  const near = changes.map((_, at) =>
    changes.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([kind]) => kind !== "same"),
  );
  const lines: Line[] = [];
  changes.forEach(([kind, text], at) => {
    if (near[at] !== true) {
      if (near[at - 1] === true && near.indexOf(true, at) >= 0) lines.push(line("   ⋯", "dim"));
      return;
    }
    const [shown = ""] = cleanLines(text);
    if (kind === "same") lines.push(line(`   ${shown}`, "dim"));
    else lines.push(line(` ${kind === "added" ? "+" : "-"} ${shown}`, kind));
  });
  return lines;
}

function changesOf(before: readonly string[], after: readonly string[]): readonly Change[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const same = (texts: readonly string[]) => texts.map((text): Change => ["same", text]);
  return [
    ...same(before.slice(0, head)),
    ...middleOf(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

/** By the longest common subsequence. */
function middleOf(before: readonly string[], after: readonly string[]): readonly Change[] {
  const [rows, columns] = [before.length, after.length];
  if (rows * columns > MOST)
    return [
      ...before.map((text): Change => ["removed", text]),
      ...after.map((text): Change => ["added", text]),
    ];
  const longest = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  const at = (row: number, column: number) => longest[row]?.[column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1)
    for (let column = columns - 1; column >= 0; column -= 1)
      (longest[row] as Uint32Array)[column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const changes: Change[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (row < rows && column < columns && before[row] === after[column]) {
      changes.push(["same", before[row] ?? ""]);
      row += 1;
      column += 1;
    } else if (column >= columns || (row < rows && at(row + 1, column) >= at(row, column + 1))) {
      changes.push(["removed", before[row] ?? ""]);
      row += 1;
    } else {
      changes.push(["added", after[column] ?? ""]);
      column += 1;
    }
  }
  return changes;
}
