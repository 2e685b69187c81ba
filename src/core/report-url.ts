/**
 * The URL under which a provider tells what becomes of one attempt. It names the attempt and carries our own signature
 * over it, so that nobody else can speak of an attempt; where the provider signs as well, both signatures count: an
 * endpoint that believes its caller lets anybody call texts undelivered, and run up calls (M25). Used by delivery.ts.
 */
import { timingSafeEqual } from "node:crypto";
import type { Keys } from "./keys.ts";
import { hmacText } from "./mac.ts";
import type { Clock, EpochMs } from "./words.ts";

/** What a report URL is about. */
export interface AttemptName {
  readonly challenge: string;
  readonly send: number;
  readonly number: number;
  readonly gateway: string;
}

export interface ReportUrls {
  /** `until`: the URL is good for nothing after that. */
  of(attempt: AttemptName, until: EpochMs): URL;
  /** The attempt of `path/…?via=…`; undefined when the URL is none of ours, or too old. */
  read(attempt: string, query: Readonly<Record<string, unknown>>): AttemptName | undefined;
}

export const REPORT_PATH = "/twilio/status";

export function createReportUrls(issuer: URL, keys: Pick<Keys, "secrets">, now: Clock): ReportUrls {
  const sign = (key: Uint8Array, attempt: string, via: string, until: string) =>
    hmacText(key, ["report v1", attempt, via, until].join("\0"));
  return {
    of({ challenge, send, number, gateway }, until) {
      const [key] = keys.secrets("callback");
      if (key === undefined) throw new Error("no callback key");
      const attempt = `${challenge}.${send}.${number}`;
      const seconds = String(Math.ceil(until / 1000));
      const sig = sign(key.bytes, attempt, gateway, seconds);
      const query = `via=${encodeURIComponent(gateway)}&until=${seconds}&sig=${sig}`;
      return new URL(`${REPORT_PATH}/${attempt}?${query}`, issuer);
    },
    read(attempt, { via, until, sig }) {
      const [, challenge, send, number] = /^([\w-]{1,64})\.(\d{1,3})\.(\d{1,3})$/.exec(attempt) ?? [];
      if (challenge === undefined) return undefined;
      // A parameter that stands there twice comes as a list.
      if (typeof via !== "string" || typeof until !== "string" || typeof sig !== "string") return undefined;
      const given = Buffer.from(sig);
      const good = keys.secrets("callback").some(({ bytes }) => {
        const own = Buffer.from(sign(bytes, attempt, via, until));
        return own.length === given.length && timingSafeEqual(own, given);
      });
      if (!good || now() >= Number(until) * 1000) return undefined;
      return { challenge, send: Number(send), number: Number(number), gateway: via };
    },
  };
}
