/** Which server is meant, and over what: TLS always, but for a server on this very machine. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { done, type Outcome, usage } from "./trouble.ts";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** `login.example.org`, `https://login.example.org:8443` or `http://localhost:8080`, as an origin. */
export function readHost(given: string): Outcome<string> {
  const text = given.trim().replace(/\/+$/, "");
  const bare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const local = LOOPBACK.test(text.replace(/:\d+$/, "").toLowerCase());
  const full = bare ? `${local ? "http" : "https"}://${text}` : text;
  if (!URL.canParse(full))
    return usage(`${JSON.stringify(given)} is no host; say for example login.example.org`);
  const url = new URL(full);
  if (
    url.username !== "" ||
    url.password !== "" ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== ""
  )
    return usage(`${JSON.stringify(`${url.origin}`)} is all a host may say: no path, no user, no query.`);
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname))
    return usage(`http:// is for a server on this machine only; use https://${url.host}`);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return usage(`${url.protocol}// cannot be spoken; use https://`);
  return done(url.origin);
}

/** Whether a server of this origin runs on this machine. */
export const isLocal = (origin: string): boolean => LOOPBACK.test(new URL(origin).hostname);

/**
 * Adds an authority to those that are trusted anyway. Certificates are verified whatever the environment says: the
 * variable that switches it off for Node is taken away, and the person is told.
 */
export function trustAlso(caFile: string | undefined, tell: (text: string) => void): Outcome<undefined> {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0")
    tell("NODE_TLS_REJECT_UNAUTHORIZED=0 counts for nothing here: certificates are verified; see --ca FILE.");
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  if (caFile === undefined) return done(undefined);
  try {
    const certificates = readFileSync(caFile, "utf8").match(
      /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g,
    );
    if (certificates === null) return usage(`${caFile} holds no certificate in PEM.`);
    setDefaultCACertificates([...getCACertificates("default"), ...certificates]);
    return done(undefined);
  } catch (problem) {
    return usage(`${caFile} cannot be used as --ca (${(problem as { code?: string }).code ?? "damaged"}).`);
  }
}
