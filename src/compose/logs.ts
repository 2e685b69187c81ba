/** What goes into the logs: answers of the web server, sends that failed, revisions, the audit where it is wanted. */
import { join } from "node:path";
import type { BootConfig } from "../config.ts";
import type { SignedEvent } from "../core/audit.ts";
import { Breakage } from "../core/errors.ts";
import type { Settings } from "../core/settings.ts";
import type { Receipt } from "../core/sms.ts";
import { type Logger, type Logs, openLogs } from "../kits/log/log.ts";
import { clientAddress, type TrustedPeers } from "../kits/web/address.ts";
import type { Answered } from "../kits/web/server.ts";

/** Opens the logs of the data folder. Throws Breakage `store-unavailable` with one sentence where they cannot be written. */
export async function openServerLogs(config: BootConfig, complain: (text: string) => void): Promise<Logs> {
  const folder = join(config.data, "logs");
  try {
    return await openLogs({ folder, complain });
  } catch (problem) {
    const { code = "unknown" } = problem as { code?: string };
    throw new Breakage(
      "store-unavailable",
      `The log folder ${folder} cannot be written (${code}); give this user the right to, or move away what is in its place.`,
      { cause: problem },
    );
  }
}

/** Keeps level and layout as the settings have them, from the next line on. */
export function followSettings(logs: Logs, settings: Settings): void {
  logs.configure(settings.document().logging);
  settings.watch(({ logging }, revision) => {
    logs.configure(logging);
    logs.server.info("Settings revision taken", { revision });
  });
}

/** Headers that say how a request came here; every other one may hold a secret. */
const TELLING = ["host", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "origin"];

/** For the web server: a line per answer while the settings ask for it. */
export function answersLog(log: Logger, settings: Settings, peers: TrustedPeers) {
  const tell = ({ request, method, path, status, ms, cut }: Answered): void => {
    const { httpExcludePaths, level } = settings.document().logging;
    if (httpExcludePaths.some((excluded) => path.startsWith(excluded))) return;
    const facts = { method, path, status, ms, address: clientAddress(request, peers) };
    const headers = Object.fromEntries(TELLING.map((name) => [name, request.headers[name]]));
    log.info("Answered", { ...facts, ...(cut ? { cut } : {}), ...(level === "trace" ? { headers } : {}) });
  };
  return () => (settings.document().logging.http ? tell : undefined);
}

/** How Node and OpenSSL name what happens on a connection: a word of this shape holds no number and no secret. */
const NETWORK = /^(?!.*\d{3})[A-Z][A-Z0-9_]{2,60}$/;

/** For the line of gateways: why a text or call of a login did not go out; never to whom. */
export const sendsLog = (log: Logger) => (gateway: string, receipt: Receipt, login?: string) => {
  const of = login === undefined ? { gateway } : { gateway, login };
  if (receipt.kind === "accepted") return log.debug("A text was sent", { ...of, id: receipt.id });
  const { reason, providerCode, network = "" } = receipt;
  log.warn("A text was not sent", {
    ...of,
    reason,
    ...(NETWORK.test(network) ? { network } : {}),
    ...(providerCode === undefined ? {} : { providerCode }),
  });
};

/** For the audit (heard-audit.ts): a line per event while the settings ask for it. */
export const auditLog = (log: Logger, settings: Settings) => (event: SignedEvent) => {
  if (!settings.document().logging.audit) return;
  const { kind, at: _at, signature: _signature, ...facts } = event;
  log.info(`Audit: ${kind}`, facts);
};
