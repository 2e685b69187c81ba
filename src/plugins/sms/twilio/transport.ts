/**
 * One HTTP exchange with Twilio on node:http(s): kept connections, one time limit over all of it. Only a 429 is tried
 * again, for only that is promised to have done nothing; a message without an answer may have been sent. It stands in for the SDK's axios, which has no limit over the whole
 * exchange, doubles the processor time of a send (0.4 ms instead of 0.2 ms), and puts token and text into its errors.
 */
import { randomInt } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { urlToHttpOptions } from "node:url";
import { whole } from "../../../kits/http/whole.ts";
import { kept } from "../../../kits/web/kept.ts";
import { OVERDUE } from "./refusals.ts";

export interface Exchange {
  readonly method: string;
  readonly uri: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly params?: object | undefined;
  readonly data?: unknown;
}

export interface Answer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly headers: http.IncomingHttpHeaders;
}

export interface TransportOptions {
  /** Instead of Twilio's own hosts; reached without a proxy. */
  readonly apiBase: URL | undefined;
  readonly timeoutMs: number;
  /** HTTPS_PROXY, NO_PROXY, … for Twilio's own hosts. */
  readonly proxies: Readonly<Record<string, string | undefined>> | undefined;
}

export type Transport = (exchange: Exchange) => Promise<Answer>;

/** Below what servers and load balancers allow a silent connection, so that none is reused that is being closed. */
const IDLE_MS = 10_000;
const LARGEST_ANSWER = 512 * 1024;

export function createTransport({ apiBase, timeoutMs, proxies }: TransportOptions): Transport {
  const pool = { keepAlive: true, timeout: IDLE_MS, maxSockets: 64, maxFreeSockets: 16 };
  const agent =
    apiBase?.protocol === "http:"
      ? new http.Agent(pool)
      : new https.Agent(
          apiBase === undefined && proxies !== undefined ? { ...pool, proxyEnv: proxies } : pool,
        );
  const { request } = apiBase?.protocol === "http:" ? http : https;
  // Of a send always the same.
  const targetOf = kept((uri) => optionsOf(uri, apiBase));

  async function once(exchange: Exchange, timeLeft: number): Promise<Answer> {
    const { uri, params, data } = exchange;
    const body = data === undefined ? undefined : formOf(data);
    const req = request({
      ...targetOf(params === undefined ? uri : `${uri.split("?")[0]}?${formOf(params)}`),
      method: exchange.method.toUpperCase(),
      agent,
      headers: headersOf(exchange, body),
    });
    // Not among the options: Node prints those when NODE_DEBUG=http is set.
    req.setHeader("authorization", basicOf(exchange));
    const answer = await whole(req, body, {
      timeoutMs: timeLeft,
      largest: LARGEST_ANSWER,
      overdue: OVERDUE,
      failure,
    });
    return { statusCode: answer.status, body: parse(answer.text), headers: answer.headers };
  }

  return async (exchange) => {
    const endsAt = performance.now() + timeoutMs;
    for (let round = 0; ; round += 1) {
      const answer = await once(exchange, endsAt - performance.now());
      const pause = answer.statusCode === 429 ? backOff(answer.headers["retry-after"], round) : undefined;
      // An answer takes its time too: what cannot be done in time is left to the next gateway.
      if (pause === undefined || performance.now() + pause + LEAST_TIME > endsAt) return answer;
      await new Promise((resolve) => void setTimeout(resolve, pause));
    }
  };
}

const LEAST_TIME = 100;

/** Milliseconds to wait after a 429: what it says, else 100, 200, 400, … each with up to as much again by chance. */
function backOff(retryAfter: string | undefined, round: number): number {
  if (retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter))
    return Number(retryAfter) * 1000 + randomInt(100);
  const least = 100 * 2 ** Math.min(round, 10);
  return least + randomInt(least);
}

/** Where Twilio's URL leads, or the same path on the other server. */
function optionsOf(uri: string, apiBase: URL | undefined) {
  const { origin, pathname, search } = new URL(uri);
  const base = apiBase === undefined ? origin : apiBase.origin + apiBase.pathname.replace(/\/$/, "");
  const { protocol, hostname, port, path } = urlToHttpOptions(new URL(base + pathname + search));
  return { protocol, hostname, port, path };
}

const basicOf = ({ username, password }: Exchange): string =>
  `Basic ${Buffer.from(`${username ?? ""}:${password ?? ""}`).toString("base64")}`;

function headersOf({ headers }: Exchange, body: string | undefined): http.OutgoingHttpHeaders {
  return {
    ...(headers as http.OutgoingHttpHeaders | undefined),
    ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
  };
}

/** `application/x-www-form-urlencoded`; lists repeat the name, unset values are left out. */
function formOf(fields: unknown): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) form.append(name, String(one));
  return form.toString();
}

/** JSON objects as such; anything else as null, which the SDK takes for an answer without content. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

const failure = (code: string): Error =>
  Object.assign(new Error(`the exchange with Twilio ended with ${code}`), { code });
