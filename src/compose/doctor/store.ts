/** What the store tells: whether it takes and gives back, its clock, its keys, its people, and what has gone wrong lately. */
import { randomUUID } from "node:crypto";
import type { Finding } from "../../core/finding.ts";
import type { SmsRefusal } from "../../core/sms.ts";
import { SMS_REMEDIES } from "../../core/sms-remedies.ts";
import { dayOf, MICRO } from "../../core/spend.ts";
import { statement } from "../../kits/sql/database.ts";
import type { Parts } from "../parts.ts";
import { guarded, type Looked } from "./looked.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const CLOCK = statement<{ ms: string | number }>("select extract(epoch from clock_timestamp()) * 1000 as ms");
/** Milliseconds that the store's clock may differ from ours: times of nodes are compared with each other's. */
const TOLERATED = 5_000;
const TOO_MUCH = 60_000;

export async function storeFindings({ parts, now, document }: Looked): Promise<readonly Finding[]> {
  if (parts === undefined) return [];
  const looks: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ["store", () => takesAndGives(parts)],
    ["store.clock", () => clock(parts)],
    ["keys", () => keys(parts, now)],
    ["directory", () => people(parts)],
    ["lately", () => lately(parts, now)],
    ["spend", () => money(parts, document.spend, now)],
  ];
  return (await Promise.all(looks.map(([check, act]) => guarded(check, act)))).flat();
}

async function takesAndGives({ storage, store, config }: Parts): Promise<readonly Finding[]> {
  const records = storage.records<string>("doctor");
  const key = randomUUID();
  await records.put(key, key, Date.now() + 60_000);
  const same = (await records.take(key)) === key;
  const where = config.store.type === "sqlite" ? config.store.file : "PostgreSQL";
  return same
    ? [{ level: "ok", check: "store", message: `The store (${where}) takes a record and gives it back.` }]
    : [
        {
          level: "error",
          check: "store",
          message: `The store (${store.database.engine}) does not give back what was put into it.`,
          remedy:
            "Two nodes must not use one SQLite file over a network; look at the disk, or put the backup back.",
        },
      ];
}

async function clock({ store }: Parts): Promise<readonly Finding[]> {
  if (store.database.engine !== "postgres") return [];
  const before = Date.now();
  const { rows } = await store.database.run(CLOCK);
  const ahead = Number(rows[0]?.ms) - (before + Date.now()) / 2;
  if (Math.abs(ahead) <= TOLERATED)
    return [{ level: "ok", check: "store.clock", message: "This host's clock agrees with the database's." }];
  return [
    {
      level: Math.abs(ahead) > TOO_MUCH ? "error" : "warning",
      check: "store.clock",
      message: `This host's clock is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? "behind" : "ahead of"} the database's.`,
      remedy: "Let all nodes and the database keep their clocks by NTP: timedatectl set-ntp true.",
    },
  ];
}

async function keys({ keys: ring }: Parts, now: number): Promise<readonly Finding[]> {
  const rows = await ring.list();
  const inUse = rows.filter(({ expiresAt }) => expiresAt === null);
  const old = inUse.filter(({ purpose, createdAt }) => /^signing/.test(purpose) && now - createdAt > YEAR);
  const ahead = inUse.filter(({ createdAt }) => createdAt > now + TOO_MUCH);
  if (ahead.length > 0)
    return [
      {
        level: "error",
        check: "keys",
        message: "Keys were made in the future: this host's clock has been put back.",
        remedy: "Set the clock: timedatectl set-ntp true.",
      },
    ];
  if (old.length > 0)
    return old.map(({ purpose }) => ({
      level: "warning",
      check: "keys",
      message: `The key ${purpose} is more than a year old.`,
      remedy: `sallyport keys rotate ${purpose} --config …`,
    }));
  return [{ level: "ok", check: "keys", message: `The master key opens all ${rows.length} keys.` }];
}

async function people({ directory }: Parts): Promise<readonly Finding[]> {
  const found = (await directory.check?.()) ?? [];
  const { users } = await directory.list({
    sortBy: "username",
    filter: { role: "admin", status: "active" },
    limit: 1,
  });
  const none: Finding = {
    level: "warning",
    check: "directory.administrators",
    message: "There is no active administrator.",
    remedy: "sallyport admin bootstrap makes the first one; admin recover opens a way back for one.",
  };
  return [
    ...found.map((finding) => ({ check: "directory", ...finding })),
    users.length > 0
      ? {
          level: "ok",
          check: "directory",
          message: "The directory answers, and there is an active administrator.",
        }
      : none,
  ];
}

/** What gateways were told in the last hour that somebody has to mend; the audit keeps it, whichever node it was. */
async function lately({ audit }: Parts, now: number): Promise<readonly Finding[]> {
  const { entries } = await audit.page({
    kinds: ["gateway-problem", "brake-on", "spend-limit"],
    from: now - HOUR,
    limit: 50,
  });
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { kind, facts = {} } of entries) {
    const reason = String(facts.reason ?? "");
    const key = [kind, facts.gateway, reason].join(" ");
    if (seen.has(key)) continue;
    seen.add(key);
    if (kind === "brake-on")
      findings.push({
        level: "warning",
        check: "lately",
        message: "Within the last hour codes were guessed at over many accounts: the brake was pulled.",
        remedy: "Nothing has to be done; sallyport audit --kind code-wrong says from where.",
      });
    if (kind !== "gateway-problem") continue;
    const words = Object.hasOwn(SMS_REMEDIES, reason)
      ? SMS_REMEDIES[reason as SmsRefusal]
      : SMS_REMEDIES.other;
    const code = typeof facts.providerCode === "number" ? ` (${facts.providerCode})` : "";
    findings.push({
      level: "warning",
      check: "lately",
      message: `Within the last hour, gateway ${String(facts.gateway)}: ${words.means}${code}.`,
      remedy: words.remedy,
    });
  }
  return findings.length > 0
    ? findings
    : [{ level: "ok", check: "lately", message: "In the last hour no gateway had anything to mend." }];
}

async function money(
  { store }: Parts,
  { dayHard, monthHard }: Looked["document"]["spend"],
  now: number,
): Promise<readonly Finding[]> {
  const today = dayOf(now);
  for (const [span, from, hard] of [
    ["day", today, dayHard],
    ["month", `${today.slice(0, 7)}-01`, monthHard],
  ] as const) {
    if (hard === null) continue;
    const total = await store.spend.total(from, today);
    if (total >= hard * MICRO)
      return [
        {
          level: "error",
          check: "spend",
          message: `Texts have cost ${(total / MICRO).toFixed(2)} this ${span}, and ${hard} is where they stop: none go out.`,
          remedy: `See sallyport sms spend for where it went; when it was right, raise spend.${span}Hard.`,
        },
      ];
  }
  return [];
}
