/** What readiness means here: which checks there are, and who may see them one by one. */
import type { IncomingMessage } from "node:http";
import type { GatewayLine } from "../core/gateway-line.ts";
import { statement } from "../kits/sql/database.ts";
import { clientAddress, type TrustedPeers } from "../kits/web/address.ts";
import { createHealth, type Health } from "../surfaces/health/health.ts";
import type { Parts } from "./parts.ts";

const ROW_LIFE = 60_000;
/** How far a node's clock may be from the database's, which is the one that all nodes share (M29). */
const MOST_SKEW = 60_000;
const CLOCK = statement<{ readonly at: number }>(
  "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as at",
);
const isLoopback = (address: string): boolean => address === "::1" || address.startsWith("127.");

export function composeHealth(
  { storage, directory, directories, store, now }: Parts,
  line: Pick<GatewayLine, "states">,
  peers: TrustedPeers,
  complain: (text: string) => void,
): Health {
  const { database } = store;
  let wasRight = true;
  const clock = {
    needed: true,
    async look() {
      const { rows } = await database.run(CLOCK);
      const off = now() - (rows[0]?.at ?? 0);
      const isRight = Math.abs(off) <= MOST_SKEW;
      if (wasRight && !isRight)
        complain(
          `The clock of this node is ${Math.round(off / 1000)} s off the database's, so it is not ready; set it by NTP.`,
        );
      wasRight = isRight;
      return isRight;
    },
  };
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
      // Like the gateway, away for all nodes at once: whoever is kept elsewhere goes on signing in.
      ...(directories.states().length === 0
        ? {}
        : {
            directories: {
              needed: false,
              look: async () => directories.states().every(({ up }) => up),
            },
          }),
      // One node that goes wrong alone would end codes and pauses too early or too late.
      ...(database.engine === "postgres" ? { clock } : {}),
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
