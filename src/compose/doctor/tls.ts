/** Certificates: the files the server reads, and what the public address shows to whoever connects. */
import type { BootConfig } from "../../config.ts";
import type { Finding } from "../../core/finding.ts";
import { certificateFindings, certificatesOf, shownBy } from "../../kits/web/certificate.ts";
import { readTls } from "../tls.ts";

const TIMEOUT_MS = 4000;
const CHECK = "tls";

const DISTRUST: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate that signed it is missing: give the whole chain (fullchain.pem)",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "nobody knows the authority that signed it, or the chain is incomplete (fullchain.pem)",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is one of your own; name it in NODE_EXTRA_CA_CERTS on this host",
  CERT_HAS_EXPIRED: "it has ended",
};

export async function tlsFindings(config: BootConfig, now: number, up: boolean): Promise<readonly Finding[]> {
  const { tls, issuer } = config;
  const host = issuer.hostname.replace(/^\[|\]$/g, "");
  const files =
    tls === undefined
      ? []
      : certificateFindings(certificatesOf(readTls(tls).cert.toString("utf8")), host, now, `${CHECK}.files`);
  if (issuer.protocol !== "https:")
    return [
      { level: "skipped", check: CHECK, message: "The issuer is no https address: there is no certificate." },
    ];
  if (!up) return files;
  const shown = await shownBy(host, Number(issuer.port) || 443, TIMEOUT_MS);
  // Why there is no connection is said of the public address.
  if (typeof shown === "string") return files;
  const found = certificateFindings(shown.chain, host, now, CHECK);
  const { distrust } = shown;
  if (distrust === undefined || found.some(({ level }) => level === "error")) return [...files, ...found];
  return [
    ...files,
    ...found.filter(({ level }) => level !== "ok"),
    {
      level: "error",
      check: CHECK,
      message: `The certificate of ${issuer.origin} does not verify: ${DISTRUST[distrust]?.split(":")[0] ?? distrust}.`,
      remedy: `${DISTRUST[distrust] ?? "Get a certificate of an authority that browsers know"}.`.replace(
        /^./,
        (one) => one.toUpperCase(),
      ),
    },
  ];
}
