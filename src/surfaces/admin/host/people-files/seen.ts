/** Which ids and names a file has had so far, in sixteen bytes each: a million people must fit beside everything else. */
import { createHash } from "node:crypto";

/** Makes an empty memory. Two different words are taken for one with a chance of 10^-6 at a million people. */
export function createSeen() {
  let places = new BigUint64Array(1 << 12);
  let count = 0;

  function put(into: BigUint64Array, value: bigint): boolean {
    const mask = into.length - 1;
    let at = Number(value & BigInt(mask));
    for (; into[at] !== 0n; at = (at + 1) & mask) if (into[at] === value) return false;
    into[at] = value;
    return true;
  }

  return {
    /** Whether the word comes for the first time; from now on it has come. */
    isNew(word: string): boolean {
      const value = createHash("sha256").update(word).digest().readBigUInt64LE() || 1n;
      if (count * 2 >= places.length) {
        const larger = new BigUint64Array(places.length * 2);
        for (const one of places) if (one !== 0n) put(larger, one);
        places = larger;
      }
      const fresh = put(places, value);
      if (fresh) count += 1;
      return fresh;
    },
  };
}
