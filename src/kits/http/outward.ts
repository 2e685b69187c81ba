/**
 * A form posted to an address that somebody else has named (requirement T18): https alone, no redirect, one time limit, a
 * bounded answer, and never to an address inside the network. What is looked at is the address that is connected to, so
 * a name that resolves anew in between gains nothing.
 */
import { lookup } from "node:dns";
import { request } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { whole } from "./whole.ts";

/** Posts and answers the status; rejects with a short reason. */
export type PostOutward = (url: string, fields: Readonly<Record<string, string>>) => Promise<number>;

const TIMEOUT = 2_500;
const LARGEST = 65_536;

export function createPostOutward(isAllowed: (address: string) => boolean): PostOutward {
  const inside = () => Object.assign(new Error("the address is inside the network"), { code: "INSIDE" });
  const guarded: LookupFunction = (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (problem, found) => {
      if (problem !== null) return done(problem, "");
      // One address inside is enough: which of them is taken is not ours to say.
      if (found.length === 0 || !found.every(({ address }) => isAllowed(address))) return done(inside(), "");
      if (options.all === true) return done(null, found);
      const [first] = found;
      return done(null, first?.address ?? "", first?.family);
    });

  return async (url, fields) => {
    const { protocol, hostname } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, "");
    if (protocol !== "https:" || (isIP(host) !== 0 && !isAllowed(host))) throw inside();
    const body = new URLSearchParams(fields).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(Buffer.byteLength(body)),
    };
    // A connection of its own: one that was kept would not be looked up again.
    const req = request(url, { method: "POST", headers, lookup: guarded, agent: false });
    const failure = (code: string) => Object.assign(new Error(code), { code });
    return (await whole(req, body, { timeoutMs: TIMEOUT, largest: LARGEST, overdue: "ETIMEDOUT", failure }))
      .status;
  };
}
