/** The browser in front of a login: its own cookie, made on first sight, and the marks of people it knows. */
import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Visitor } from "../../core/mechanism.ts";
import { randomName } from "../../core/random.ts";
import { hashOfSecret } from "../../core/stand-in.ts";
import { clientAddress, type TrustedPeers } from "../../kits/web/address.ts";
import { cookieName, readCookies, setCookie } from "../../kits/web/cookies.ts";
import { agentOf } from "./agent.ts";

const HALF_YEAR = 180 * 86_400;

/** For more people nobody's browser is remembered at once. */
const MOST_DEVICES = 3;
const REMEMBERED = "remembered";

/** A remembered device as its browser keeps it. */
export interface KeptDevice {
  readonly id: string;
  readonly secret: string;
}

/** Most browsers bring none. */
const NONE: readonly never[] = [];

function devicesIn(cookie: string | undefined): readonly KeptDevice[] {
  if (cookie === undefined) return NONE;
  return cookie
    .split("~")
    .slice(0, MOST_DEVICES)
    .flatMap((one) => {
      const [, id, secret] = /^([\w-]{22})\.([\w-]{43})$/.exec(one) ?? [];
      return id === undefined || secret === undefined ? [] : [{ id, secret }];
    });
}

function marksIn(cookie: string | undefined): readonly string[] {
  if (cookie === undefined) return NONE;
  return cookie
    .split(".")
    .filter((mark) => /^[\w-]{27}$/.test(mark))
    .slice(0, 5);
}

export interface Visit {
  readonly visitor: Visitor;
  /** The browser in words (agent.ts). */
  readonly agent: string;
  /** The browser's `Accept-Language`. */
  readonly languages: string | undefined;
  /** What the browser says it is remembered by. */
  readonly devices: readonly KeptDevice[];
  /** `Set-Cookie` values that this answer has to carry. */
  readonly setCookies: readonly string[];
}

/** One request is one visit, whoever asks: a new browser gets one cookie, not two. */
const VISIT = Symbol("visit");

export function createVisits(options: { https: boolean; peers: TrustedPeers }) {
  const { https, peers } = options;
  const browserCookie = cookieName("browser", https);
  const devicesCookie = cookieName(REMEMBERED, https);
  const marksCookie = cookieName("known", https);
  return {
    /** A planted login cookie is of no use without this one, which no other site and no sub-domain can set (M07, S11). */
    of(request: IncomingMessage & { [VISIT]?: Visit }): Visit {
      const before = request[VISIT];
      if (before !== undefined) return before;
      const cookies = readCookies(request.headers.cookie);
      const own = cookies[browserCookie];
      const known = own !== undefined && /^[\w-]{22}$/.test(own);
      const id = known ? own : randomName();
      const devices = devicesIn(cookies[devicesCookie]);
      const agent = agentOf(request.headers["user-agent"]);
      const visit: Visit = {
        visitor: {
          browser: hash("sha256", id, "base64url"),
          address: clientAddress(request, peers),
          marks: marksIn(cookies[marksCookie]),
          agent,
          // By their hashes: what steps and scripts are told opens nothing.
          devices:
            devices.length === 0
              ? undefined
              : devices.map((one) => ({ id: one.id, hash: hashOfSecret(one.secret) })),
        },
        agent,
        devices,
        languages: request.headers["accept-language"],
        setCookies: known ? NONE : [setCookie("browser", id, { https, maxAge: HALF_YEAR })],
      };
      request[VISIT] = visit;
      return visit;
    },
    marksCookie: (marks: readonly string[]): string =>
      setCookie("known", marks.join("."), { https, maxAge: HALF_YEAR }),
    /** The cookie of what a browser is remembered by, the new one in front; empty: it is taken away. */
    devicesCookie: (devices: readonly KeptDevice[], seconds: number): string =>
      setCookie(
        REMEMBERED,
        devices
          .slice(0, MOST_DEVICES)
          .map(({ id, secret }) => `${id}.${secret}`)
          .join("~"),
        { https, maxAge: seconds },
      ),
  };
}
