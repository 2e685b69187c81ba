/** What readiness means here: which checks there are, and who may see them one by one. */
import type { IncomingMessage } from "node:http";
import type { GatewayLine } from "../core/gateway-line.ts";
import { clientAddress, type TrustedPeers } from "../kits/web/address.ts";
import { createHealth, type Health } from "../surfaces/health/health.ts";
import type { Parts } from "./parts.ts";

const ROW_LIFE = 60_000;
const isLoopback = (address: string): boolean => address === "::1" || address.startsWith("127.");

export function composeHealth(
  { storage, directory, now }: Parts,
  line: Pick<GatewayLine, "states">,
  peers: TrustedPeers,
): Health {
  const marks = storage.records<boolean>("health");
  return createHealth({
    checks: {
      store: {
        needed: true,
        // Written, not read: a full disk and a standby that only reads fail every sign-in too.
        async look() {
          await marks.put("ready", true, now() + ROW_LIFE);
          return true;
        },
      },
      directory: {
        needed: true,
        async look() {
          await directory.get("nobody");
          return true;
        },
      },
      gateway: {
        // Every node has the same provider: were they all taken away for it, tokens and sessions would be gone as well.
        needed: false,
        async look() {
          const gateways = await line.states();
          return gateways.length === 0 || gateways.some(({ isOpen }) => !isOpen);
        },
      },
    },
    isOwn(request: IncomingMessage) {
      const address = clientAddress(request, peers);
      return isLoopback(address) || peers.trusts(address);
    },
  });
}
