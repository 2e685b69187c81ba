/** A finding before it is worded: where, what, and whether the page would fail for it. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly level: "warning" | "error";
}
