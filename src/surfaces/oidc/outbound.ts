/**
 * Fetches for what a client's metadata names (`jwks_uri`): the one way the engine goes out. The engine ends them after
 * 2.5 s and drops a connection to a private, loopback or link-local address once it stands, so that a name that
 * resolves anew gains nothing; what it leaves open is closed here (requirement T18).
 */

const LARGEST = 64 * 1024;

/** Bytes of an answer, by what it is fetched for. */
export const MOST_METADATA = {
  jwks_uri: LARGEST,
  sector_identifier_uri: LARGEST,
  "client_id metadata document": 5 * 1024,
};

/** `fetch` for client metadata: https alone, no redirect, and never without the engine's guard on the connection. */
export async function fetchMetadata(
  url: string | URL | Request,
  options: RequestInit = {},
): Promise<Response> {
  const { protocol } = new URL(url instanceof Request ? url.url : url);
  if (protocol !== "https:") throw new Error("metadata of a client is fetched by https only");
  // The engine goes on with a warning where it cannot set its guard up (CVE-2022-36663 is what follows).
  if ((options as { dispatcher?: unknown }).dispatcher === undefined)
    throw new Error("the guard of outgoing requests is missing");
  return fetch(url, { ...options, redirect: "error" });
}
