/** What would be asked and why, and a change tried on what has happened. Reads only. */
import type { Audit, AuditEntry } from "../../../core/audit.ts";
import type { Settings, SettingsDocument } from "../../../core/settings.ts";
import type { Clock } from "../../../core/words.ts";
import { type ExplainQuestion, type Explanation, getExplanation, postDryRun } from "../contract/explain.ts";
import { type Handler, handle, notFound, refuse } from "./call.ts";
import type { Cursors } from "./lists.ts";
import type { ScriptCatalogue } from "./scripts.ts";
import { applied, pathIn } from "./settings-apply.ts";

/** What another document would have made of one event; undefined: the same. */
export type Verdict =
  | {
      readonly kind: "more" | "less" | "other" | "refused";
      readonly was: string;
      readonly now?: string | undefined;
      readonly why: string;
    }
  | undefined;

/** Made by compose, for one document. `assumed`: what was asked for is not known. */
export interface Trial {
  judge(event: AuditEntry): Promise<{ readonly verdict: Verdict; readonly assumed: boolean }>;
}

export interface ExplainDeps {
  readonly settings: Settings;
  readonly audit: Audit;
  readonly catalogue: ScriptCatalogue;
  readonly cursors: Cursors;
  readonly now: Clock;
  readonly explain: (question: ExplainQuestion) => Promise<Explanation | "no-client" | "no-user">;
  readonly trial: (document: SettingsDocument) => Trial;
}

/** Sign-ins of one call. */
const PAGE = 200;
const HOUR = 3_600_000;

export function explainHandlers(deps: ExplainDeps): readonly Handler[] {
  const { settings, audit, catalogue, cursors, now } = deps;
  return [
    handle(getExplanation, async ({ query }) => {
      const explained = await deps.explain(query);
      if (explained === "no-client") return notFound("client");
      return explained === "no-user" ? notFound("user") : { body: explained };
    }),

    handle(postDryRun, async ({ body, query: { hours, cursor }, actor }) => {
      // The beginning stays where the first page has put it.
      const place = cursor === undefined ? `${now() - hours * HOUR} ` : cursors.open("dry-run", cursor);
      const [, from, after] = /^(\d{1,15}) (\d*)$/.exec(place ?? "") ?? [];
      if (from === undefined) return refuse(400, "cursor", "cursor: is not one that this list has given out");
      let laid: SettingsDocument | undefined;
      const result = await settings.change({
        change(document) {
          const next = applied(document, body, { catalogue, at: now(), inumFor: () => "dry-run" });
          if (!("length" in next)) laid = next;
          return next;
        },
        by: actor.label,
        what: "a dry run",
        dryRun: true,
      });
      const head = { from: new Date(Number(from)).toISOString(), looked: 0, same: 0, assumed: 0, groups: [] };
      if (result.kind === "faulty")
        return {
          body: { ...head, faults: result.faults.map((one) => ({ ...one, path: pathIn(one.path, laid) })) },
        };
      const document = result.kind === "lost" ? settings.document() : result.document;
      const { entries, next } = await audit.page({
        kinds: ["signed-in", "authenticator-bound"],
        from: Number(from),
        limit: PAGE,
        after: after === "" || after === undefined ? undefined : Number(after),
      });
      const trial = deps.trial(document);
      const groups = new Map<string, Group>();
      let [same, assumed] = [0, 0];
      for (const event of entries) {
        const { verdict, assumed: guessed } = await trial.judge(event);
        if (guessed) assumed += 1;
        if (verdict === undefined) same += 1;
        else count(groups, { client: event.client ?? "", ...verdict, count: 1 });
      }
      return {
        body: {
          ...head,
          looked: entries.length,
          same,
          assumed,
          groups: [...groups.values()],
          ...(next === undefined ? {} : { next: cursors.seal("dry-run", `${from} ${next}`) }),
        },
      };
    }),
  ];
}

type Group = NonNullable<Verdict> & { readonly client: string; count: number };

function count(groups: Map<string, Group>, group: Group): void {
  const key = [group.client, group.was, group.now, group.kind, group.why].join("\0");
  const known = groups.get(key);
  if (known === undefined) groups.set(key, group);
  else known.count += 1;
}
