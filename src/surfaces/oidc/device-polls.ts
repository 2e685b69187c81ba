/**
 * How often a device may ask whether its person has answered (RFC 8628 §3.5): every 5 s, and 5 s less often each time it
 * comes too soon. The engine keeps no clock of its own for this; the adapter asks here before it shows a code to the
 * token endpoint.
 */
import { errors, Provider } from "oidc-provider";
import type { Storage } from "../../core/records.ts";
import type { Clock, EpochMs } from "../../core/words.ts";
import { DEVICE_INTERVAL, DEVICE_LIFE } from "./device.ts";

type Poll = { readonly at: EpochMs; readonly interval: number };

/** A clock and a network are never exact: a poll this much too early is on time. */
const GRACE = 1000;
const LONGEST = 60;

/** Throws slow_down where the token endpoint is asking for this code too soon. */
export function createPolls(storage: Storage, now: Clock): (id: string) => Promise<void> {
  const polls = storage.records<Poll>("device-poll");
  return async (id) => {
    if ((Provider.ctx as { oidc?: { route?: string } } | undefined)?.oidc?.route !== "token") return;
    const early = await polls.update(id, (last) => {
      const interval = last?.interval ?? DEVICE_INTERVAL;
      const soon = last !== undefined && now() - last.at < interval * 1000 - GRACE;
      const next = soon ? Math.min(interval + DEVICE_INTERVAL, LONGEST) : interval;
      return { result: soon, write: { at: now(), interval: next }, expiresAt: now() + DEVICE_LIFE * 1000 };
    });
    if (early) throw new errors.SlowDown();
  };
}
