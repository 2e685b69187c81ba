/**
 * A bounded memory of what was lately asked for, in two generations: when the younger is full the older goes as a whole.
 * A map from which the oldest entry is taken at each new one looks over all that was taken before it, every time.
 */

export interface Lately<K, V> {
  /** `undefined`: not remembered. What is found among the older is remembered anew. */
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  clear(): void;
}

/** Remembers at least the last `least` keys, and fewer than twice as many. */
export function createLately<K, V extends string | number | boolean | object>(least: number): Lately<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  function set(key: K, value: V): void {
    if (young.size >= least && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }
  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const older = old.get(key);
      if (older !== undefined) set(key, older);
      return older;
    },
    set,
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    clear() {
      young = new Map();
      old = new Map();
    },
  };
}
