/**
 * Settings as a person reads them: scripts by acr, clients by id, properties by name; and what differs between two of
 * them. Secrets are unprintable in it, so that neither a diff nor a list of names can show one.
 */
import { isDeepStrictEqual } from "node:util";
import { Secret } from "./secret.ts";
import type { ClientSettings, GatewaySettings, Property, ScriptEntry, SettingsDocument } from "./settings.ts";

/** A value in the tree: JSON, or a secret in place of a text. */
export type Leaf = string | number | boolean | null | Secret | readonly unknown[] | undefined;
export interface Tree {
  readonly [name: string]: Leaf | Tree;
}

/** What differs at one place. Absent: not there before, or no longer. A secret is said to be there, never what it is. */
export interface Difference {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

const propertiesTree = (properties: readonly Property[]): Tree =>
  Object.fromEntries(
    properties.map(({ value1, value2, hide }) => [
      value1,
      hide && value2 !== "" ? new Secret(value2) : value2,
    ]),
  );

function gatewayTree({ name: _name, configurationProperties, ...gateway }: GatewaySettings): Tree {
  const given = Object.entries(gateway).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(given) as Tree), properties: propertiesTree(configurationProperties) };
}

const scriptTree = (entry: ScriptEntry): Tree => ({
  inum: entry.inum,
  enabled: entry.enabled,
  level: entry.level,
  aliases: entry.aliases,
  description: entry.description,
  properties: propertiesTree(entry.configurationProperties),
  ...(entry.source === undefined ? {} : { source: entry.source }),
});

function clientTree({ client_id: _id, client_secret, ...client }: ClientSettings): Tree {
  const given = Object.entries(client).filter(([, value]) => value !== undefined);
  const secret = client_secret === undefined ? {} : { client_secret: new Secret(client_secret) };
  return { ...secret, ...(Object.fromEntries(given) as Tree) };
}

/** The whole of what an administrator may change. */
export function treeOf(document: SettingsDocument): Tree {
  const {
    brand,
    defaultAcr,
    scripts,
    clients,
    enrolment,
    countries,
    limits,
    sending,
    pumping,
    spend,
    portal,
    helpDesk,
    passwords,
    rememberedDevices,
    factorPolicy,
    testNumbers,
    texts,
    logging,
    delivery,
    retention,
    gateways,
  } = document;
  return {
    brand,
    defaultAcr,
    scripts: Object.fromEntries(scripts.map((entry) => [entry.name, scriptTree(entry)])),
    clients: Object.fromEntries(clients.map((client) => [client.client_id, clientTree(client)])),
    enrolment,
    countries,
    limits,
    sending,
    pumping,
    spend,
    portal,
    helpDesk,
    passwords,
    rememberedDevices,
    factorPolicy,
    testNumbers,
    texts,
    logging,
    delivery,
    retention,
    gateways: Object.fromEntries(gateways.map((gateway) => [gateway.name, gatewayTree(gateway)])),
  };
}

const isTree = (value: Leaf | Tree): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);

const same = (one: Leaf | Tree, other: Leaf | Tree): boolean =>
  one instanceof Secret && other instanceof Secret
    ? one.reveal() === other.reveal()
    : isDeepStrictEqual(one, other);

/** A client may be called `constructor`. */
const own = (tree: Tree, name: string): Leaf | Tree => (Object.hasOwn(tree, name) ? tree[name] : undefined);

const printed = (value: Leaf | Tree): unknown =>
  value instanceof Secret
    ? String(value)
    : value !== undefined && isTree(value)
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, printed(inner)]))
      : value;

/** Every place that differs, in the order of the tree. Something added or removed whole is one place. */
export function differences(before: Tree, after: Tree, at = ""): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): readonly Difference[] => {
    const path = at === "" ? name : `${at}.${name}`;
    const [old, next] = [own(before, name), own(after, name)];
    // Trees first: two secrets in them look alike to whoever compares what can be seen.
    if (isTree(old) && isTree(next)) return differences(old, next, path);
    if (same(old, next)) return [];
    return [
      {
        path,
        ...(old === undefined ? {} : { from: printed(old) }),
        ...(next === undefined ? {} : { to: printed(next) }),
      },
    ];
  });
}

/** The tree as it is shown: `null` stands for a secret that is set. */
export const withoutSecrets = (tree: Tree): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [
      name,
      value instanceof Secret ? null : isTree(value) ? withoutSecrets(value) : value,
    ]),
  );

/** Names of what differs between two documents, for the audit; `more` when there are too many to say. */
export function changedNames(before: SettingsDocument, after: SettingsDocument): readonly string[] {
  const names = differences(treeOf(before), treeOf(after)).map(({ path }) => path);
  return names.length > 50 ? [...names.slice(0, 50), `and ${names.length - 50} more`] : names;
}
