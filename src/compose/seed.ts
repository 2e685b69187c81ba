/**
 * What the boot file says of settings, taken in. It makes the first revision; at later starts each of its parts (the
 * brand, the acrs, a client, the Twilio properties, …) counts only when the file says something else than it did last
 * time. So an edited file has its effect, and a file left alone never takes back what an administrator has changed.
 */
import { createHash } from "node:crypto";
import type { BootConfig } from "../config.ts";
import type { FileGateway } from "../config-gateways.ts";
import { Breakage } from "../core/errors.ts";
import {
  type ClientSettings,
  documentSchema,
  type GatewaySettings,
  type ScriptEntry,
  type SettingsDocument,
} from "../core/settings.ts";
import type { EpochMs } from "../core/words.ts";
import { gatewayOf, plainProperties } from "./gateway.ts";
import { builtInOf, shippedEntries } from "./scripts.ts";

interface Part {
  readonly name: string;
  readonly value: unknown;
  apply(document: SettingsDocument): SettingsDocument;
}

const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 22);

const CLIENT = "client ";

/** `known`: names of what the file has said before. */
function partsOf(
  { settings, twilio, gateways, testNumbers }: BootConfig,
  at: EpochMs,
  known: Readonly<Record<string, string>>,
): readonly Part[] {
  const {
    brand,
    enrolment,
    countries,
    limits,
    sending,
    pumping,
    spend,
    portal,
    passwords,
    rememberedDevices,
    factorPolicy,
    texts,
    acrs,
    clients,
  } = settings;
  const plain = (name: string, change: Partial<SettingsDocument>): Part => ({
    name,
    value: change,
    apply: (document) => ({ ...document, ...change }),
  });
  // Left out of the file they are nobody's business but the administrators'; taken out of it, they go.
  const given = (name: string, value: unknown, part: Part): readonly Part[] =>
    value === undefined && !Object.hasOwn(known, name) ? [] : [part];
  return [
    ...given("gateways", gateways, plain("gateways", { gateways: (gateways ?? []).map(standingBy) })),
    ...given("test numbers", testNumbers, plain("test numbers", { testNumbers: [...(testNumbers ?? [])] })),
    plain("brand", { brand }),
    plain("enrolment", { enrolment }),
    plain("countries", { countries }),
    plain("limits", { limits }),
    plain("sending", { sending }),
    plain("pumping", { pumping }),
    plain("spend", { spend }),
    plain("portal", { portal }),
    plain("passwords", { passwords }),
    plain("rememberedDevices", { rememberedDevices }),
    plain("factorPolicy", { factorPolicy }),
    plain("texts", { texts }),
    {
      name: "acrs",
      value: acrs,
      apply: (document) => ({
        ...document,
        defaultAcr: acrs.default,
        // The file can name built-in acrs alone, so it says nothing of a script of one's own.
        scripts: document.scripts.map((entry) =>
          builtInOf(entry.name) === undefined
            ? entry
            : changed(entry, { enabled: acrs.enabled.includes(entry.name) }, at),
        ),
      }),
    },
    ...(twilio === undefined ? [] : [twilioPart(plainProperties(twilio), at)]),
    ...clients.map(
      (client): Part => ({
        name: `${CLIENT}${client.client_id}`,
        value: client,
        apply: (document) => ({ ...document, clients: withClient(document.clients, client) }),
      }),
    ),
  ];
}

/** A gateway of the file as the settings have it. */
function standingBy({ properties, ...gateway }: FileGateway): GatewaySettings {
  const plugin = gatewayOf(gateway.type);
  return {
    ...gateway,
    configurationProperties: Object.entries(properties).map(([value1, value]) => ({
      value1,
      value2: value.reveal(),
      hide: plugin?.secrets.includes(value1) === true,
      description: plugin?.descriptions[value1] ?? "",
    })),
  };
}

function twilioPart(given: Readonly<Record<string, string>>, at: EpochMs): Part {
  const gateway = builtInOf("twilio_sms")?.gateway;
  const properties = (entry: ScriptEntry) => [
    ...entry.configurationProperties.map((property) => ({
      ...property,
      value2: given[property.value1] ?? "",
    })),
    ...Object.entries(given)
      .filter(([name]) => !entry.configurationProperties.some(({ value1 }) => value1 === name))
      .map(([value1, value2]) => ({
        value1,
        value2,
        hide: gateway?.secrets.includes(value1) === true,
        description: gateway?.descriptions[value1] ?? "",
      })),
  ];
  return {
    name: "twilio",
    value: given,
    apply: (document) => ({
      ...document,
      scripts: document.scripts.map((entry) =>
        entry.name === "twilio_sms"
          ? changed(entry, { configurationProperties: properties(entry) }, at)
          : entry,
      ),
    }),
  };
}

const changed = (entry: ScriptEntry, change: Partial<ScriptEntry>, at: EpochMs): ScriptEntry => {
  const next = { ...entry, ...change };
  return JSON.stringify(next) === JSON.stringify(entry)
    ? entry
    : { ...next, revision: entry.revision + 1, modified: at };
};

const withClient = (clients: readonly ClientSettings[], client: ClientSettings): ClientSettings[] => {
  const there = clients.some(({ client_id }) => client_id === client.client_id);
  return there
    ? clients.map((one) => (one.client_id === client.client_id ? client : one))
    : [...clients, client];
};

/** The first revision: the scripts as shipped, and the file over them. */
export function firstDocument(config: BootConfig, at: EpochMs): SettingsDocument {
  const shipped = documentSchema.parse({
    scripts: shippedEntries(at),
    defaultAcr: config.settings.acrs.default,
  });
  const taken = takeIn(shipped, config, at);
  return { ...taken, scripts: taken.scripts.map((entry) => ({ ...entry, revision: 1 })) };
}

/** Throws Breakage `configuration-invalid` for a file that was read without some secrets of the settings. */
export function wholeFile({ absent = [] }: Pick<BootConfig, "absent">): void {
  if (absent.length > 0) throw new Breakage("configuration-invalid", absent.join("\n"));
}

/**
 * The document with every part of the file applied that differs from what the file said last time. Throws Breakage
 * `configuration-invalid` for a file that was read without some of its secrets: what stands for them is no secret.
 */
export function takeIn(document: SettingsDocument, config: BootConfig, at: EpochMs): SettingsDocument {
  wholeFile(config);
  const known = document.fromFile;
  const parts = partsOf(config, at, known);
  const news = parts.filter(({ name, value }) => known[name] !== digest(value));
  const gone = Object.keys(known).filter(
    (name) => name.startsWith(CLIENT) && !parts.some((part) => part.name === name),
  );
  // Built-ins that a later version has brought: there, and switched off like any other.
  const brought = shippedEntries(at).filter(
    ({ name, inum }) =>
      !document.scripts.some(
        (entry) => entry.name === name || entry.inum === inum || entry.aliases.includes(name),
      ),
  );
  const whole = { ...document, scripts: [...document.scripts, ...brought] };
  const applied = news.reduce((current, part) => part.apply(current), whole);
  return {
    ...applied,
    // A client that the file has dropped goes, one that it never named stays.
    clients: applied.clients.filter(({ client_id }) => !gone.includes(`${CLIENT}${client_id}`)),
    fromFile: Object.fromEntries(parts.map(({ name, value }) => [name, digest(value)])),
  };
}
