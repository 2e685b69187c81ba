/** Differences between revisions, and the way back: an earlier revision as a new one, judged like any other change. */
import type { Fault, SettingsDocument } from "../../../core/settings.ts";
import { differences, treeOf } from "../../../core/settings-tree.ts";
import type { EpochMs } from "../../../core/words.ts";
import { getSettingsDifferences, postSettingsRollback } from "../contract/settings-history.ts";
import { type Handler, handle, lost, notFound, refuseFaults } from "./call.ts";
import { strongerClient } from "./rights.ts";
import { revisionOf, type SettingsDeps, settingsEtag } from "./settings.ts";
import { pathIn } from "./settings-apply.ts";

export function settingsHistoryHandlers({ settings, now, rights }: SettingsDeps): readonly Handler[] {
  return [
    handle(getSettingsDifferences, async ({ params, query }) => {
      const to = Number(params.revision);
      const from = query.from ?? to - 1;
      const [before, after] = await Promise.all([from < 1 ? undefined : settings.at(from), settings.at(to)]);
      if (after === undefined || (before === undefined && from >= 1)) return notFound("revision");
      const lines = differences(before === undefined ? {} : treeOf(before), treeOf(after));
      return { body: { ...(before === undefined ? {} : { from }), to, differences: [...lines] } };
    }),

    handle(postSettingsRollback, async ({ params, query: { dryRun }, actor, ifMatch }) => {
      const revision = Number(params.revision);
      const wanted = await settings.at(revision);
      if (wanted === undefined) return notFound("revision");
      let before = settings.document();
      let stronger: string | undefined;
      const result = await settings.change({
        change(document) {
          before = structuredClone(document) as SettingsDocument;
          const made = backTo(wanted, document, now());
          stronger = strongerClient(actor, before, made);
          return stronger === undefined ? made : document;
        },
        by: actor.label,
        address: actor.address,
        what: `settings: back to revision ${revision}`,
        ifRevision: ifMatch === undefined ? undefined : revisionOf(ifMatch),
        dryRun,
      });
      if (stronger !== undefined) return rights.overClient(actor, stronger);
      if (result.kind === "lost") return lost();
      const etag = settingsEtag(settings.revision);
      if (result.kind === "faulty") {
        const faults: Fault[] = result.faults.map((fault) => ({
          ...fault,
          path: pathIn(fault.path, wanted),
        }));
        if (!dryRun) return refuseFaults(faults, `Revision ${revision} cannot be served any more`);
        return {
          body: { revision: settings.revision, changed: false, dryRun, differences: [], faults },
          etag,
        };
      }
      return {
        body: {
          revision: result.revision,
          changed: result.kind === "changed",
          dryRun,
          differences: [...differences(treeOf(before), treeOf(result.document))],
        },
        etag,
      };
    }),
  ];
}

/** What goes back is what an administrator may change. Tokens that have ended stay ended, and what the boot file said last is no past. */
function backTo(wanted: SettingsDocument, now: SettingsDocument, at: EpochMs): SettingsDocument {
  const scripts = wanted.scripts.map((entry) => {
    const current = now.scripts.find(({ inum }) => inum === entry.inum);
    if (current === undefined) return entry;
    const as = { ...entry, revision: current.revision, modified: current.modified };
    // Revisions of a script are counted upwards: who holds an older one must not take it for this one.
    return JSON.stringify(as) === JSON.stringify(current)
      ? current
      : { ...as, revision: current.revision + 1, modified: at };
  });
  return { ...wanted, scripts, ended: now.ended, fromFile: now.fromFile };
}
