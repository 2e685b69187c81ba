/**
 * Protection of forms against other sites (OWASP ASVS 3.5.1): every form carries `<turn>.<mac>`, bound to the login,
 * its turn and the browser's own cookie; and a browser that says a post comes from elsewhere is believed.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { hmacText } from "../../core/mac.ts";

export interface Csrf {
  token(subject: string, turn: number, browser: string): string;
  /** The turn the form was shown for; undefined when the token is not one of ours for this login and browser. */
  turnOf(token: string | undefined, subject: string, browser: string): number | undefined;
}

/** Characters of a token's last part. */
const MAC = 27;
const TOKEN = /^\d{1,9}\.[\w-]{27}$/;

export function createCsrf(keys: () => readonly Uint8Array[]): Csrf {
  const mac = (key: Uint8Array, subject: string, turn: string, browser: string) =>
    hmacText(key, `csrf\0${subject}\0${turn}\0${browser}`).slice(0, MAC);
  return {
    token(subject, turn, browser) {
      const [key] = keys();
      if (key === undefined) throw new Error("no csrf key");
      return `${turn}.${mac(key, subject, String(turn), browser)}`;
    },
    turnOf(token, subject, browser) {
      if (token === undefined || !TOKEN.test(token)) return undefined;
      const turn = token.slice(0, -MAC - 1);
      const given = Buffer.from(token.slice(-MAC));
      const good = keys().some((key) =>
        timingSafeEqual(Buffer.from(mac(key, subject, turn, browser)), given),
      );
      return good ? Number(turn) : undefined;
    },
  };
}

/**
 * Whether the browser says that this post comes from another site. Our pages send no referrer, so browsers give
 * `Origin: null` for our own forms; Sec-Fetch-Site tells those apart where it is sent.
 */
export function isCrossSite(headers: IncomingHttpHeaders, origin: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return headers.origin !== undefined && headers.origin !== "null" && headers.origin !== origin;
}
