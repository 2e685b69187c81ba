/** The overview: is everything well, who signs in, what goes out, what it costs. */
import { done, type Outcome } from "../../client/trouble.ts";
import type { Api, Entry } from "../api.ts";
import type { Desk, View } from "../desk.ts";
import { type Line, line, piece, type Tone } from "../lines.ts";
import { createPanels, type Panel } from "../panels.ts";
import { clean, commandLine, plural, when } from "../words.ts";

interface Overview {
  readonly version: string;
  readonly now: string;
  readonly startedAt: string;
  readonly revision: number;
  readonly health: readonly { readonly level: string; readonly what: string; readonly message: string }[];
  readonly hours: readonly { readonly from: string; readonly counts: Readonly<Record<string, number>> }[];
}

interface Spend {
  readonly from: string;
  readonly total: number;
  readonly rows: readonly {
    readonly day: string;
    readonly country: string;
    readonly channel: string;
    readonly count: number;
    readonly total: number;
  }[];
}

/** Often enough for who watches, and cheap for the server: it asks a provider once a minute at most. */
const EVERY = 5_000;
const COMMAND = commandLine("cli", "--operation-id", "get-overview");

export const overview = (desk: Desk): View =>
  createPanels(
    { title: "Overview", every: EVERY, command: () => COMMAND, load: () => panelsOf(desk.api) },
    desk,
  );

async function panelsOf(api: Api): Promise<Outcome<readonly Panel[]>> {
  const [found, spent, bad, past] = await Promise.all([
    api.call("get-overview"),
    api.call("get-spend"),
    api.call("get-audit", { query: { kind: WRONG, limit: "12" } }),
    api.call("get-config-settings-history", { query: { limit: "5" } }),
  ]);
  if (found.kind !== "done") return found;
  const body = found.value.body as Overview;
  const changes = past.kind === "done" ? (past.value.body as { entries: readonly Change[] }).entries : [];
  return done([
    healthPanel(body),
    signInPanel(body),
    textPanel(body),
    spent.kind === "done"
      ? spendPanel(spent.value.body as Spend, body.now)
      : { title: "Spend", facts: [["", clean(spent.text), "dim"]] },
    latelyPanel(bad.kind === "done" ? (bad.value.body as { entries: readonly Entry[] }).entries : []),
    changesPanel(changes),
  ]);
}

const MARKS: Readonly<Record<string, readonly [string, Tone]>> = {
  ok: ["✓", "ok"],
  warning: ["!", "warn"],
  error: ["✗", "bad"],
};

function healthPanel({ health, version, startedAt, now, revision }: Overview): Panel {
  return {
    title: "Health",
    facts: [
      ...health.map(({ level, what, message }) => {
        const [mark, tone] = MARKS[level] ?? ["?", "warn"];
        return [clean(what), `${mark} ${clean(message)}`, tone] as const;
      }),
      ["settings", `revision ${revision}`],
      ["version", `${clean(version)}, up for ${age(Date.parse(now) - Date.parse(startedAt))}`],
    ],
  };
}

const totalOf = (hours: Overview["hours"], kind: string): number =>
  hours.reduce((sum, { counts }) => sum + (counts[kind] ?? 0), 0);
/** A count of what should not happen. */
const fault = (name: string, count: number): readonly [string, string, Tone?] =>
  count === 0 ? [name, "0"] : [name, String(count), "warn"];
/** The same for what hardly ever happens: not worth a line until it does. */
const rare = (name: string, count: number) => (count === 0 ? [] : [fault(name, count)]);

function signInPanel({ hours }: Overview): Panel {
  return {
    title: "Sign-ins, last 24 hours",
    facts: [
      ["signed in", String(totalOf(hours, "signed-in")), "strong"],
      fault("wrong passwords", totalOf(hours, "password-wrong")),
      fault("wrong codes", totalOf(hours, "code-wrong")),
      ...rare("stopped", totalOf(hours, "login-stopped")),
      ...rare("factors disabled", totalOf(hours, "factor-disabled")),
    ],
    more: (width) => bars(hours, "signed-in", width),
  };
}

function textPanel({ hours }: Overview): Panel {
  const sent = totalOf(hours, "code-sent");
  const right = totalOf(hours, "code-right");
  return {
    title: "Texts, last 24 hours",
    facts: [
      ["sent", String(sent), "strong"],
      ["delivered", String(totalOf(hours, "code-delivered"))],
      ["codes typed right", sent === 0 ? String(right) : `${right} (${Math.round((right * 100) / sent)} %)`],
      fault("not sent", totalOf(hours, "code-send-failed")),
      fault("not delivered", totalOf(hours, "code-undelivered")),
      ...rare("refused to send", totalOf(hours, "send-refused")),
    ],
  };
}

function spendPanel({ rows, total, from }: Spend, now: string): Panel {
  const today = rows.filter(({ day }) => day === now.slice(0, 10));
  const by = new Map<string, number>();
  for (const row of rows) by.set(row.country, (by.get(row.country) ?? 0) + row.total);
  const dearest = [...by].sort((a, b) => b[1] - a[1]).slice(0, 3);
  const money = (amount: number) => amount.toFixed(2);
  return {
    title: `Spend since ${clean(from)}`,
    facts: [
      ["this month", money(total), "strong"],
      [
        "today",
        `${money(today.reduce((sum, row) => sum + row.total, 0))} for ${plural(
          today.reduce((sum, row) => sum + row.count, 0),
          "message",
        )}`,
      ],
      ...dearest.map(([country, amount]) => [`to ${clean(country) || "?"}`, money(amount)] as const),
    ],
  };
}

interface Change {
  readonly revision: number;
  readonly at: string;
  readonly by: string;
  readonly what: string;
}

const changesPanel = (changes: readonly Change[]): Panel => ({
  title: "Changes of the settings",
  facts: changes.map((one) => [when(one.at).slice(5, 16), `${clean(one.by)}: ${clean(one.what)}`]),
});

/** Kinds of the audit that somebody at 3 a.m. looks for first. */
const WRONG =
  "code-send-failed,code-undelivered,gateway-problem,factor-disabled,brake-on,spend-limit,login-stopped,admin-refused,enrolment-refused,send-refused";

const latelyPanel = (entries: readonly Entry[]): Panel => ({
  title: "What went wrong lately",
  facts:
    entries.length === 0
      ? [["", "nothing", "dim"]]
      : entries.map((one) => {
          const { reason, gateway, by } = (one.facts ?? {}) as Readonly<Record<string, unknown>>;
          const why = [gateway, reason, by].map(clean).filter((text) => text !== "");
          return [when(one.at).slice(5, 16), [clean(one.kind), ...why].join(" "), "warn"] as const;
        }),
});

const HEIGHTS = "▁▂▃▄▅▆▇█";

/** A bar an hour, the last one now. */
function bars(hours: Overview["hours"], kind: string, width: number): readonly Line[] {
  const counts = hours.map(({ counts: all }) => all[kind] ?? 0);
  const most = Math.max(...counts);
  if (most === 0) return [];
  const each = width >= counts.length * 2 + 2 ? 2 : 1;
  const drawn = counts
    .map((count) => (count === 0 ? "·" : (HEIGHTS[Math.ceil((count / most) * HEIGHTS.length) - 1] ?? "█")))
    .map((bar) => bar.repeat(each))
    .join("");
  const wide = counts.length * each;
  return [[piece(` ${drawn}`, "accent")], line(` ${"24 h ago".padEnd(wide - 3)}now`, "dim")];
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return plural(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? plural(hours, "hour") : plural(Math.floor(hours / 24), "day");
}
