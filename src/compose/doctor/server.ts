/**
 * The server itself: whether it answers on this host, and whether the public name leads to it. Asks the discovery document,
 * which holds nothing secret and costs nothing.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { BootConfig } from "../../config.ts";
import type { Finding } from "../../core/finding.ts";
import { whole } from "../../kits/http/whole.ts";

const TIMEOUT_MS = 4000;
const PATH = "/.well-known/openid-configuration";
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

interface Answered {
  readonly status: number;
  readonly issuer: string | undefined;
}

export async function serverFindings(
  config: BootConfig,
): Promise<{ readonly up: boolean; readonly findings: readonly Finding[] }> {
  const { issuer, listen, tls } = config;
  const local = await asked({
    protocol: tls === undefined ? "http:" : "https:",
    host: ANY[listen.host] ?? listen.host,
    port: listen.port,
    hostHeader: issuer.host,
    servername: issuer.hostname,
    // Whose certificate it is, is another finding (tls.ts); only a public document is read.
    verify: false,
  });
  const at = `${listen.host}:${listen.port}`;
  if (typeof local === "string")
    return {
      up: false,
      findings: [
        {
          level: "warning",
          check: "server",
          message: `No server answers at ${at} (${local}): the public address and status callbacks were not tried.`,
          remedy: "Start it (sallyport serve --config …); data/logs/server.log says why it ended.",
        },
      ],
    };
  if (local.issuer !== issuer.origin)
    return {
      up: false,
      findings: [
        {
          level: "error",
          check: "server",
          message: `At ${at} another program answers (${local.status}), or a server of another issuer.`,
          remedy: "End it, or choose another port under listen; then start the server.",
        },
      ],
    };
  const running: Finding = { level: "ok", check: "server", message: `The server answers at ${at}.` };
  return { up: true, findings: [running, await publicly(issuer)] };
}

async function publicly(issuer: URL): Promise<Finding> {
  const said = (level: Finding["level"], message: string, remedy?: string): Finding => ({
    level,
    check: "server.public",
    message,
    ...(remedy === undefined ? {} : { remedy }),
  });
  const answer = await asked({
    protocol: issuer.protocol,
    host: issuer.hostname.replace(/^\[|\]$/g, ""),
    port: Number(issuer.port) || (issuer.protocol === "https:" ? 443 : 80),
    hostHeader: issuer.host,
    servername: issuer.hostname,
    verify: true,
  });
  const { origin, hostname } = issuer;
  if (typeof answer === "string")
    return said(
      "error",
      `${origin} cannot be reached from here (${answer}).`,
      answer === "ENOTFOUND" || answer === "EAI_AGAIN"
        ? `Set the DNS record of ${hostname}.`
        : /CERT|SSL|TLS|SIGNED|ISSUER|ALTNAME/.test(answer)
          ? "Mend the certificate (the finding tls says what is wrong); an authority of your own: NODE_EXTRA_CA_CERTS."
          : "Check the proxy, the firewall and the DNS record. Where this network cannot reach its own public address, ask from outside.",
    );
  if (answer.issuer === origin) return said("ok", `${origin} leads to the server (asked from this host).`);
  if (answer.status === 421)
    return said(
      "error",
      `The proxy at ${origin} hands on another host name than its own (421).`,
      "Let it hand the Host header on unchanged (nginx: proxy_set_header Host $host).",
    );
  return said(
    "error",
    `${origin} does not lead to this server: it answers ${answer.status}${answer.issuer === undefined ? "" : " for another issuer"}.`,
    "Point the DNS record and the proxy at this server, or mend issuer.",
  );
}

async function asked(to: {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly hostHeader: string;
  readonly servername: string;
  readonly verify: boolean;
}): Promise<Answered | string> {
  const { request } = to.protocol === "https:" ? https : http;
  try {
    const req = request({
      host: to.host,
      port: to.port,
      path: PATH,
      agent: false,
      headers: { host: to.hostHeader, accept: "application/json" },
      ...(to.protocol === "https:" ? { servername: to.servername, rejectUnauthorized: to.verify } : {}),
    });
    const failure = (code: string) => Object.assign(new Error("no answer"), { code });
    const { status, text } = await whole(req, undefined, {
      timeoutMs: TIMEOUT_MS,
      largest: 256 * 1024,
      overdue: "ETIMEDOUT",
      failure,
    });
    return { status, issuer: issuerOf(text) };
  } catch (problem) {
    return (problem as { code?: string }).code ?? "no answer";
  }
}

function issuerOf(text: string): string | undefined {
  try {
    const { issuer } = JSON.parse(text) as { issuer?: unknown };
    return typeof issuer === "string" ? issuer : undefined;
  } catch {
    return undefined;
  }
}
