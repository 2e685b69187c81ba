/** What an administrator sees first: what is wrong with a part, and how often what happened. Counted, never searched for. */
import type { SignedEvent } from "../core/audit.ts";
import { Breakage } from "../core/errors.ts";
import type { GatewayLine } from "../core/gateway-line.ts";
import type { Tallies } from "../core/tallies.ts";
import type { EpochMs } from "../core/words.ts";
import type { HealthFinding, OverviewDeps } from "../surfaces/admin/api/overview.ts";
import type { Parts } from "./parts.ts";

/** The kind under which the counts stand; compose/limits.ts forgets them with its own. */
export const HAPPENED = "happened";

/** What is counted: enough to see a sign-in path that fails, no more rows than these an hour. */
const COUNTED: ReadonlySet<string> = new Set([
  "signed-in",
  "password-wrong",
  "code-right",
  "code-wrong",
  "login-stopped",
  "code-sent",
  "code-send-failed",
  "code-delivered",
  "code-undelivered",
  "send-refused",
  "factor-disabled",
  "admin-refused",
]);
const HOUR = 3_600_000;

export type Overview = Pick<OverviewDeps, "startedAt" | "health" | "counts"> & {
  /** Counts an event of the audit; in memory, until the counts are flushed. */
  readonly heard: (event: SignedEvent) => void;
};

export interface OverviewParts {
  readonly parts: Pick<Parts, "store" | "settings" | "now">;
  readonly tallies: Pick<Tallies, "add" | "list">;
  readonly line: Pick<GatewayLine, "check">;
  readonly isBraked: () => boolean;
}

export function composeOverview({ parts, tallies, line, isBraked }: OverviewParts): Overview {
  const { store, settings, now } = parts;
  const startedAt: EpochMs = now();
  let checked: { readonly at: EpochMs; readonly findings: Promise<readonly HealthFinding[]> } | undefined;

  async function gateways(): Promise<readonly HealthFinding[]> {
    const findings = await line.check();
    return findings.length === 0
      ? [{ level: "ok", what: "texts", message: "The gateways answer and take the credentials" }]
      : findings.map(({ level, message }) => ({
          level,
          what: "texts",
          message,
        }));
  }

  async function stored(): Promise<HealthFinding> {
    try {
      await store.settings.newest();
      return { level: "ok", what: "store", message: "It answers" };
    } catch (problem) {
      const message = problem instanceof Breakage ? problem.message : "It does not answer";
      return { level: "error", what: "store", message };
    }
  }

  return {
    startedAt,
    heard({ kind, at }) {
      if (COUNTED.has(kind)) tallies.add(HAPPENED, kind, Math.floor(at / HOUR), 1, 0);
    },
    counts: async (from) =>
      (await tallies.list(HAPPENED, "", from)).map(({ slot, name, a }) => ({ slot, kind: name, count: a })),
    async health() {
      // A provider is asked once a minute, however many look.
      if (checked === undefined || now() - checked.at > 60_000) {
        const findings = gateways().catch((): readonly HealthFinding[] => [
          { level: "error", what: "texts", message: "The gateways cannot be asked" },
        ]);
        checked = { at: now(), findings };
      }
      const armed = settings.document().testNumbers.length;
      return [
        await stored(),
        isBraked()
          ? {
              level: "error",
              what: "brake",
              message: "It is on: somebody may be guessing at many accounts",
            }
          : { level: "ok", what: "brake", message: "It is off" },
        ...(await checked.findings),
        ...(armed === 0
          ? []
          : [
              {
                level: "warning",
                what: "test numbers",
                message: `${armed} set; whoever knows one knows its code`,
              } as const,
            ]),
      ];
    },
  };
}
