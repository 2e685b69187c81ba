/** The audit to be read, and the keys to be seen and rotated. */
import { closest } from "fastest-levenshtein";
import type { Audit, AuditKind } from "../../../core/audit.ts";
import { AUDIT_WORDS } from "../../../core/audit-words.ts";
import type { KeyRow } from "../../../core/keys.ts";
import type { Clock, EpochMs } from "../../../core/words.ts";
import * as contract from "../contract/audit.ts";
import { type Handler, handle, refuse } from "./call.ts";
import type { Cursors } from "./lists.ts";

export interface AuditDeps {
  readonly audit: Audit;
  readonly cursors: Cursors;
  readonly now: Clock;
  readonly keys: {
    /** Every key that is kept; what it is made of stays behind. */
    list(): Promise<readonly Omit<KeyRow, "material">[]>;
    rotate(purpose: string, by: string): Promise<{ readonly ok: boolean; readonly text: string }>;
  };
}

const LIST = "audit";
const iso = (at: EpochMs): string => new Date(at).toISOString();

export function auditHandlers({ audit, cursors, now, keys }: AuditDeps): readonly Handler[] {
  const keysShown = async () => {
    const rows = await keys.list();
    const newest = (purpose: string) =>
      Math.max(
        ...rows
          .filter((row) => row.purpose === purpose && row.activeFrom <= now())
          .map((row) => row.activeFrom),
      );
    return rows.map(({ id, purpose, createdAt, activeFrom, expiresAt }) => ({
      id,
      purpose,
      state:
        activeFrom > now()
          ? ("next" as const)
          : activeFrom === newest(purpose)
            ? ("current" as const)
            : ("old" as const),
      createdAt: iso(createdAt),
      activeFrom: iso(activeFrom),
      ...(expiresAt === null ? {} : { expiresAt: iso(expiresAt) }),
    }));
  };

  return [
    handle(contract.getAudit, async ({ query }) => {
      const { cursor, kind, from, to, ...rest } = query;
      const kinds = kind?.split(",");
      const unknown = kinds?.find((one) => !Object.hasOwn(AUDIT_WORDS, one));
      if (unknown !== undefined)
        return refuse(
          400,
          "kind",
          `kind: there is no kind ${unknown}; did you mean ${closest(unknown, Object.keys(AUDIT_WORDS))}?`,
        );
      const place = cursor === undefined ? undefined : cursors.open(LIST, cursor);
      if (cursor !== undefined && place === undefined)
        return refuse(400, "cursor", "cursor: is not one that this list has given out");
      const { entries, next } = await audit.page({
        ...rest,
        kinds: kinds as AuditKind[] | undefined,
        from: from === undefined ? undefined : Date.parse(from),
        to: to === undefined ? undefined : Date.parse(to),
        after: place === undefined ? undefined : Number(place),
      });
      const shown = entries.map((entry) => ({ ...entry, at: iso(entry.at) }));
      return {
        body: { entries: shown, ...(next === undefined ? {} : { next: cursors.seal(LIST, String(next)) }) },
      };
    }),
    handle(contract.getKeys, async () => ({ body: await keysShown() })),
    handle(contract.rotateKey, async ({ params, actor }) => {
      const said = await keys.rotate(params.purpose, actor.label);
      if (!said.ok) return refuse(400, "purpose", `purpose: ${said.text}`);
      return { body: (await keysShown()).filter(({ purpose }) => purpose === params.purpose) };
    }),
  ];
}
