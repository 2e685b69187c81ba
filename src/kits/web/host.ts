/**
 * One name. A request that names another host than the configured issuer's gets 421 (RFC 9110 §15.5.20) before
 * anything runs: routing, parsing, cookies. Forged hosts are how links in answers come to point at an attacker
 * (CVE-2026-29067), so every way to name a host is looked at: Host, absolute-form request lines, X-Forwarded-Host and
 * Forwarded. Called by the server factory in compose.
 */
import type { IncomingMessage } from "node:http";
import type { TrustedPeers } from "./address.ts";

/** Whether every host the request names is `host` (as in the issuer, with its port unless it is the scheme's own). */
export function namesHost(request: IncomingMessage, host: string, peers: TrustedPeers): boolean {
  const { headers } = request;
  // Of several Host fields Node keeps the first, and a proxy in front may have gone by another (RFC 9112 §3.2).
  if (namesHostTwice(request.rawHeaders)) return false;
  const trusted = peers.trusts(request.socket.remoteAddress);
  const forwarded = [...list(headers["x-forwarded-host"]), ...forwardedHosts(headers.forwarded)];
  if (!forwarded.every((name) => same(name, host))) return false;
  // Behind a proxy that rewrites Host, its word for the public name is enough; a stranger's word never is.
  if (trusted && forwarded.length > 0) return true;
  const target = request.url ?? "/";
  if (!target.startsWith("/")) {
    const authority = /^https?:\/\/([^/?#]*)/i.exec(target)?.[1];
    if (authority === undefined || !same(authority, host)) return false;
  }
  return headers.host !== undefined && same(headers.host, host);
}

/** Turns an absolute-form target, already checked, into its path. */
export const pathOf = (target: string): string => {
  if (target.startsWith("/")) return target;
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "");
  return path.startsWith("/") ? path : `/${path}`;
};

/** Names and values take turns. */
function namesHostTwice(raw: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count > 1;
}

const same = (name: string, host: string): boolean =>
  name === host || withoutDefaultPort(name.trim().toLowerCase()) === withoutDefaultPort(host.toLowerCase());
const withoutDefaultPort = (host: string): string => host.replace(/:(80|443)$/, "");

const list = (value: string | string[] | undefined): string[] =>
  value === undefined
    ? []
    : [value]
        .flat()
        .flatMap((part) => part.split(","))
        .map((part) => part.trim())
        .filter((part) => part !== "");

/** `host=` parameters of a Forwarded field (RFC 7239 §5.3). */
function forwardedHosts(value: string | undefined): string[] {
  const found: string[] = [];
  if (value === undefined) return found;
  for (const match of value.matchAll(/(?:^|[;,\s])host\s*=\s*("([^"]*)"|[^;,\s]*)/gi))
    found.push((match[2] ?? match[1] ?? "").trim());
  return found;
}
