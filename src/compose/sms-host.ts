/** What `sallyport sms …` does on this host; no server is needed. */
import { sentences } from "../config.ts";
import { type Decision, replay } from "../core/guard.ts";
import { pumpingSchema } from "../core/pumping-settings.ts";
import { dayOf } from "../core/spend.ts";
import { readYaml } from "../kits/yaml/read.ts";
import { readText } from "../surfaces/admin/client/input.ts";
import type { SmsActs } from "../surfaces/admin/host/sms.ts";
import { replayText, spendText, testNumberLines } from "../surfaces/admin/host/sms-lines.ts";
import type { Parts } from "./parts.ts";
import { withParts } from "./with-parts.ts";

const PAGE = 1_000;
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

async function decisionsSince({ store }: Parts, since: number): Promise<readonly Decision[]> {
  const all: Decision[] = [];
  let before: number | undefined;
  for (;;) {
    const page = await store.decisions.list({ since, before, limit: PAGE });
    all.push(...page);
    before = page.at(-1)?.seq;
    if (page.length < PAGE) return all;
  }
}

export const smsActs: SmsActs = {
  spend: (config, from, to) =>
    withParts(
      config,
      async ({ store, now }) => {
        const [first, last] = [from ?? `${dayOf(now()).slice(0, 7)}-01`, to ?? dayOf(now())];
        if (!isDay(first) || !isDay(last)) return { ok: false, text: "Write a day as 2027-01-31." };
        return { ok: true, text: spendText(await store.spend.read(first, last)) };
      },
      "store",
    ),
  replay: (config, since, file) =>
    withParts(
      config,
      async (parts) => {
        const [, count = "", unit = ""] = /^(\d{1,4})([hd])$/.exec(since) ?? [];
        const span = Number(count) * (UNITS[unit] ?? 0);
        if (span === 0) return { ok: false, text: "--since takes hours or days, such as 12h or 7d." };
        const text = readText(file, "--with");
        if (text.kind !== "done") return { ok: false, text: text.text };
        const read = readYaml(text.value);
        if (read.kind === "faulty") return { ok: false, text: `${file} is not YAML: ${read.fault}` };
        const document = read.value as { pumping?: unknown } | null | undefined;
        const settings = pumpingSchema.safeParse(document?.pumping ?? {});
        if (!settings.success)
          return {
            ok: false,
            text: sentences(settings.error, "pumping")
              .map((one) => `${file}: ${one}`)
              .join("\n"),
          };
        const decisions = await decisionsSince(parts, parts.now() - span);
        return { ok: true, text: replayText(replay(decisions, settings.data)) };
      },
      "store",
    ),
  testNumbers: (config) =>
    withParts(
      config,
      async ({ settings, now }) => {
        const lines = testNumberLines(settings.document().testNumbers, now());
        return { ok: true, text: lines.length === 0 ? "There is no test number." : lines.join("\n") };
      },
      "store",
    ),
};
