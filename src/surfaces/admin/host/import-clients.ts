/**
 * `sallyport clients import FILE`: clients of Gluu or Janssen under their old ids, as one revision of the settings; with
 * one fault nothing is changed. A client that is here already stays as it is, so a second run changes nothing.
 */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { Secret } from "../../../core/secret.ts";
import type { ClientSettings, Settings } from "../../../core/settings.ts";
import { laidOver, ownPath } from "../api/client-names.ts";
import { BLANK } from "../api/clients.ts";
import { client as clientShape } from "../contract/clients.ts";
import { asksInVain, notDone, notDoneAttributes } from "../contract/clients-not-done.ts";
import { type FoundClient, readClients, readSalt } from "./client-files.ts";
import type { Said } from "./people.ts";

export interface ClientImportDeps {
  readonly settings: Settings;
  /** Every scope a client may be given. */
  readonly scopes: readonly string[];
  /** Those of the admin API: whoever has them administers, so a file gives none. */
  readonly adminScopes: readonly string[];
}

export interface ClientImportOptions {
  readonly file: string;
  readonly secrets?: string | undefined;
  readonly salt?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

interface Plan {
  readonly clients: readonly ClientSettings[];
  /** New secrets by client. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  readonly there: number;
}

const GRANTS = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  "urn:ietf:params:oauth:grant-type:device_code",
];
/** Inner attributes that are done here; the rest was named, or says nothing to this server. */
const ATTRIBUTES = [
  "jansAuthorizedAcr",
  "requirePar",
  "requirePkce",
  "backchannelLogoutUri",
  "backchannelLogoutSessionRequired",
];
const LEAST_SECRET = 16;

export async function importClients(deps: ClientImportDeps, options: ClientImportOptions): Promise<Said> {
  const { settings } = deps;
  let salt: Secret | undefined;
  let found: Awaited<ReturnType<typeof readClients>>;
  try {
    salt = options.salt === undefined ? undefined : readSalt(options.salt);
    found = await readClients(options.file, salt);
  } catch (problem) {
    const { code, path = options.file } = problem as { code?: string; path?: string };
    if (code === undefined) throw problem;
    return { ok: false, text: `${path} cannot be read (${code}).` };
  }
  if (options.salt !== undefined && salt === undefined)
    return { ok: false, text: `${options.salt} has no line encodeSalt = … of 24 characters.` };
  const plan = planOf(deps, found.clients, found.faults);
  const fresh = Object.keys(plan.secrets);
  const faults = [...plan.faults];
  if (fresh.length > 0 && options.secrets === undefined && options.dryRun !== true)
    faults.push(`--secrets: name a file for the new secrets of ${fresh.length} clients (${fresh[0]} …)`);
  if (options.secrets !== undefined && fresh.length > 0 && existsSync(options.secrets))
    faults.push(`--secrets: ${options.secrets} is there already; name a new file`);
  const added = plan.clients.length;
  if (faults.length === 0 && added > 0) {
    const tried = await add(settings, plan.clients, true);
    faults.push(...tried);
  }
  const lines = [...faults, ...plan.notes];
  if (faults.length > 0)
    return { ok: false, text: [...lines, `${faults.length} faults; nothing was changed.`].join("\n") };
  const counts = `${plan.there} were there already; ${fresh.length} new secrets`;
  if (options.dryRun === true || added === 0)
    return { ok: true, text: [...lines, `${added} clients would be added; ${counts}.`].join("\n") };
  // The file first: a secret that is in the settings and nowhere else is lost.
  if (options.secrets !== undefined && fresh.length > 0)
    writeFileSync(options.secrets, `${JSON.stringify(plan.secrets, undefined, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
    });
  const refused = await add(settings, plan.clients, false);
  if (refused.length > 0) {
    if (options.secrets !== undefined && fresh.length > 0) rmSync(options.secrets, { force: true });
    return { ok: false, text: [...refused, "Nothing was changed."].join("\n") };
  }
  const where = fresh.length === 0 ? "" : ` in ${options.secrets}; hand them to the applications`;
  return { ok: true, text: [...lines, `${added} clients added; ${counts}${where}.`].join("\n") };
}

async function add(settings: Settings, clients: readonly ClientSettings[], dryRun: boolean) {
  let first = 0;
  const result = await settings.change({
    change: (document) => {
      first = document.clients.length;
      const had = new Set(document.clients.map(({ client_id }) => client_id));
      return {
        ...document,
        clients: [...document.clients, ...clients.filter(({ client_id }) => !had.has(client_id))],
      };
    },
    by: "host",
    what: `clients imported: ${clients.length}`,
    dryRun,
  });
  if (result.kind === "lost") return ["the settings were changed by somebody else; run it again"];
  if (result.kind !== "faulty") return [];
  return result.faults.map(({ path, message }) => {
    const index = Number(/^clients\[(\d+)\]/.exec(path)?.[1] ?? -1) - first;
    return `${clients[index]?.client_id ?? "settings"}: ${ownPath(path)}: ${message}`;
  });
}

function planOf(deps: ClientImportDeps, found: readonly FoundClient[], before: readonly string[]): Plan {
  const document = deps.settings.document();
  const known = {
    scopes: deps.scopes,
    acrs: document.scripts.flatMap(({ name, aliases }) => [name, ...aliases]),
  };
  const had = new Set(document.clients.map(({ client_id }) => client_id));
  const seen = new Set<string>();
  const clients: ClientSettings[] = [];
  const secrets: Record<string, string> = {};
  const faults: string[] = [...before];
  const notes: string[] = [];
  let there = 0;
  for (const { at, sent, secret } of found) {
    const id = typeof sent.inum === "string" ? sent.inum : "";
    const say = (text: string) => `${id === "" ? at : id} (${at}): ${text}`;
    if (!/^[\x21-\x7e]{1,128}$/.test(id)) faults.push(say("inum: is missing, or no client id"));
    else if (seen.has(id)) faults.push(say("stands in the file twice"));
    else if (had.has(id)) there += 1;
    else {
      const read = clientShape.safeParse(without(sent, (text) => notes.push(say(text))));
      if (!read.success) {
        for (const { path, message } of read.error.issues) faults.push(say(`${path.join(".")}: ${message}`));
        continue;
      }
      const named = (read.data.scopes ?? []).filter((scope) => deps.adminScopes.includes(scope));
      if (named.length > 0)
        faults.push(say(`scopes: ${named.join(", ")} administers this server; give it here by hand`));
      const method = (read.data.tokenEndpointAuthMethod || "client_secret_basic").toLowerCase();
      const needs = method.startsWith("client_secret");
      const kept = needs && (secret?.reveal().length ?? 0) >= LEAST_SECRET ? secret : undefined;
      if (needs && secret !== undefined && kept === undefined)
        notes.push(say("the old secret is shorter than 16 characters; it gets a new one"));
      const given = kept?.reveal() ?? (needs ? randomBytes(32).toString("base64url") : undefined);
      const wanted = { ...read.data, tokenEndpointAuthMethod: method, clientSecret: given ?? "" };
      const laid = laidOver({ ...BLANK, client_id: id }, wanted, known);
      if ("faults" in laid)
        for (const { path, message } of laid.faults) faults.push(say(`${path}: ${message}`));
      else {
        clients.push(laid.client);
        if (given !== undefined && kept === undefined) secrets[id] = given;
      }
    }
    seen.add(id);
  }
  return { clients, secrets, faults, notes, there };
}

/** What the original knows and nobody does here is left out and named: it must not keep the rest from coming. */
function without(sent: FoundClient["sent"], note: (text: string) => void): Record<string, unknown> {
  const kept: Record<string, unknown> = { ...sent };
  const inner = sent.attributes;
  const attributes: Record<string, unknown> | undefined =
    typeof inner === "object" && inner !== null ? { ...inner } : undefined;
  const leave = (from: Record<string, unknown>, vain: ReturnType<typeof asksInVain>) => {
    for (const { path, message } of vain) {
      delete from[path];
      note(`${path} ${message.replace(/; leave it out$/, "")}, so it is left out`);
    }
  };
  leave(kept, asksInVain(kept, notDone));
  if (attributes !== undefined) {
    leave(attributes, asksInVain(attributes, notDoneAttributes));
    for (const name of Object.keys(attributes)) if (!ATTRIBUTES.includes(name)) delete attributes[name];
    kept.attributes = attributes;
  } else delete kept.attributes;
  const done: Readonly<Record<string, readonly string[]>> = { grantTypes: GRANTS, responseTypes: ["code"] };
  for (const [name, allowed] of Object.entries(done)) {
    const list = kept[name];
    if (!Array.isArray(list)) continue;
    const gone = list.filter((one) => !allowed.includes(String(one).toLowerCase()));
    if (gone.length > 0) note(`${name} ${gone.join(", ")} is not done here, so it is left out`);
    kept[name] = list.filter((one) => !gone.includes(one));
  }
  // A plain `client_secret_jwt` was a secret all the same.
  if (String(kept.tokenEndpointAuthMethod ?? "").toLowerCase() === "client_secret_jwt") {
    kept.tokenEndpointAuthMethod = "client_secret_basic";
    note("tokenEndpointAuthMethod client_secret_jwt becomes client_secret_basic");
  }
  return kept;
}
