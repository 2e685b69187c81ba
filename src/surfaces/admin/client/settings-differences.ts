/** What a change of the settings did, as the server answers it, and how it reads. */

/** One place that differs; absent: not there before, or no longer. */
export interface SettingsDifference {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** The answer to a change, or to the question what it would do. */
export interface Applied {
  readonly revision: number;
  readonly changed: boolean;
  readonly differences: readonly SettingsDifference[];
  readonly faults?: readonly { readonly path: string; readonly message: string }[];
}

/** In place of a secret the server says that there is one. */
const SECRET = "[secret]";
const side = (value: unknown): string =>
  value === undefined ? "(nothing)" : value === SECRET ? "(a secret)" : JSON.stringify(value);

/** A line for each place. */
export const differenceLines = (differences: readonly SettingsDifference[]): readonly string[] =>
  differences.map(
    ({ path, from, to }) =>
      `${path}: ${side(from)} -> ${from === SECRET && to === SECRET ? "(another secret)" : side(to)}`,
  );
