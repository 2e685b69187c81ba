/**
 * A bounded memory of what was lately asked for, in two generations: when the younger is full the older goes as a whole.
 * A map from which the oldest entry is taken at each new one looks over all that was taken before it, every time.
 */

export interface Lately<K, V> {
  /** `undefined`: not remembered. What is found among the older is remembered anew. */
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
}

type Kept = string | number | boolean | object;

/** Remembers at least the last `least` keys, and fewer than twice as many. */
export const createLately = <K, V extends Kept>(least: number): Lately<K, V> =>
  createShelves<K, V>(least).shelf("");

/** Memories by name under one bound. A key of two parts would be put together and hashed anew at each look. */
export interface Shelves<K, V> {
  /** There are few names, all our own: a shelf stays. */
  shelf(name: string): Lately<K, V>;
  clear(): void;
}

interface Shelf<K, V> extends Lately<K, V> {
  /** What was young is old now, and what was old is gone. */
  age(): void;
}

/** All of them together remember at least the last `least` keys, and fewer than twice as many. */
export function createShelves<K, V extends Kept>(least: number): Shelves<K, V> {
  const shelves = new Map<string, Shelf<K, V>>();
  let count = 0;

  function age(): void {
    count = 0;
    for (const shelf of shelves.values()) shelf.age();
  }

  function makeShelf(): Shelf<K, V> {
    let young = new Map<K, V>();
    let old = young;
    function set(key: K, value: V): void {
      if (!young.has(key)) {
        if (count >= least) age();
        count += 1;
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
        if (young.delete(key)) count -= 1;
        old.delete(key);
      },
      age() {
        old = young;
        young = new Map();
      },
    };
  }

  return {
    shelf(name) {
      const known = shelves.get(name);
      if (known !== undefined) return known;
      const shelf = makeShelf();
      shelves.set(name, shelf);
      return shelf;
    },
    clear() {
      age();
      age();
    },
  };
}
