/** The settings as one document: read, laid anew as a whole, and their history. */
import type { Fault, Settings, SettingsDocument } from "../../../core/settings.ts";
import { differences, treeOf, withoutSecrets } from "../../../core/settings-tree.ts";
import type { Clock } from "../../../core/words.ts";
import {
  getSettings,
  getSettingsHistory,
  getSettingsRevision,
  putSettings,
  type SettingsShape,
} from "../contract/settings.ts";
import { type Handler, handle, lost, notFound, refuse, refuseFaults } from "./call.ts";
import type { Cursors } from "./lists.ts";
import { isFaults } from "./patch.ts";
import { type Rights, strongerClient } from "./rights.ts";
import type { ScriptCatalogue } from "./scripts.ts";
import { applied, pathIn } from "./settings-apply.ts";

export interface SettingsDeps {
  readonly settings: Settings;
  readonly catalogue: ScriptCatalogue;
  readonly cursors: Cursors;
  readonly now: Clock;
  readonly rights: Rights;
}

/** The ETag of a revision of the settings. */
export const settingsEtag = (revision: number): string => `r${revision}`;
/** -1, which no revision has, for an ETag that none has had. */
export const revisionOf = (etag: string): number => Number(/^r([1-9]\d{0,8})$/.exec(etag)?.[1] ?? -1);
/** Letters of the names in one line of the history. */
const LONGEST_WHAT = 300;

export function settingsHandlers({
  settings,
  catalogue,
  cursors,
  now,
  rights,
}: SettingsDeps): readonly Handler[] {
  const viewOf = (document: SettingsDocument, revision: number) =>
    ({ revision, ...withoutSecrets(treeOf(document)) }) as SettingsShape;

  return [
    handle(getSettings, async () => ({
      body: viewOf(settings.document(), settings.revision),
      etag: settingsEtag(settings.revision),
    })),

    handle(putSettings, async ({ body, query: { dryRun }, actor, ifMatch }) => {
      for (const [name, { source }] of Object.entries(body.scripts ?? {}))
        if (source !== undefined && source.trim() !== "" && source !== catalogue.shippedOf(name))
          await catalogue.examine(name, source);
      const inums = new Map<string, string>();
      const inumFor = (name: string) => {
        const inum = inums.get(name) ?? crypto.randomUUID();
        inums.set(name, inum);
        return inum;
      };
      let before = settings.document();
      let stronger: string | undefined;
      let made: SettingsDocument | readonly Fault[] = before;
      const lay = (document: SettingsDocument) => {
        before = structuredClone(document) as SettingsDocument;
        made = applied(document, body, { catalogue, at: now(), inumFor });
        stronger = isFaults(made) ? undefined : strongerClient(actor, before, made as SettingsDocument);
        return stronger === undefined ? made : document;
      };
      const planned = lay(settings.document());
      const names = isFaults(planned)
        ? []
        : differences(treeOf(before), treeOf(planned as SettingsDocument)).map(({ path }) => path);
      const result = await settings.change({
        change: lay,
        by: actor.label,
        address: actor.address,
        what: `settings: ${names.join(", ").slice(0, LONGEST_WHAT) || "no change"}`,
        ifRevision: ifMatch === undefined ? undefined : revisionOf(ifMatch),
        dryRun,
      });
      if (stronger !== undefined) return rights.overClient(actor, stronger);
      if (result.kind === "lost") return lost();
      if (result.kind === "faulty") {
        const document = isFaults(made) ? undefined : (made as SettingsDocument);
        const faults = result.faults.map((fault) => ({ ...fault, path: pathIn(fault.path, document) }));
        if (!dryRun) return refuseFaults(faults);
        const { revision } = settings;
        return {
          body: { revision, changed: false, dryRun, differences: [], faults },
          etag: settingsEtag(revision),
        };
      }
      const { kind, revision, document } = result;
      return {
        body: {
          revision,
          changed: kind === "changed",
          dryRun,
          differences: [...differences(treeOf(before), treeOf(document))],
        },
        etag: settingsEtag(revision),
      };
    }),

    handle(getSettingsHistory, async ({ query: { limit, startIndex, cursor } }) => {
      const newest = settings.revision;
      const place = cursor === undefined ? String(newest + 1 - startIndex) : cursors.open("history", cursor);
      if (place === undefined)
        return refuse(400, "cursor", "cursor: is not one that this list has given out");
      // Revisions are counted without gaps, so a place in the list is a number.
      const end = Number(place);
      const rows = limit === 0 ? [] : await settings.history(limit, end);
      const last = rows.at(-1)?.revision ?? 1;
      return {
        body: {
          start: newest + 1 - end,
          totalEntriesCount: newest,
          entriesCount: rows.length,
          entries: rows.map(({ revision, at, by, what }) => ({
            revision,
            at: new Date(at).toISOString(),
            by,
            what,
          })),
          ...(last > 1 ? { next: cursors.seal("history", String(last)) } : {}),
        },
      };
    }),

    handle(getSettingsRevision, async ({ params }) => {
      const revision = Number(params.revision);
      const document = await settings.at(revision);
      return document === undefined ? notFound("revision") : { body: viewOf(document, revision) };
    }),
  ];
}
