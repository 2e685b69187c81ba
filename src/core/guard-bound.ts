/**
 * Texts to phones that are bound, and the codes that came back: whoever has bound a hundred numbers of a premium block once
 * can have texts sent to them that nobody answers. Looked at behind the sign-ins, by country, block of numbers and address,
 * with the guard's own rules; what is found is an alarm and a line of the audit, never a refusal, for the same texts may be
 * those of people whose passwords somebody tries. What one phone and account can cost, their budgets bound.
 */
import type { Audit } from "./audit.ts";
import { judge, MEASURED, type Measures, measure, PAST_HOURS } from "./pumping.ts";
import type { PumpingSettings } from "./pumping-settings.ts";
import type { Storage } from "./records.ts";
import type { Tallies } from "./tallies.ts";
import type { Clock } from "./words.ts";

/** Kinds of the counts, in the order of `MEASURED`. */
export const BOUND = ["bound country", "bound block", "bound address"] as const;

export interface BoundDeps {
  readonly tallies: Pick<Tallies, "list" | "read">;
  readonly storage: Storage;
  readonly settings: () => PumpingSettings;
  readonly audit: Audit;
  readonly now: Clock;
  readonly onAlarm: (text: string) => void;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Names of a kind that are looked at: those with the most unanswered texts of the last two hours. */
const MOST = 20;
const NONE: Measures = { dayOpen: 0, dayVerified: 0, hourOpen: 0, hourVerified: 0, best: 0 };

/** Looks once; answers how many alarms it has raised. Each is raised once a day, by one node. */
export async function lookAtBound(deps: BoundDeps): Promise<number> {
  const { tallies, settings, now } = deps;
  if (settings().mode === "off") return 0;
  const told = deps.storage.records<boolean>("guard-told");
  const hour = Math.floor(now() / HOUR);
  let alarms = 0;
  for (const [index, scope] of MEASURED.entries()) {
    const kind = BOUND[index] ?? "";
    const open = new Map<string, number>();
    for (const { name, a, b } of await tallies.list(kind, "", hour - 1))
      open.set(name, (open.get(name) ?? 0) + a - b);
    const worst = [...open].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
    for (const [name] of worst.slice(0, MOST)) {
      const own = measure(await tallies.read(kind, name, hour - PAST_HOURS + 1), hour);
      const all = { country: NONE, block: NONE, address: NONE, countries: 0, [scope]: own };
      const verdict = judge(all, settings());
      if (verdict === undefined) continue;
      const first = await told.update(`${kind} ${name}`, (before) =>
        before === undefined ? { result: true, write: true, expiresAt: now() + DAY } : { result: false },
      );
      if (!first) continue;
      alarms += 1;
      const { span, threshold } = verdict;
      await deps.audit.append({
        kind: "guard-alarm",
        at: now(),
        facts: { scope, name, span, open: verdict.open, threshold },
      });
      deps.onAlarm(
        `Texts to bound phones go unanswered: ${verdict.open} in one ${span} of ${scope} ${name}, and ${Math.round(threshold)} is where you want to know.`,
      );
    }
  }
  return alarms;
}
