/** Where a client may have people sent: nowhere that runs code, and nowhere in the clear (RFC 9700 §2.1, T02). */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** What is wrong with a redirect URI, as the end of a sentence; undefined when it is fine. */
export function redirectUriProblem(uri: string, application: "web" | "native"): string | undefined {
  if (!URL.canParse(uri)) return "is no absolute URI";
  const { protocol, hostname, username, password } = new URL(uri);
  if (uri.includes("#")) return "must have no fragment (#…)";
  if (username !== "" || password !== "") return "must hold no user name and no password";
  if (protocol === "https:" || protocol === "http:") {
    if (!uri.toLowerCase().startsWith(`${protocol}//`)) return `must begin with ${protocol}//`;
    if (protocol === "https:" || LOOPBACK.has(hostname)) return undefined;
    return "must be https; http is for localhost alone";
  }
  // RFC 8252 §7.1: a scheme of an application is a domain name turned round, so it holds a dot; javascript: never does.
  if (application === "native" && protocol.includes(".")) return undefined;
  return application === "native"
    ? "must be https, http on localhost, or a scheme with a dot such as org.example.app:"
    : "must be https";
}
