/**
 * Whose request it is: the socket's peer, or behind trusted proxies the nearest address that is not one of theirs.
 * Forwarding headers of anyone else count for nothing, and junk in them is never an exception (CVE-2024-47070): the
 * nearest address that can be believed is used instead.
 */
import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import { kept } from "./kept.ts";

export interface TrustedPeers {
  trusts(address: string | undefined): boolean;
}

/** Wider blocks than these would let half the world choose its own address. */
const FEWEST_BITS = { ipv4: 8, ipv6: 7 };

/** `ranges`: addresses and CIDR blocks of proxies. Throws a RangeError that names the one that cannot be used. */
export function createTrustedPeers(ranges: readonly string[]): TrustedPeers {
  const blocks = ranges.map((range) => {
    const block = blockOf(range);
    if (block === undefined) throw new RangeError(`"${range}" is neither an IP address nor a CIDR block`);
    if (block[1] < FEWEST_BITS[block[0].kind()])
      throw new RangeError(`"${range}" is too wide; name the proxies that stand in front of this server`);
    return block;
  });
  const trusts = kept((address) => {
    const parsed = parse(address);
    return (
      parsed !== undefined &&
      blocks.some(([block, bits]) => block.kind() === parsed.kind() && parsed.match(block, bits))
    );
  });
  return { trusts: (address) => address !== undefined && trusts(address) };
}

function blockOf(range: string): [ReturnType<typeof ipaddr.parse>, number] | undefined {
  try {
    return range.includes("/")
      ? ipaddr.parseCIDR(range)
      : [ipaddr.parse(range), range.includes(":") ? 128 : 32];
  } catch {
    return undefined;
  }
}

/**
 * Whether packets to this address leave for the public Internet: no private, loopback, link-local, documentation,
 * translation or multicast address (RFC 6890), and of IPv6 only what is assigned, 2000::/3 (RFC 4291 §2.4).
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(address);
  if (parsed === undefined || parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
}

/** The client's address in canonical form; IPv4-mapped IPv6 as IPv4. */
export function clientAddress(request: IncomingMessage, peers: TrustedPeers): string {
  let nearest = request.socket.remoteAddress ?? "";
  if (peers.trusts(nearest)) {
    const header = request.headers["x-forwarded-for"];
    const hops = (Array.isArray(header) ? header.join(",") : (header ?? ""))
      .slice(-4096)
      .split(",")
      .map((hop) => withoutPort(hop.trim()))
      .reverse();
    for (const hop of hops) {
      if (parse(hop) === undefined) break;
      nearest = hop;
      if (!peers.trusts(hop)) break;
    }
  }
  return canonical(nearest);
}

const canonical = kept((address) => parse(address)?.toString() ?? "unknown");

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
const withoutPort = (hop: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/.exec(hop)?.[1] ?? hop;

function parse(address: string | undefined) {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  // ipaddr.js takes "010.1" and "1" for IPv4; only the four-part form is an address on the wire.
  if (!address.includes(":") && !/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined;
  return ipaddr.process(address);
}
