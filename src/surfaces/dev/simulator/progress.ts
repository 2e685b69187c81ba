/**
 * What becomes of a message or call after it was taken: status by status, each told to its StatusCallback with Twilio's
 * signature. The first status is not told: it was in the answer.
 */
import { createHmac } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { isLoopback } from "../../../core/network.ts";
import type { Clock } from "../../../core/words.ts";
import { whole } from "../../../kits/http/whole.ts";
import type { Item } from "./book.ts";

/** How it ends, where it does not end well: `undelivered`, `failed`, …, and Twilio's error code; `silent`: nobody is told. */
export interface End {
  readonly status: string;
  readonly code?: number | undefined;
}

export interface Progress {
  start(item: Item, end: End | undefined): void;
  close(): void;
}

export interface ProgressDeps {
  readonly now: Clock;
  readonly paceMs: number;
  readonly tokenOf: (account: string) => string;
}

export function createProgress({ now, paceMs, tokenOf }: ProgressDeps): Progress {
  const timers = new Set<NodeJS.Timeout>();
  // Below what servers allow a silent connection, so that none is reused that is being closed.
  const pool = { keepAlive: true, timeout: 4_000 };
  const plain = { request: http.request, agent: new http.Agent(pool) };
  const secure = { request: https.request, agent: new https.Agent(pool) };

  function after(act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, paceMs);
    timers.add(timer.unref());
  }

  function step(item: Item, [status, ...rest]: readonly string[], end: End | undefined): void {
    if (status === undefined) return;
    after(() => {
      if (item.status === "canceled") return;
      const last = rest.length === 0;
      item.status = last && end !== undefined ? end.status : status;
      item.errorCode = last && item.kind === "message" ? end?.code : undefined;
      item.updatedAt = now();
      if (item.status === "sent" || item.status === "in-progress") item.sentAt = item.updatedAt;
      if (item.callback !== undefined) void tell(item, item.callback).catch(() => {});
      step(item, rest, end);
    });
  }

  async function tell(item: Item, callback: string): Promise<void> {
    // The fragment tunes Twilio's own retries; it is neither sent nor signed.
    const url = callback.replace(/#.*$/s, "");
    // Elsewhere nobody is told, nor is a name server asked: the server in question is behind a name of the world's.
    const { protocol, hostname } = new URL(url);
    if (!isLoopback(hostname.replace(/^\[|\]$/g, ""))) return;
    const fields: Record<string, string> = {
      AccountSid: item.account,
      ApiVersion: "2010-04-01",
      From: item.from,
      To: item.to,
      ...(item.kind === "call"
        ? { CallSid: item.sid, CallStatus: item.status }
        : { MessageSid: item.sid, MessageStatus: item.status, SmsSid: item.sid, SmsStatus: item.status }),
      ...(item.service === undefined ? {} : { MessagingServiceSid: item.service }),
      ...(item.errorCode === undefined ? {} : { ErrorCode: String(item.errorCode) }),
    };
    const body = new URLSearchParams(fields).toString();
    const { request, agent } = protocol === "https:" ? secure : plain;
    const headers = {
      accept: "*/*",
      "content-length": Buffer.byteLength(body),
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "user-agent": "TwilioProxy/1.1",
      "x-twilio-signature": signature(tokenOf(item.account), url, fields),
    };
    await whole(request(url, { method: "POST", headers, agent }), body, {
      timeoutMs: 5_000,
      largest: 64 * 1024,
      overdue: "ETIMEDOUT",
      failure: Error,
    });
  }

  return {
    start(item, end) {
      // Taken, and never heard of again.
      if (end?.status === "silent") return;
      const way =
        item.kind === "call"
          ? ["ringing", "in-progress", "completed"]
          : item.service === undefined
            ? ["sent", "delivered"]
            : ["queued", "sent", "delivered"];
      step(item, way, end);
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      plain.agent.destroy();
      secure.agent.destroy();
    },
  };
}

/** `X-Twilio-Signature`: HMAC-SHA-1, keyed by the auth token, over the URL and each field sorted by name. */
function signature(token: string, url: string, fields: Readonly<Record<string, string>>): string {
  const names = Object.keys(fields).sort();
  const text = url + names.map((name) => `${name}${fields[name]}`).join("");
  return createHmac("sha1", token).update(text).digest("base64");
}
