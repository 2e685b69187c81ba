/** What a list is made of: columns, rows, and facts about a thing. */
import type { Act } from "./desk.ts";
import type { Tone } from "./lines.ts";

/** A name, what it is, and how that is. */
export type Facts = readonly (readonly [name: string, value: string, tone?: Tone | undefined])[];

export interface Column {
  readonly title: string;
  /** Cells at least; what is left over goes to those that grow. */
  readonly width: number;
  readonly grow?: number | undefined;
  readonly align?: "right" | undefined;
}

export interface Row {
  readonly id: string;
  readonly cells: readonly string[];
  readonly tone?: Tone | undefined;
  /** The heading above the rows that follow. */
  readonly group?: string | undefined;
  /** What is shown beside the list where there is room. */
  readonly facts?: Facts | undefined;
  readonly open?: (() => void) | undefined;
  readonly acts?: readonly Act[] | undefined;
}
