/**
 * What only the parts themselves can say of a configuration, asked before anything is opened or written: the gateway of
 * its properties, TLS of its files, the phones of the countries. Called by main for `serve`; answers sentences.
 */
import { catalog } from "../catalog.ts";
import { type BootConfig, sentences } from "../config.ts";
import { createPhones } from "../kits/phone/phones.ts";
import { createTrustedPeers } from "../kits/web/address.ts";
import { directoryFaults } from "./directories.ts";
import { plainProperties } from "./gateway.ts";
import { createJudge } from "./judge.ts";
import { textFaults } from "./message-texts.ts";
import { firstDocument } from "./seed.ts";
import { tlsFaults } from "./tls.ts";

/** Every fault, a sentence each that begins with the name of what is wrong. */
export function faultsOf(config: BootConfig): readonly string[] {
  return [
    ...proxies(config),
    ...tls(config),
    ...gateway(config),
    ...further(config),
    ...countries(config),
    ...texts(config),
    ...directoryFaults(config),
  ];
}

function proxies({ trustedProxies }: BootConfig): string[] {
  return trustedProxies.flatMap((range, index) => {
    try {
      createTrustedPeers([range]);
      return [];
    } catch (problem) {
      return [`trusted_proxies[${index}]: ${(problem as Error).message}`];
    }
  });
}

const tls = ({ tls: files }: BootConfig): readonly string[] => (files === undefined ? [] : tlsFaults(files));

function gateway({ twilio }: BootConfig): string[] {
  if (twilio === undefined || Object.keys(twilio).length === 0) return [];
  const parsed = catalog.gateways.twilio.schema.safeParse(plainProperties(twilio));
  return parsed.success ? [] : sentences(parsed.error);
}

const judged = (config: BootConfig) => createJudge(createPhones())(firstDocument(config, 0));

/** What is wrong with the gateways that stand by; the names as the file has them. */
const further = (config: BootConfig): string[] =>
  config.gateways === undefined
    ? []
    : judged(config)
        .filter(({ path }) => path.startsWith("gateways"))
        .map(({ path, message }) => `${path.replace("configurationProperties", "properties")}: ${message}`);

const texts = ({ settings }: BootConfig): string[] =>
  textFaults(settings).map(({ path, message }) => `${path}: ${message}`);

function countries(config: BootConfig): string[] {
  // Where the gateway's own properties are wrong or missing, what follows from them is no news.
  if (gateway(config).length > 0 || Object.keys(config.twilio ?? { none: "" }).length === 0) return [];
  return judged(config)
    .filter(({ path }) => path === "countries")
    .map(({ path, message }) => `${path}: ${message}`);
}
