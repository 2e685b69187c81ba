/** Scripts: the entries of the settings in the original's shape, changed as one revision of the settings. */
import type { BuiltInScript } from "../../../core/mechanism.ts";
import type { Fault, ScriptEntry, Settings, SettingsDocument } from "../../../core/settings.ts";
import type { Clock } from "../../../core/words.ts";
import * as contract from "../contract/scripts.ts";
import { type CustomScript, customScript } from "../contract/scripts.ts";
import {
  type Actor,
  type Handler,
  handle,
  lost,
  notFound,
  type Refusal,
  refuse,
  refuseFaults,
} from "./call.ts";
import { etagOfView } from "./etag.ts";
import { type Cursors, isRefusal, type Listing, pageOf } from "./lists.ts";
import { isFaults, patched } from "./patch.ts";
import { changedNames, changedProperties, type PropertyRules, shownProperties } from "./script-secrets.ts";

/** What stands behind the entries: the built-in mechanisms and their sources. */
export interface ScriptCatalogue {
  builtInOf(name: string): { readonly script: BuiltInScript; readonly rules: PropertyRules } | undefined;
  sourceOf(entry: ScriptEntry): string;
  /** What is to be known of the properties of a kind of gateway; undefined where there is no such kind. */
  gatewayRules(type: string): PropertyRules | undefined;
}

export interface ScriptDeps {
  readonly settings: Settings;
  readonly catalogue: ScriptCatalogue;
  readonly cursors: Cursors;
  readonly now: Clock;
}

/** Of a script that no gateway stands behind. */
export const NO_RULES: PropertyRules = { secrets: [], targets: [], descriptions: {} };
const TYPE = "person_authentication";

const listing: Listing<ScriptEntry> = {
  name: "scripts",
  fields: {
    inum: ({ inum }) => inum,
    name: ({ name }) => name,
    description: ({ description }) => description,
    scriptType: () => TYPE,
    level: ({ level }) => level,
    revision: ({ revision }) => revision,
    enabled: ({ enabled }) => enabled,
  },
};

export function scriptHandlers({ settings, catalogue, cursors, now }: ScriptDeps): readonly Handler[] {
  function viewOf(entry: ScriptEntry): CustomScript {
    const dn = `inum=${entry.inum},ou=scripts,o=jans`;
    return {
      dn,
      inum: entry.inum,
      name: entry.name,
      ...(entry.aliases.length === 0 ? {} : { aliases: entry.aliases }),
      description: entry.description,
      script: catalogue.sourceOf(entry),
      scriptType: TYPE,
      programmingLanguage: "typescript",
      moduleProperties: entry.moduleProperties,
      configurationProperties: shownProperties(entry.configurationProperties),
      level: entry.level,
      revision: entry.revision,
      enabled: entry.enabled,
      modified: false,
      internal: false,
      locationType: "db",
      baseDn: dn,
    };
  }

  /** By inum, also by another one that a built-in is known under. */
  function find(scripts: readonly ScriptEntry[], inum: string | null | undefined): ScriptEntry | undefined {
    const acr = catalogue.builtInOf(inum ?? "")?.script.acr;
    return scripts.find((entry) => entry.inum === inum || (acr !== undefined && entry.name === acr));
  }

  const shown = (entry: ScriptEntry | undefined) => {
    if (entry === undefined) return notFound("custom script");
    const body = viewOf(entry);
    return { body, etag: etagOfView(body) };
  };

  /** The entry with what was sent laid over it; what was not sent stays. */
  function merged(entry: ScriptEntry, sent: CustomScript): ScriptEntry | readonly Fault[] {
    const rules = catalogue.builtInOf(entry.name)?.rules ?? NO_RULES;
    const properties = changedProperties(entry.configurationProperties, sent.configurationProperties, rules);
    const faults: Fault[] = [];
    if (sent.name != null && sent.name !== entry.name)
      faults.push({ path: "name", message: `the acr of ${entry.name} cannot be changed; give it an alias` });
    if (sent.script != null && !sameText(sent.script, catalogue.sourceOf(entry)))
      faults.push({
        path: "script",
        message: `the source of ${entry.name} cannot be changed; put it back as it was read`,
      });
    if (isFaults(properties)) return [...faults, ...properties];
    if (faults.length > 0) return faults;
    const next: ScriptEntry = {
      ...entry,
      aliases: sent.aliases ?? entry.aliases,
      description: sent.description ?? entry.description,
      level: sent.level ?? entry.level,
      enabled: sent.enabled ?? entry.enabled,
      moduleProperties:
        sent.moduleProperties?.map(({ value1, value2, description }) => ({
          value1,
          value2: value2 ?? "",
          description: description ?? "",
        })) ?? entry.moduleProperties,
      configurationProperties: [...properties],
    };
    return changedNames(entry, next).length === 0
      ? entry
      : { ...next, revision: entry.revision + 1, modified: now() };
  }

  /** Changes one entry; `defaultAcr` names the new default where the change takes the old one away. */
  async function change(
    inum: string,
    {
      actor,
      ifMatch,
      defaultAcr,
    }: { actor: Actor; ifMatch: string | undefined; defaultAcr?: string | undefined },
    make: (entry: ScriptEntry) => ScriptEntry | readonly Fault[] | undefined,
  ) {
    const before = find(settings.document().scripts, inum);
    if (before === undefined) return notFound("custom script");
    const planned = make(before);
    const names =
      planned === undefined ? ["deleted"] : isFaults(planned) ? [] : changedNames(before, planned);
    let gone = false;
    const result = await settings.change({
      change: (document): SettingsDocument | readonly Fault[] | "lost" => {
        const entry = find(document.scripts, inum);
        gone = entry === undefined;
        if (entry === undefined) return document;
        if (ifMatch !== undefined && ifMatch !== etagOfView(viewOf(entry))) return "lost";
        const made = make(entry);
        if (isFaults(made)) return made;
        const scripts = document.scripts.flatMap((one) => (one.inum === entry.inum ? (made ?? []) : one));
        return { ...document, scripts, defaultAcr: defaultAcr ?? document.defaultAcr };
      },
      by: actor.label,
      address: actor.address,
      what: `script ${before.name}: ${names.join(", ") || "no change"}`,
    });
    if (gone) return notFound("custom script");
    if (result.kind === "lost") return lost();
    if (result.kind === "faulty")
      return refuseFaults(result.faults.map((fault) => ({ ...fault, path: ownPath(fault.path) })));
    return find(result.document.scripts, inum);
  }

  const answerWith = (result: ScriptEntry | Refusal | undefined) =>
    result !== undefined && "refused" in result ? result : shown(result);

  async function list(query: Parameters<typeof pageOf>[2]) {
    const result = pageOf(listing, settings.document().scripts, query, cursors);
    return isRefusal(result) ? result : { body: { ...result.facts, entries: result.page.map(viewOf) } };
  }

  return [
    handle(contract.getScripts, ({ query }) => list(query)),
    handle(contract.getScriptsByType, async ({ params, query }) =>
      params.type.toLowerCase() === TYPE
        ? list(query)
        : refuse(404, "type", `type: only ${TYPE} is known here, not ${JSON.stringify(params.type)}`),
    ),
    handle(contract.getScriptTypes, async () => ({ body: [TYPE] })),
    handle(contract.getScript, async ({ params }) => shown(find(settings.document().scripts, params.inum))),
    handle(contract.getScriptByName, async ({ params }) =>
      shown(settings.document().scripts.find(({ name }) => name === params.name)),
    ),
    handle(contract.putScript, async (call) =>
      call.body.inum == null
        ? refuse(400, "inum", "inum: is missing; it says which script is meant")
        : answerWith(
            await change(call.body.inum, { ...call, ...call.query }, (entry) => merged(entry, call.body)),
          ),
    ),
    handle(contract.patchScript, async (call) =>
      answerWith(
        await change(call.params.inum, { ...call, ...call.query }, (entry) => {
          const sent = patched(viewOf(entry), call.body, customScript);
          return isFaults(sent) ? sent : merged(entry, sent);
        }),
      ),
    ),
    handle(contract.deleteScript, async (call) => {
      const entry = find(settings.document().scripts, call.params.inum);
      if (entry !== undefined && catalogue.builtInOf(entry.name) !== undefined)
        return refuse(400, "inum", `${entry.name} is built in and cannot be deleted; disable it`);
      const result = await change(call.params.inum, { ...call, ...call.query }, () => undefined);
      return result !== undefined && "refused" in result ? result : { body: undefined };
    }),
    handle(contract.postScript, async ({ body, actor }) => {
      const { name } = body;
      if (name == null) return refuse(400, "name", "name: is missing; it is the acr");
      if (body.enabled === true)
        return refuse(
          400,
          "enabled",
          `enabled: ${name} is no built-in script, and only those can be enabled yet`,
        );
      const inum = body.inum ?? crypto.randomUUID();
      const properties = changedProperties([], body.configurationProperties, NO_RULES);
      if (isFaults(properties)) return refuseFaults(properties);
      const entry: ScriptEntry = {
        inum,
        name,
        aliases: body.aliases ?? [],
        description: body.description ?? "",
        level: body.level ?? 0,
        revision: 1,
        enabled: false,
        modified: now(),
        configurationProperties: [...properties],
        moduleProperties: (body.moduleProperties ?? []).map(({ value1, value2, description }) => ({
          value1,
          value2: value2 ?? "",
          description: description ?? "",
        })),
        source: body.script ?? "",
      };
      if (settings.document().scripts.some((one) => one.inum === inum || one.name === name))
        return refuse(409, "name", `there is a script ${name} already, or one with this inum`);
      const result = await settings.change({
        change: (document) => ({ ...document, scripts: [...document.scripts, entry] }),
        by: actor.label,
        address: actor.address,
        what: `script ${name}: added`,
      });
      if (result.kind === "faulty")
        return refuseFaults(result.faults.map((fault) => ({ ...fault, path: ownPath(fault.path) })));
      return shown(entry);
    }),
  ];
}

const sameText = (one: string, other: string): boolean =>
  one.replace(/\r\n/g, "\n").trimEnd() === other.replace(/\r\n/g, "\n").trimEnd();
/** `scripts[1].configurationProperties.from_number` as whoever sent one script knows it. */
const ownPath = (path: string): string => path.replace(/^scripts\[\d+\]\./, "");
