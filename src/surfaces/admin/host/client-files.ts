/** Clients as files of Gluu 4 and Janssen have them, in the original's JSON names; nothing is judged here. */
import { createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { Secret } from "../../../core/secret.ts";
import { type LdifEntry, readLdif } from "../../../kits/interchange/ldif.ts";
import { bytesOfFile } from "../../../kits/interchange/lines.ts";

/** A client of a file. `at` says where it stands. */
export interface FoundClient {
  readonly at: string;
  readonly sent: Readonly<Record<string, unknown>>;
  /** In the clear; undefined where there is none, or none that can be read. */
  readonly secret?: Secret | undefined;
}

export interface FoundClients {
  readonly clients: readonly FoundClient[];
  readonly faults: readonly string[];
}

type Kind = "text" | "list" | "flag";

/** Attribute of Janssen, of Gluu 4 → the original's JSON name. */
const NAMES: readonly (readonly [janssen: string, gluu: string, json: string, kind: Kind])[] = [
  ["displayname", "displayname", "displayName", "text"],
  ["description", "description", "description", "text"],
  ["jansapptyp", "oxauthapptype", "applicationType", "text"],
  ["jansredirecturi", "oxauthredirecturi", "redirectUris", "list"],
  ["janspostlogoutredirecturi", "oxauthpostlogoutredirecturi", "postLogoutRedirectUris", "list"],
  ["jansgranttyp", "oxauthgranttype", "grantTypes", "list"],
  ["jansresptyp", "oxauthresponsetype", "responseTypes", "list"],
  ["jansscope", "oxauthscope", "scopes", "list"],
  ["janstknendpointauthmethod", "oxauthtokenendpointauthmethod", "tokenEndpointAuthMethod", "text"],
  ["jansjwks", "oxauthjwks", "jwks", "text"],
  ["jansjwksuri", "oxauthjwksuri", "jwksUri", "text"],
  ["jansidtknsignedrespalg", "oxauthidtokensignedresponsealg", "idTokenSignedResponseAlg", "text"],
  ["janspolicyuri", "oxauthpolicyuri", "policyUri", "text"],
  ["janstosuri", "oxauthtosuri", "tosUri", "text"],
  ["janscontact", "oxauthcontact", "contacts", "list"],
  ["jansdefacrvalues", "oxauthdefaultacrvalues", "defaultAcrValues", "list"],
  ["janstrustedclnt", "oxauthtrustedclient", "trustedClient", "flag"],
  ["jansdisabled", "oxdisabled", "disabled", "flag"],
  ["janslogouturi", "oxauthlogouturi", "frontChannelLogoutUri", "text"],
  ["janssectoridentifieruri", "oxauthsectoridentifieruri", "sectorIdentifierUri", "text"],
  ["janslogouri", "oxauthlogouri", "logoUri", "text"],
];
const WANTED = new Set([
  ...NAMES.flatMap(([janssen, gluu]) => [gluu, janssen]),
  ..."objectclass inum jansid oxid jansclntsecret oxauthclientsecret jansattrs oxattributes".split(" "),
]);
const LARGEST = 64 * 1024 * 1024;

/** Secrets lie there under triple DES with a salt file; undefined for what this salt does not open. */
function openSecret(text: string | undefined, salt: Secret | undefined): Secret | undefined {
  if (text === undefined || salt === undefined) return undefined;
  try {
    const cipher = createDecipheriv("des-ede3-ecb", Buffer.from(salt.reveal().slice(0, 24)), null);
    const opened = Buffer.concat([cipher.update(Buffer.from(text, "base64")), cipher.final()]).toString();
    return /^[\x20-\x7e]+$/.test(opened) ? new Secret(opened) : undefined;
  } catch {
    return undefined;
  }
}

/** `encodeSalt = …` of the salt file. */
export function readSalt(file: string): Secret | undefined {
  const [, salt] = /^\s*encodeSalt\s*=\s*(\S{24,})\s*$/m.exec(readFileSync(file, "utf8")) ?? [];
  return salt === undefined ? undefined : new Secret(salt);
}

/** Reads a file of clients. Throws as reading a file does. */
export async function readClients(file: string, salt: Secret | undefined): Promise<FoundClients> {
  const head = readFileSync(file).subarray(0, 4096).toString().trimStart();
  return /^[[{]/.test(head) ? fromJson(readFileSync(file, "utf8")) : fromLdif(file, salt);
}

function fromJson(text: string): FoundClients {
  let value: unknown;
  try {
    value = text.length > LARGEST ? undefined : JSON.parse(text);
  } catch (problem) {
    return { clients: [], faults: [`the file is no JSON: ${(problem as Error).message}`] };
  }
  const entries = (value as { entries?: unknown } | undefined)?.entries;
  const all: unknown[] = Array.isArray(value) ? value : Array.isArray(entries) ? entries : [value];
  const faults: string[] = [];
  const clients = all.flatMap((one, index): FoundClient[] => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) {
      faults.push(`[${index}]: is no client`);
      return [];
    }
    const { clientSecret, ...sent } = one as Record<string, unknown>;
    const secret = typeof clientSecret === "string" && clientSecret !== "" ? clientSecret : undefined;
    return [{ at: `[${index}]`, sent, ...(secret === undefined ? {} : { secret: new Secret(secret) }) }];
  });
  return { clients, faults };
}

async function fromLdif(file: string, salt: Secret | undefined): Promise<FoundClients> {
  const faults: string[] = [];
  const entries: LdifEntry[] = [];
  /** Scopes are named by DN; their own entries may stand in the same file. */
  const scopes = new Map<string, string>();
  for await (const entry of readLdif(
    bytesOfFile(file, () => {}),
    WANTED,
  )) {
    if ("why" in entry) {
      faults.push(`line ${entry.line}: ${entry.why}`);
      continue;
    }
    const classes = (entry.attributes.get("objectclass") ?? []).join(" ").toLowerCase();
    const [inum] = entry.attributes.get("inum") ?? [];
    const [id] = entry.attributes.get("jansid") ?? entry.attributes.get("oxid") ?? [];
    if (/\b(jansclnt|oxauthclient)\b/.test(classes)) entries.push(entry);
    else if (/\b(jansscope|oxauthcustomscope)\b/.test(classes) && inum !== undefined && id !== undefined)
      scopes.set(inum.toLowerCase(), id);
  }
  return { clients: entries.map((entry) => fromEntry(entry, scopes, salt)), faults };
}

function fromEntry(
  { line, attributes }: LdifEntry,
  scopes: ReadonlyMap<string, string>,
  salt: Secret | undefined,
): FoundClient {
  const all = (...names: string[]) => names.flatMap((name) => attributes.get(name) ?? []);
  const sent: Record<string, unknown> = { inum: all("inum")[0] };
  for (const [janssen, gluu, json, kind] of NAMES) {
    const values = [...new Set(all(janssen, gluu))];
    const [first] = values;
    if (first === undefined) continue;
    sent[json] = kind === "list" ? values : kind === "flag" ? /^(true|1)$/i.test(first) : first;
  }
  sent.scopes = (sent.scopes as string[] | undefined)?.map((dn) => {
    const inum = /^inum=([^,]+),/i.exec(dn)?.[1] ?? dn;
    const name = scopes.get(inum.toLowerCase());
    // Gluu's own ids have the organisation in front: …!0009!F0C4.
    return name ?? `inum=${inum.split("!").at(-1)},ou=scopes,o=jans`;
  });
  const [inner] = all("jansattrs", "oxattributes");
  if (inner !== undefined) sent.attributes = innerOf(inner);
  const secret = openSecret(all("jansclntsecret", "oxauthclientsecret")[0], salt);
  return { at: `line ${line}`, sent, ...(secret === undefined ? {} : { secret }) };
}

function innerOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
