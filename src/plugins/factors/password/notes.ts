/** Remembers for a minute what has been noted already; forgets the oldest when there is too much. */
const MINUTE = 60_000;
const MOST = 1000;

export function createNotes() {
  const noted = new Map<string, number>();
  return {
    isNew(what: string, at: number): boolean {
      const before = noted.get(what);
      if (before !== undefined && at - before < MINUTE) return false;
      noted.delete(what);
      noted.set(what, at);
      const oldest = noted.size > MOST ? noted.keys().next().value : undefined;
      if (oldest !== undefined) noted.delete(oldest);
      return true;
    },
  };
}
