/** The order of rows: by kind and key, as the bytes of both engines have it. Used by records*.ts. */

interface Named {
  readonly kind: string;
  readonly key: string;
}

export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Commits that share rows lock them in one order and never wait for each other in a circle. */
export const byKindAndKey = (a: Named, b: Named): number => byName(a.kind, b.kind) || byName(a.key, b.key);
