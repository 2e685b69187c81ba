/**
 * Which country an address is of, from a table that an operator gives: lines `CIDR,COUNTRY`, in the form that every vendor
 * of such tables exports. Read at the first question, in one go; kept as sorted ranges of 64 bits.
 */
import { readFile } from "node:fs/promises";
import ipaddr from "ipaddr.js";

interface Ranges {
  readonly from: BigUint64Array;
  readonly to: BigUint64Array;
  readonly countries: readonly string[];
}

/** IPv4 in the lowest 32 bits; of IPv6 the first 64, beyond which nobody tells countries apart. */
function placeOf(address: ipaddr.IPv4 | ipaddr.IPv6): { readonly family: 4 | 6; readonly value: bigint } {
  const bytes = address.toByteArray().slice(0, 8);
  return {
    family: bytes.length === 4 ? 4 : 6,
    value: bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
  };
}

function rangesOf(lines: readonly string[], family: 4 | 6): Ranges {
  const all = lines.flatMap((line) => {
    const [cidr = "", country = ""] = line.split(",").map((part) => part.trim().replaceAll('"', ""));
    if (!/^[A-Z]{2}$/.test(country) || !ipaddr.isValidCIDR(cidr)) return [];
    const [address, bits] = ipaddr.parseCIDR(cidr);
    const { family: its, value } = placeOf(address);
    if (its !== family) return [];
    const free = BigInt(Math.max(0, (family === 4 ? 32 : 64) - bits));
    const from = (value >> free) << free;
    return [{ from, to: from | ((1n << free) - 1n), country }];
  });
  all.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.to > b.to ? -1 : 1));
  return {
    from: BigUint64Array.from(all, ({ from }) => from),
    to: BigUint64Array.from(all, ({ to }) => to),
    countries: all.map(({ country }) => country),
  };
}

/** How far back a range is looked for that holds a smaller one with the address beside it. */
const NESTED = 32;

function find({ from, to, countries }: Ranges, value: bigint): string | undefined {
  let low = 0;
  let high = from.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((from[middle] ?? 0n) <= value) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= Math.max(0, low - NESTED); index -= 1)
    if ((to[index] ?? 0n) >= value) return countries[index];
  return undefined;
}

/** The look-up over a file; undefined where none is given. An address that is not in it has no country. */
export function addressCountries(
  file: string | undefined,
  onProblem: (problem: unknown) => void,
): ((address: string) => Promise<string | undefined>) | undefined {
  if (file === undefined) return undefined;
  let table: Promise<Readonly<Record<4 | 6, Ranges>>> | undefined;
  const read = async () => {
    const lines = (await readFile(file, "utf8")).split(/\r?\n/);
    return { 4: rangesOf(lines, 4), 6: rangesOf(lines, 6) };
  };
  return async (address) => {
    table ??= read().catch((problem) => {
      onProblem(problem);
      return { 4: rangesOf([], 4), 6: rangesOf([], 6) };
    });
    if (!ipaddr.isValid(address)) return undefined;
    const { family, value } = placeOf(ipaddr.process(address));
    return find((await table)[family], value);
  };
}
