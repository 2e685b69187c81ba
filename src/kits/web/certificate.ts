/**
 * What is wrong with a certificate, or will be soon: its name, its end, its chain. `certificateFindings` reads what a server
 * would show; `shownBy` asks one for it. Called by `sallyport doctor`; nothing here decides whether a connection is trusted.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Finding } from "../../core/finding.ts";
import type { EpochMs } from "../../core/words.ts";

const DAY = 86_400_000;
/** Those who renew by themselves do it a month ahead; so late it has failed. */
const SOON = 21 * DAY;
const VERY_SOON = 3 * DAY;

/** Every certificate of a PEM file, in its order; empty where there is none. */
export const certificatesOf = (pem: string): readonly X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );

/** What is to be said of a chain, the server's own certificate first. `check` names what was looked at. */
export function certificateFindings(
  chain: readonly X509Certificate[],
  host: string,
  now: EpochMs,
  check: string,
): readonly Finding[] {
  const [leaf] = chain;
  const renew = "Renew the certificate, and let the server or the proxy take the new one.";
  const found = (level: Finding["level"], message: string, remedy: string): Finding => ({
    level,
    check,
    message,
    remedy,
  });
  if (leaf === undefined)
    return [found("error", "There is no certificate.", "Give the PEM of the certificate chain.")];
  const findings: Finding[] = [];
  if ((isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) === undefined)
    findings.push(
      found(
        "error",
        `The certificate is not for ${host}: browsers and Twilio refuse it.`,
        `Get a certificate whose names include ${host}, the host of issuer.`,
      ),
    );
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const end = new Date(to).toISOString().slice(0, 10);
  if (now < from)
    findings.push(
      found(
        "error",
        "The certificate is not valid yet.",
        "Look at this host's clock, and at the certificate.",
      ),
    );
  if (now >= to) findings.push(found("error", `The certificate has ended on ${end}.`, renew));
  else if (to - now < SOON)
    findings.push(
      found(
        to - now < VERY_SOON ? "error" : "warning",
        `The certificate ends on ${end}, in ${Math.floor((to - now) / DAY)} days.`,
        renew,
      ),
    );
  findings.push(...chainFindings(chain, found));
  return findings.length > 0
    ? findings
    : [{ level: "ok", check, message: `The certificate is for ${host} and good until ${end}.` }];
}

function chainFindings(
  chain: readonly X509Certificate[],
  found: (level: Finding["level"], message: string, remedy: string) => Finding,
): readonly Finding[] {
  const [leaf] = chain;
  if (leaf === undefined) return [];
  if (leaf.checkIssued(leaf))
    return [
      found(
        "warning",
        "The certificate is signed by itself: only who was given it trusts it, and Twilio does not.",
        "Get a certificate of an authority (for example by ACME).",
      ),
    ];
  if (chain.length === 1)
    return [
      found(
        "warning",
        "The certificate comes without the one that signed it: browsers may know that one, programs and Twilio do not.",
        "Give the whole chain (with ACME: fullchain.pem).",
      ),
    ];
  const broken = chain.slice(1).some((issuer, index) => chain[index]?.checkIssued(issuer) !== true);
  return broken
    ? [
        found(
          "error",
          "The certificates of the chain do not sign one another in their order.",
          "Put the server's own first, then the one that signed it, and so on.",
        ),
      ]
    : [];
}

/** What a server shows, and why it would not be trusted here; a string: the code of why there is no connection. */
export function shownBy(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ readonly chain: readonly X509Certificate[]; readonly distrust: string | undefined } | string> {
  return new Promise((resolve) => {
    // To look at a certificate that does not verify; nothing is sent, and the connection is ended at once.
    const name = host.replace(/^\[|\]$/g, "");
    const socket = connect({
      host: name,
      port,
      servername: isIP(name) === 0 ? name : "",
      rejectUnauthorized: false,
    });
    const end = (answer: Awaited<ReturnType<typeof shownBy>>) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end("ETIMEDOUT"), timeoutMs);
    socket.on("error", (problem: NodeJS.ErrnoException) => end(problem.code ?? "ECONNRESET"));
    socket.on("secureConnect", () => {
      const chain: X509Certificate[] = [];
      let next: ReturnType<typeof socket.getPeerCertificate> | undefined = socket.getPeerCertificate(true);
      while (next?.raw !== undefined && chain.length < 10) {
        chain.push(new X509Certificate(next.raw));
        const { issuerCertificate } = next as { issuerCertificate?: typeof next };
        next = issuerCertificate === next ? undefined : issuerCertificate;
      }
      const reason = socket.authorizationError as unknown;
      end({
        chain,
        distrust: socket.authorized ? undefined : String((reason as { code?: string })?.code ?? reason),
      });
    });
  });
}
