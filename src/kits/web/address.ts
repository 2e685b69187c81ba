/**
 * Whose request it is: the socket's peer, or behind trusted proxies the nearest address that is not one of theirs.
 * Forwarding headers of anyone else count for nothing, and junk in them is never an exception (CVE-2024-47070): the
 * nearest address that can be believed is used instead.
 */
import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

export interface TrustedPeers {
  trusts(address: string | undefined): boolean;
}

/** `ranges`: addresses and CIDR blocks of proxies. Throws a RangeError that names the one that is neither. */
export function createTrustedPeers(ranges: readonly string[]): TrustedPeers {
  const blocks = ranges.map((range) => {
    try {
      return range.includes("/")
        ? ipaddr.parseCIDR(range)
        : ([ipaddr.parse(range), range.includes(":") ? 128 : 32] as [
            ReturnType<typeof ipaddr.parse>,
            number,
          ]);
    } catch {
      throw new RangeError(`"${range}" is neither an IP address nor a CIDR block`);
    }
  });
  return {
    trusts(address) {
      const parsed = parse(address);
      return (
        parsed !== undefined &&
        blocks.some(([block, bits]) => block.kind() === parsed.kind() && parsed.match(block, bits))
      );
    },
  };
}

/** The client's address in canonical form; IPv4-mapped IPv6 as IPv4. */
export function clientAddress(request: IncomingMessage, peers: TrustedPeers): string {
  let nearest = request.socket.remoteAddress ?? "";
  if (peers.trusts(nearest)) {
    const header = request.headers["x-forwarded-for"];
    const hops = (Array.isArray(header) ? header.join(",") : (header ?? ""))
      .slice(-4096)
      .split(",")
      .map((hop) => hop.trim())
      .reverse();
    for (const hop of hops) {
      if (parse(hop) === undefined) break;
      nearest = hop;
      if (!peers.trusts(hop)) break;
    }
  }
  return parse(nearest)?.toString() ?? "unknown";
}

function parse(address: string | undefined) {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  // ipaddr.js takes "010.1" and "1" for IPv4; only the four-part form is an address on the wire.
  if (!address.includes(":") && !/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined;
  return ipaddr.process(address);
}
