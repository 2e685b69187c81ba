/**
 * One signed POST: HMAC-SHA-256 over `<timestamp>.<body>`, hexadecimal, in `x-sallyport-signature: v1=…`, with the time in
 * `x-sallyport-timestamp`. A receiver compares it in constant time and refuses what is older than five minutes. The target
 * is an address on the public Internet when the connection is made, whatever its name resolved to before (SSRF, M28);
 * redirects lead nowhere, and no proxy is asked.
 */
import { createHmac } from "node:crypto";
import dns from "node:dns";
import * as https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Secret } from "../../../core/secret.ts";
import { whole } from "../../../kits/http/whole.ts";
import { isPublicAddress } from "../../../kits/web/address.ts";

export interface ExchangeOptions {
  readonly url: URL;
  readonly secret: Secret;
  readonly timeoutMs: number;
  /** Further certificate authorities, and addresses that may be reached: for receivers on a test machine. */
  readonly ca?: string | undefined;
  readonly allows?: ((address: string) => boolean) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const LARGEST_ANSWER = 64 * 1024;
export const OVERDUE = "SALLYPORT_OVERDUE";

/** Posts one message. Rejects with an error that has a `code` alone: no URL, no text, no number. */
export function createExchange({ url, secret, timeoutMs, ca, allows = isPublicAddress }: ExchangeOptions) {
  const agent = new https.Agent({
    keepAlive: true,
    timeout: 10_000,
    maxSockets: 64,
    ...(ca === undefined ? {} : { ca }),
  });
  const lookup: LookupFunction = (hostname, options, done) => {
    dns.lookup(hostname, { ...options, all: true }, (problem, addresses) => {
      const [first] = addresses ?? [];
      const refused =
        problem ?? (addresses.every(({ address }) => allows(address)) ? null : failure("EACCES"));
      if (refused !== null || first === undefined) return done(refused ?? failure("ENOTFOUND"), "", 0);
      if (options.all === true) return done(null, addresses);
      done(null, first.address, first.family);
    });
  };
  const literal = url.hostname.replace(/^\[|\]$/g, "");

  return async (message: Readonly<Record<string, unknown>>): Promise<Answer> => {
    // An address in the URL itself is looked up by nobody.
    if (isIP(literal) !== 0 && !allows(literal)) throw failure("EACCES");
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac = createHmac("sha256", secret.reveal()).update(`${timestamp}.${body}`).digest("hex");
    const req = https.request(url, { method: "POST", agent, lookup });
    req.setHeader("content-type", "application/json");
    req.setHeader("content-length", Buffer.byteLength(body));
    req.setHeader("x-sallyport-timestamp", timestamp);
    req.setHeader("x-sallyport-signature", `v1=${mac}`);
    const { status, text } = await whole(req, body, {
      timeoutMs,
      largest: LARGEST_ANSWER,
      overdue: OVERDUE,
      failure,
    });
    return { status, body: parse(text) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const failure = (code: string): Error & { code: string } =>
  Object.assign(new Error(`the exchange with the webhook ended with ${code}`), { code });
