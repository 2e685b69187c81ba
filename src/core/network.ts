/** Which networks an address belongs to, as the throttle counts them. Takes canonical text, never looks anything up. */
import { isIPv4, isIPv6 } from "node:net";
import { createLately } from "./lately.ts";

export interface Networks {
  /** What one subscriber can choose from freely: the /24 of IPv4, the /64 of IPv6. */
  readonly place: string;
  /** From the smallest up: the IPv4 address; of IPv6 the /64 and the /48 (65 536 of them can be one customer's). */
  readonly zones: readonly string[];
}

/** A sign-in asks for its address at each of its counters. Texts longer than any address are not kept. */
const LEAST = 500;
const LONGEST = 64;
const known = createLately<string, Networks>(LEAST);

/** Anything that is no address is one network of its own: whoever has no address shares a counter, not an exception. */
export function networksOf(address: string): Networks {
  const found = known.get(address);
  if (found !== undefined) return found;
  const networks = lookAt(address);
  if (address.length <= LONGEST) known.set(address, networks);
  return networks;
}

function lookAt(address: string): Networks {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIPv4(plain)) return { place: `${plain.split(".").slice(0, 3).join(".")}.0/24`, zones: [plain] };
  if (!isIPv6(plain)) return { place: "elsewhere", zones: ["elsewhere"] };
  const groups = firstGroups(plain);
  const place = `${groups.join(":")}::/64`;
  return { place, zones: [place, `${groups.slice(0, 3).join(":")}::/48`] };
}

/** The first four groups, without leading zeros. */
function firstGroups(address: string): readonly string[] {
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  // A dotted quad at the end stands for two groups.
  const missing = 8 - before.length - after.length - (address.includes(".") ? 1 : 0);
  const zeros = new Array<string>(tail === undefined ? 0 : missing).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
}

/** Whether what is sent to this host, as a configuration names it, stays on this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
