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
import {
  laidModuleProperties,
  locationOf,
  type ScriptTexts,
  type Written,
  withText,
  writtenText,
} from "./script-text.ts";

/** What stands behind the entries: the built-in mechanisms and their sources. */
export interface ScriptCatalogue extends ScriptTexts {
  builtInOf(name: string): { readonly script: BuiltInScript; readonly rules: PropertyRules } | undefined;
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
    const { type, path } = locationOf(entry.moduleProperties);
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
      // A built-in whose text is no longer the one it came with.
      modified: entry.source !== undefined && catalogue.builtInOf(entry.name) !== undefined,
      internal: false,
      locationType: type,
      ...(path === "" ? {} : { locationPath: path }),
      baseDn: dn,
    };
  }

  /** By inum, also by another one that a built-in is known under. */
  function find(scripts: readonly ScriptEntry[], inum: string | null | undefined): ScriptEntry | undefined {
    const acr = catalogue.builtInOf(inum ?? "")?.script.acr;
    return scripts.find((entry) => entry.inum === inum || (acr !== undefined && entry.name === acr));
  }

  /** The view with what went wrong last, which is no part of what an ETag stands for. */
  async function withError(entry: ScriptEntry): Promise<CustomScript> {
    const error = entry.source === undefined ? undefined : await catalogue.errorOf(entry);
    if (error === undefined) return viewOf(entry);
    const { raisedAt, stackTrace } = error;
    return { ...viewOf(entry), scriptError: { raisedAt: new Date(raisedAt).toISOString(), stackTrace } };
  }

  const shown = async (entry: ScriptEntry | undefined) =>
    entry === undefined
      ? notFound("custom script")
      : { body: await withError(entry), etag: etagOfView(viewOf(entry)) };

  /** The entry with what was sent laid over it; what was not sent stays. */
  function merged(
    entry: ScriptEntry,
    sent: CustomScript,
    written: Written | undefined,
  ): ScriptEntry | readonly Fault[] {
    const rules = catalogue.builtInOf(entry.name)?.rules ?? NO_RULES;
    const properties = changedProperties(entry.configurationProperties, sent.configurationProperties, rules);
    const faults: Fault[] = [];
    if (sent.name != null && sent.name !== entry.name)
      faults.push({ path: "name", message: `the acr of ${entry.name} cannot be changed; give it an alias` });
    if (isFaults(properties)) return [...faults, ...properties];
    if (faults.length > 0) return faults;
    const next: ScriptEntry = {
      ...(written === undefined ? entry : withText(entry, written)),
      aliases: sent.aliases ?? entry.aliases,
      description: sent.description ?? entry.description,
      level: sent.level ?? entry.level,
      enabled: sent.enabled ?? entry.enabled,
      moduleProperties: laidModuleProperties(entry.moduleProperties, sent),
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
    make: (entry: ScriptEntry, written?: Written) => ScriptEntry | readonly Fault[] | undefined,
    sentFor: (entry: ScriptEntry) => CustomScript | readonly Fault[] = () => ({}),
  ) {
    const before = find(settings.document().scripts, inum);
    if (before === undefined) return notFound("custom script");
    const sent = sentFor(before);
    // Loading a text takes a while: it is done before the settings are touched.
    const written = isFaults(sent) ? sent : await writtenText(catalogue, before.name, before, sent);
    if (isFaults(written)) return refuseFaults(written);
    const planned = make(before, written);
    const names =
      planned === undefined ? ["deleted"] : isFaults(planned) ? [] : changedNames(before, planned);
    let gone = false;
    const result = await settings.change({
      change: (document): SettingsDocument | readonly Fault[] | "lost" => {
        const entry = find(document.scripts, inum);
        gone = entry === undefined;
        if (entry === undefined) return document;
        if (ifMatch !== undefined && ifMatch !== etagOfView(viewOf(entry))) return "lost";
        if (written !== undefined && entry.source !== before.source) return "lost";
        const made = make(entry, written);
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

  const answerWith = async (result: ScriptEntry | Refusal | undefined) =>
    result !== undefined && "refused" in result ? result : shown(result);

  async function list(query: Parameters<typeof pageOf>[2]) {
    const result = pageOf(listing, settings.document().scripts, query, cursors);
    return isRefusal(result)
      ? result
      : { body: { ...result.facts, entries: await Promise.all(result.page.map(withError)) } };
  }

  return [
    handle(contract.getScripts, ({ query }) => list(query)),
    handle(contract.getScriptsByType, async ({ params, query }) =>
      params.type.toLowerCase() === TYPE
        ? list(query)
        : refuse(404, "type", `type: only ${TYPE} is known here, not ${JSON.stringify(params.type)}`),
    ),
    handle(contract.getScriptTypes, async () => ({ body: [TYPE] })),
    handle(contract.getScript, ({ params }) => shown(find(settings.document().scripts, params.inum))),
    handle(contract.getScriptByName, ({ params }) =>
      shown(settings.document().scripts.find(({ name }) => name === params.name)),
    ),
    handle(contract.putScript, async (call) =>
      call.body.inum == null
        ? refuse(400, "inum", "inum: is missing; it says which script is meant")
        : answerWith(
            await change(
              call.body.inum,
              { ...call, ...call.query },
              (entry, written) => merged(entry, call.body, written),
              () => call.body,
            ),
          ),
    ),
    handle(contract.patchScript, async (call) =>
      answerWith(
        await change(
          call.params.inum,
          { ...call, ...call.query },
          (entry, written) => {
            const sent = patched(viewOf(entry), call.body, customScript);
            return isFaults(sent) ? sent : merged(entry, sent, written);
          },
          (entry) => patched(viewOf(entry), call.body, customScript),
        ),
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
      const inum = body.inum ?? crypto.randomUUID();
      const properties = changedProperties([], body.configurationProperties, NO_RULES);
      if (isFaults(properties)) return refuseFaults(properties);
      if (settings.document().scripts.some((one) => one.inum === inum || one.name === name))
        return refuse(409, "name", `there is a script ${name} already, or one with this inum`);
      const written = await writtenText(catalogue, name, undefined, body);
      if (isFaults(written)) return refuseFaults(written);
      const entry: ScriptEntry = {
        inum,
        name,
        aliases: body.aliases ?? [],
        description: body.description ?? "",
        level: body.level ?? 0,
        revision: 1,
        enabled: body.enabled ?? false,
        modified: now(),
        configurationProperties: [...properties],
        moduleProperties: laidModuleProperties([], body),
        source: "",
        ...written,
      };
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

/** `scripts[1].configurationProperties.from_number` as whoever sent one script knows it. */
const ownPath = (path: string): string => path.replace(/^scripts\[\d+\]\./, "");
