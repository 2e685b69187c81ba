/** Cookies of our own: host-only, HttpOnly, SameSite=Lax, `__Host-` over https (RFC 6265bis §4.1.3.2). */
import { parseCookie, stringifySetCookie } from "cookie";

export const cookieName = (name: string, https: boolean): string =>
  `${https ? "__Host-" : ""}sallyport_${name}`;

export const readCookies = (header: string | undefined): Readonly<Record<string, string | undefined>> =>
  parseCookie(header ?? "");

export const setCookie = (name: string, value: string, options: { https: boolean; maxAge: number }): string =>
  stringifySetCookie({
    name: cookieName(name, options.https),
    value,
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: options.https,
    maxAge: options.maxAge,
  });
