/**
 * Fetches for what a client's metadata names (`jwks_uri`): the one way the engine goes out. A name that has an address
 * inside the network is refused here before anything connects; the engine ends fetches after 2.5 s and drops a
 * connection to such an address once it stands, so that a name that resolves anew gains nothing (requirement T18).
 */
import dns from "node:dns/promises";
import { isPublicAddress } from "../../kits/web/address.ts";

const LARGEST = 64 * 1024;

/** Bytes of an answer, by what it is fetched for. */
export const MOST_METADATA = {
  jwks_uri: LARGEST,
  sector_identifier_uri: LARGEST,
  "client_id metadata document": 5 * 1024,
};

/** `fetch` for client metadata: https alone, public addresses alone, no redirect, and never without the engine's guard on the connection. */
export async function fetchMetadata(
  url: string | URL | Request,
  options: RequestInit = {},
): Promise<Response> {
  const { protocol, hostname } = new URL(url instanceof Request ? url.url : url);
  if (protocol !== "https:") throw new Error("metadata of a client is fetched by https only");
  // The engine goes on with a warning where it cannot set its guard up (CVE-2022-36663 is what follows).
  if ((options as { dispatcher?: unknown }).dispatcher === undefined)
    throw new Error("the guard of outgoing requests is missing");
  await refuseInside(hostname, options.signal);
  return fetch(url, { ...options, redirect: "error" });
}

/** Throws when the host has any address that is not on the public Internet, and when it cannot be resolved in time. */
async function refuseInside(hostname: string, signal: AbortSignal | null | undefined): Promise<void> {
  const late = new Promise<never>((_resolve, reject) =>
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  const found = await Promise.race([dns.lookup(hostname.replace(/^\[|\]$/g, ""), { all: true }), late]);
  if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
    throw new Error("metadata of a client is fetched from public addresses only");
}
