/**
 * compose/doctor: what `sallyport doctor` looks at on this host, each part in a file of its own that answers findings. Called
 * by main; works while the server runs and while it does not. It makes no data folder, changes no setting, and sends
 * nothing but the test message that was asked for. What fails on the way is a finding, never the end of it.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { type BootConfig, readConfig } from "../../config.ts";
import { Breakage } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";
import type { SettingsDocument } from "../../core/settings.ts";
import { createPhones } from "../../kits/phone/phones.ts";
import { ownerFault } from "../../surfaces/admin/host/administrators.ts";
import type { Diagnosis, DoctorWish } from "../../surfaces/admin/host/doctor.ts";
import { faultsOf } from "../check.ts";
import { openParts, type Parts } from "../parts.ts";
import { firstDocument, takeIn } from "../seed.ts";
import { gatewayFindings } from "./gateways.ts";
import { hostFindings } from "./host.ts";
import { guarded, type Looked } from "./looked.ts";
import { pageFindings } from "./pages.ts";
import { serverFindings } from "./server.ts";
import { settingsFindings } from "./settings.ts";
import { storeFindings } from "./store.ts";
import { sendTest } from "./test-message.ts";
import { tlsFindings } from "./tls.ts";

export async function diagnose(file: string, wish: DoctorWish): Promise<Diagnosis> {
  let config: BootConfig;
  try {
    config = readConfig(file, process.env, faultsOf);
  } catch (problem) {
    return { issuer: undefined, findings: configurationFaults(problem) };
  }
  const { parts, findings } = await opened(config);
  try {
    return { issuer: config.issuer.origin, findings: [...findings, ...(await looked(config, parts, wish))] };
  } finally {
    await parts?.close().catch(() => {});
  }
}

function configurationFaults(problem: unknown): readonly Finding[] {
  if (!(problem instanceof Breakage)) throw problem;
  return problem.message.split("\n").map((message) => ({
    level: "error",
    check: "configuration",
    message: `${message}.`,
    remedy: "Mend the file: serve does not start on it. What is behind it was not looked at.",
  }));
}

/** The parts, where there are some that this user may open. */
async function opened(
  config: BootConfig,
): Promise<{ readonly parts: Parts | undefined; readonly findings: readonly Finding[] }> {
  const configured: Finding = {
    level: "ok",
    check: "configuration",
    message: "sallyport.yaml is sound.",
  };
  const { store, data } = config;
  if (!existsSync(data) || (store.type === "sqlite" && !existsSync(store.file)))
    return {
      parts: undefined,
      findings: [
        configured,
        {
          level: "skipped",
          check: "store",
          message: `There is no store yet (${data}): the first start makes it. Keys, people and the past were not looked at.`,
        },
      ],
    };
  // Opened by another user, the files that the store makes would be theirs, and the server could not write them.
  const fault = ownerFault(data, process.getuid?.());
  if (fault !== undefined)
    return {
      parts: undefined,
      findings: [
        configured,
        { level: "error", check: "store", message: fault, remedy: "Run doctor as the server's own user." },
      ],
    };
  try {
    return { parts: await openParts(config), findings: [configured] };
  } catch (problem) {
    if (!(problem instanceof Breakage)) throw problem;
    return {
      parts: undefined,
      findings: [
        configured,
        {
          level: "error",
          check: problem.code === "key-unavailable" ? "keys" : "store",
          message: problem.message,
          remedy:
            problem.code === "store-unavailable"
              ? "Start the database, or mend its address, its certificate and its password (store). Nobody signs in meanwhile, and nobody is let in by mistake."
              : "Put back the master key, or the database, from the backup of the same day.",
        },
      ],
    };
  }
}

async function looked(config: BootConfig, parts: Parts | undefined, wish: DoctorWish) {
  const now = Date.now();
  const server = await serverFindings(config);
  const stored = parts?.settings.document();
  const filed = stored === undefined ? firstDocument(config, now) : takeIn(stored, config, now);
  // What runs is what counts; where nothing runs, what would.
  const document: SettingsDocument = server.up && stored !== undefined ? stored : filed;
  const phones = createPhones();
  const at: Looked = { config, document, parts, phones, now, up: server.up };
  const groups = await Promise.all([
    server.findings,
    guarded("host.files", () => hostFindings(config)),
    storeFindings(at),
    guarded("settings", () => settingsFindings(at, stored !== undefined && differs(stored, filed))),
    guarded("pages", () => pageFindings(config)),
    guarded("tls", () => tlsFindings(config, now, server.up)),
    guarded("gateway", () => gatewayFindings(at)),
  ]);
  const { to: test } = wish;
  const sent = test === undefined ? [] : await guarded("test-message", () => sendTest(at, test, wish));
  return [...groups.flat(), ...sent];
}

/** Whether the file says something that is not in force. */
const differs = (stored: SettingsDocument, filed: SettingsDocument): boolean =>
  JSON.stringify({ ...stored, fromFile: 0 }) !== JSON.stringify({ ...filed, fromFile: 0 });
