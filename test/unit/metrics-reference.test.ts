/** What is said about metrics, in the reference and in the examples, against what is really exported. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { SERIES } from "../../src/surfaces/metrics/names.ts";
import { createMetrics } from "../../src/surfaces/metrics/series.ts";

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const page = pathOf("docs/reference/metrics.md");
const MARK = /<!-- what follows .*-->\n/;

const exported = await createMetrics().text();
const types = new Map(
  [...exported.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]),
);

function reference(): string {
  const rows = Object.entries(SERIES).map(([name, { type, help, labels }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
  ]);
  const all = [["series", "type", "labels", "what it says"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return `\n${[line(all[0] ?? []), rule, ...rows.map(line)].join("\n")}\n`;
}

test("docs/reference/metrics.md has every series of ours, with its type, and no other", () => {
  const text = readFileSync(page, "utf8");
  const [mark] = MARK.exec(text) ?? [""];
  assert.notEqual(mark, "");
  const whole = text.slice(0, text.indexOf(mark) + mark.length) + reference();
  if (process.env.SALLYPORT_WRITE_REFERENCE === "1") writeFileSync(page, whole);
  assert.equal(readFileSync(page, "utf8"), whole);
  const ours = [...types].filter(([name]) => name.startsWith("sallyport_"));
  assert.deepEqual(
    ours.sort(),
    Object.entries(SERIES)
      .map(([name, { type }]) => [name, type])
      .sort(),
  );
});

/** Names that may stand in a query: a histogram's parts instead of its own. */
const names = new Set(
  [...types].flatMap(([name, type]) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name],
  ),
);
/** Labels that Prometheus itself adds. */
const ADDED = ["le", "job", "instance"];

/** What is wrong with a query: a series that nobody exports, a label that it has not. */
function faultsOf(expr: string): string[] {
  const used = [...expr.matchAll(/\b((?:sallyport|process|nodejs)_\w+)/g)].map(([name]) => name);
  const series = used.map((name) => name.replace(/_(bucket|sum|count)$/, ""));
  const known = new Set([
    ...ADDED,
    ...series.flatMap(
      (name) => (SERIES as Record<string, { labels: readonly string[] }>)[name]?.labels ?? [],
    ),
  ]);
  const labels = [
    ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = ""]) =>
      [...inside.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label = ""]) => label),
    ),
    ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = ""]) =>
      inside.split(",").map((one) => one.trim()),
    ),
  ];
  return [
    ...used.filter((name) => !names.has(name)).map((name) => `no series ${name}`),
    ...labels.filter((label) => !known.has(label)).map((label) => `no label ${label}`),
  ];
}

test("the check sees a series that is not there, a label it has not, and a histogram without its part", () => {
  assert.deepEqual(faultsOf('sum by (colour) (sallyport_nothing_total{result="x"})'), [
    "no series sallyport_nothing_total",
    "no label result",
    "no label colour",
  ]);
  assert.deepEqual(faultsOf("rate(sallyport_entry_seconds[5m])"), ["no series sallyport_entry_seconds"]);
});

test("every alert rule of the example asks for what is exported, and says what it means", () => {
  const file = parse(readFileSync(pathOf("examples/prometheus/sallyport-alerts.yaml"), "utf8")) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 10);
  for (const { alert, expr, annotations } of rules) {
    assert.deepEqual(faultsOf(expr), [], alert);
    assert.match(annotations.summary, /\.$/, alert);
    assert.match(expr, /(sallyport|nodejs)_\w|^up\{/, alert);
  }
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
});

test("every panel of the example's dashboard asks for what is exported, and all of ours are on it", () => {
  const board = JSON.parse(readFileSync(pathOf("examples/grafana/sallyport.json"), "utf8")) as {
    panels: { id: number; title: string; targets: { expr: string; legendFormat: string }[] }[];
  };
  const all = board.panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
  for (const { title, expr } of all) assert.deepEqual(faultsOf(expr), [], title);
  assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
  const shown = all.map(({ expr }) => expr).join("\n");
  const rules = readFileSync(pathOf("examples/prometheus/sallyport-alerts.yaml"), "utf8");
  // Counted for whoever looks for them; no picture of their own.
  const elsewhere = ["sallyport_tokens_issued_total"];
  for (const name of Object.keys(SERIES))
    assert.ok(shown.includes(name) || rules.includes(name) || elsewhere.includes(name), `${name} is nowhere`);
});
