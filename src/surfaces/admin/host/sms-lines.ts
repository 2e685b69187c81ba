/** What the host says of texts: test numbers, what was spent, what another setting would have blocked. */
import type { Replay } from "../../../core/guard.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import { MICRO, type SpendRow, spent } from "../../../core/spend.ts";
import { isActive, type TestNumber } from "../../../core/test-numbers.ts";
import type { EpochMs } from "../../../core/words.ts";

/** A line for each test number that counts now. */
export const testNumberLines = (all: readonly TestNumber[], now: EpochMs): readonly string[] =>
  all
    .filter((one) => isActive(one, now))
    .map(
      ({ number, owner, reason, until }) =>
        `Test number ${new PhoneNumber(number)}: its code is fixed until ${until} (${owner}: ${reason}).`,
    );

/** The ledger as a table, and its sum. */
export function spendText(rows: readonly SpendRow[]): string {
  if (rows.length === 0) return "Nothing was sent in these days.";
  const lines = rows.map((row) =>
    [
      row.day,
      row.country.padEnd(2),
      row.channel.padEnd(4),
      String(row.count).padStart(6),
      (spent(row) / MICRO).toFixed(4).padStart(12),
      row.client,
    ].join("  "),
  );
  const total = rows.reduce((sum, row) => sum + spent(row), 0) / MICRO;
  const count = rows.reduce((sum, row) => sum + row.count, 0);
  return [
    ...lines,
    `${count} in all, ${total.toFixed(4)}; estimates until the provider names its price.`,
  ].join("\n");
}

/** What a setting would have blocked. */
export function replayText({ decisions, blocked, reasons, countries }: Replay): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`);
  return [
    `Of ${decisions} typed numbers, this setting would have blocked ${blocked}.`,
    ...(blocked === 0 ? [] : ["By reason:", ...list(reasons), "By country:", ...list(countries)]),
  ].join("\n");
}
