/** Middle values and percentiles of measured numbers. */

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** The smallest number that `share` (0 to 1) of all numbers do not exceed; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const list = sorted(numbers);
  return list[Math.max(0, Math.ceil(list.length * share) - 1)] ?? Number.NaN;
}

/** The middle number, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const list = sorted(numbers);
  const half = list.length / 2;
  if (list.length % 2 === 1) return list[Math.floor(half)] as number;
  return ((list[half - 1] ?? Number.NaN) + (list[half] ?? Number.NaN)) / 2;
}
