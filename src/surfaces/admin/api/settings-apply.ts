/** A document of settings laid over those in force: what it names becomes as it says, and secrets it leaves out stay. */
import type {
  ClientSettings,
  Fault,
  GatewaySettings,
  Property,
  ScriptEntry,
  SettingsDocument,
} from "../../../core/settings.ts";
import type { EpochMs } from "../../../core/words.ts";
import type { SettingsShape } from "../contract/settings.ts";
import { isFaults } from "./patch.ts";
import { changedNames, changedProperties } from "./script-secrets.ts";
import { knownText, withText } from "./script-text.ts";
import { NO_RULES, type ScriptCatalogue } from "./scripts.ts";

export interface ApplyDeps {
  readonly catalogue: ScriptCatalogue;
  readonly at: EpochMs;
  /** The inum of a script that has none yet; the same each time it is asked for one name. */
  readonly inumFor: (name: string) => string;
}

type Script = NonNullable<SettingsShape["scripts"]>[string];
type Gateway = NonNullable<SettingsShape["gateways"]>[string];
type Client = NonNullable<SettingsShape["clients"]>[string];

/** The document after it, unchecked, or what is wrong beforehand. */
export function applied(
  document: SettingsDocument,
  { revision: _revision, scripts, clients, gateways, ...plain }: SettingsShape,
  deps: ApplyDeps,
): SettingsDocument | readonly Fault[] {
  const faults: Fault[] = [];
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  const next = {
    ...document,
    ...given,
    scripts: scripts === undefined ? document.scripts : laidScripts(document.scripts, scripts, deps, faults),
    clients: clients === undefined ? document.clients : laidClients(document.clients, clients, faults),
    gateways:
      gateways === undefined
        ? document.gateways
        : laidGateways(document.gateways, gateways, deps.catalogue, faults),
  };
  return faults.length > 0 ? faults : next;
}

function laidScripts(
  old: readonly ScriptEntry[],
  given: Readonly<Record<string, Script>>,
  { catalogue, at, inumFor }: ApplyDeps,
  faults: Fault[],
): ScriptEntry[] {
  const named = new Map(Object.entries(given));
  const kept = old
    .filter(({ name }) => named.has(name) || catalogue.builtInOf(name) !== undefined)
    .map((entry) => {
      const script = named.get(entry.name);
      if (script === undefined) return entry;
      const next = laidScript(entry, script, catalogue, faults);
      return changedNames(entry, next).length === 0
        ? entry
        : { ...next, revision: entry.revision + 1, modified: at };
    });
  const added = [...named].filter(([name]) => !old.some((entry) => entry.name === name));
  const blank = (name: string, { inum }: Script): ScriptEntry => ({
    inum: inum ?? inumFor(name),
    name,
    aliases: [],
    description: "",
    level: 0,
    revision: 1,
    enabled: false,
    modified: at,
    configurationProperties: [],
    moduleProperties: [],
    source: "",
  });
  return [
    ...kept,
    ...added.map(([name, script]) => laidScript(blank(name, script), script, catalogue, faults)),
  ];
}

function laidScript(
  entry: ScriptEntry,
  script: Script,
  catalogue: ScriptCatalogue,
  faults: Fault[],
): ScriptEntry {
  const builtIn = catalogue.builtInOf(entry.name);
  const at = `scripts.${entry.name}`;
  if (script.inum !== undefined && script.inum !== entry.inum)
    faults.push({ path: `${at}.inum`, message: `cannot be changed; it is ${entry.inum}` });
  const written = script.source === undefined ? undefined : knownText(catalogue, entry.name, script.source);
  if (typeof written === "string") faults.push({ path: `${at}.source`, message: written });
  const properties = script.properties;
  const shipped = (builtIn?.script.properties ?? []).filter(
    ({ value1 }) => properties !== undefined && !Object.hasOwn(properties, value1),
  );
  const sent =
    properties === undefined
      ? undefined
      : [
          ...Object.entries(properties).map(([value1, value2]) => ({ value1, value2 })),
          // Left out: a secret stays, any other one is empty again.
          ...shipped.map(({ value1, hide }) => ({ value1, value2: hide ? null : "" })),
        ];
  const changed = changedProperties(
    entry.configurationProperties,
    sent,
    builtIn?.rules ?? NO_RULES,
    `${at}.properties`,
  );
  if (isFaults(changed)) {
    faults.push(...changed);
    return entry;
  }
  return {
    ...(written === undefined || typeof written === "string" ? entry : withText(entry, written)),
    enabled: script.enabled ?? entry.enabled,
    level: script.level ?? entry.level,
    aliases: script.aliases ?? entry.aliases,
    description: script.description ?? entry.description,
    configurationProperties: ordered(entry, changed),
  };
}

/** In the order they had, so that a document put back as it was read changes nothing. */
function ordered(
  { configurationProperties: old }: ScriptEntry,
  next: readonly Property[],
): ScriptEntry["configurationProperties"] {
  const place = new Map(old.map(({ value1 }, index) => [value1, index]));
  const at = (name: string) => place.get(name) ?? old.length;
  return [...next].sort((a, b) => at(a.value1) - at(b.value1));
}

function laidClients(
  old: readonly ClientSettings[],
  given: Readonly<Record<string, Client>>,
  faults: Fault[],
): ClientSettings[] {
  const named = new Map(Object.entries(given));
  const one = (client_id: string, client: Client): ClientSettings => {
    const before = old.find((known) => known.client_id === client_id)?.client_secret;
    const { client_secret: sent, ...rest } = client;
    // Taken as "no secret" it would turn a confidential client of another installation into a public one.
    if (sent === null && before === undefined)
      faults.push({
        path: `clients.${client_id}.client_secret`,
        message: "must be given; there is none here that could stay",
      });
    const secret = sent === "" ? undefined : (sent ?? before);
    return {
      client_id,
      ...rest,
      ...(secret === undefined ? {} : { client_secret: secret }),
    } as ClientSettings;
  };
  const kept = old.flatMap((client) => {
    const next = named.get(client.client_id);
    return next === undefined ? [] : [one(client.client_id, next)];
  });
  const added = [...named].filter(([id]) => !old.some(({ client_id }) => client_id === id));
  return [...kept, ...added.map(([id, client]) => one(id, client))];
}

/** All of them, in the order in which they were sent. */
function laidGateways(
  old: readonly GatewaySettings[],
  given: Readonly<Record<string, Gateway>>,
  catalogue: ScriptCatalogue,
  faults: Fault[],
): GatewaySettings[] {
  return Object.entries(given).map(([name, { properties, ...rest }]) => {
    // Of another kind, it is another gateway: no secret passes from one to the other.
    const before = old.find((known) => known.name === name && known.type === rest.type);
    const changed = changedProperties(
      before?.configurationProperties ?? [],
      Object.entries(properties).map(([value1, value2]) => ({ value1, value2 })),
      catalogue.gatewayRules(rest.type) ?? NO_RULES,
      `gateways.${name}.properties`,
    );
    if (!isFaults(changed)) return { name, ...rest, configurationProperties: [...changed] };
    faults.push(...changed);
    return { name, ...rest, configurationProperties: [] };
  });
}

/** `clients[2].redirect_uris` as the document has it: `clients.web.redirect_uris`. */
export const pathIn = (path: string, document: SettingsDocument | undefined): string =>
  path
    .replace(/^clients\[(\d+)\]/, (_, at) => `clients.${document?.clients[Number(at)]?.client_id ?? at}`)
    .replace(/^scripts\[(\d+)\]/, (_, at) => `scripts.${document?.scripts[Number(at)]?.name ?? at}`)
    .replace(/^gateways\[(\d+)\]/, (_, at) => `gateways.${document?.gateways[Number(at)]?.name ?? at}`)
    .replace(".configurationProperties", ".properties");
